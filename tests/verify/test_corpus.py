"""Jobs as scientists write them, in many styles and languages, and their wrong siblings: no right one is called unsafe,
and no wrong one restart-safe; some must be told their cause. They are data, in tests/corpus."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from grader.cli.main import main
from grader.execute.executor import Executor
from grader.execute.pythons import users_path
from grader.rules.simulation import outcome, simulate
from grader.submit.reader import read
from grader.tree import File, Tree

CORPUS = Path(__file__).parents[1] / "corpus"
JOBS = {job["name"]: job for job in tomllib.loads((CORPUS / "corpus.toml").read_text())["job"]}
WRONG = [(job["name"], wrong["what"]) for job in JOBS.values() for wrong in job["wrong"]]
COMPILERS = {".c": ("gcc", "-O1"), ".cpp": ("g++", "-O1", "-std=c++17")}
NEEDS = {"R": "Rscript", "C": "gcc", "C++": "g++", "Perl": "perl", "JavaScript": "node", "bash": "bash", "awk": "awk"}
COMMANDS = ("bc", "awk", "node", "Rscript", "sqlite3")


def executable(directory):
    return re.search(r"^executable = (.*)$", (directory / "job.sub").read_text(), re.MULTILINE)[1]


def source(directory):
    """The file that the job's executable is, or is made from."""
    name = executable(directory)
    return next(path for path in [directory / name, *directory.glob(f"{name}.*")] if path.exists())


def laid_out(name, where):
    """A copy of a job's directory, made ready; the test is skipped where this machine lacks what the job needs."""
    directory = Path(shutil.copytree(CORPUS / name, where / name))
    program = source(directory)
    text = program.read_text()
    needed = [NEEDS.get(JOBS[name]["language"])] + [c for c in COMMANDS if re.search(rf"\b{c}\b", text)]
    for command in filter(None, needed):
        if shutil.which(command) is None:
            pytest.skip(f"no {command} on this machine")
    if "import numpy" in text:
        pytest.importorskip("numpy")
    return directory


def compiled(directory):
    program = source(directory)
    if compiler := COMPILERS.get(program.suffix):
        subprocess.run([*compiler, "-o", directory / executable(directory), program], check=True)
        program.unlink()
    return directory / "job.sub"


def verified(submit_file, capsys, *options):
    """What verify says: the JSON of it. A second time, what was executed the first time is not executed again."""
    remember = ["--remember", str(submit_file.parents[1] / "executions")]
    main(["verify", str(submit_file), "--json", "--max-seconds", "600", *remember, *map(str, options)])
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="session")
def right_output(tmp_path_factory):
    """right_output(name) is a directory with what the right program brings home where no fault befalls it."""
    known = {}

    def right_output(name):
        if name not in known:
            job = read(compiled(laid_out(name, tmp_path_factory.mktemp("right")))).jobs[0]
            with Executor(path=users_path()) as executor:
                returned_files = outcome(simulate(job, executor)).returned_files
            logs = {job.error, job.log} | ({job.output} if job.transfer_output_files else set())
            known[name] = tmp_path_factory.mktemp("expected")
            files = {
                path: entry for path, entry in returned_files.items() if path not in logs and isinstance(entry, File)
            }
            Tree(files).write(known[name])
        return known[name]

    return right_output


@pytest.mark.parametrize("name", JOBS)
def test_a_right_job_is_never_unsafe(name, tmp_path, capsys, right_output):
    submit_file = compiled(laid_out(name, tmp_path))
    found = verified(submit_file, capsys)
    assert (found["verdict"], found["failure"]) == (JOBS[name]["verdict"], None)
    assert found["checkpoints"] >= 2
    if found["verdict"] == "consistent":
        assert verified(submit_file, capsys, "--expected", right_output(name))["verdict"] == "restart-safe"


@pytest.mark.parametrize(("name", "what"), WRONG)
def test_a_wrong_job_is_never_restart_safe(name, what, tmp_path, capsys, right_output):
    directory = laid_out(name, tmp_path)
    wrong = next(wrong for wrong in JOBS[name]["wrong"] if wrong["what"] == what)
    path = directory / wrong["file"] if "file" in wrong else source(directory)
    text = path.read_text()
    assert wrong["old"] in text
    path.write_text(text.replace(wrong["old"], wrong["new"]))
    measurable = JOBS[name]["verdict"] == "restart-safe"
    found = verified(compiled(directory), capsys)
    assert found["verdict"] in wrong.get("verdict", ["unsafe"] if measurable else ["consistent", "unsafe"]), found
    if found["verdict"] == "consistent":
        found = verified(directory / "job.sub", capsys, "--expected", right_output(name))
        assert found["verdict"] == "unsafe", found
    assert found["misconception"] == wrong.get("cause", found["misconception"])


def test_the_corpus_has_many_styles_and_languages():
    languages = {language for job in JOBS.values() for language in job["language"].split(" and ")}
    assert len(JOBS) >= 20 and len(languages) >= 4 and len({job["style"] for job in JOBS.values()}) >= 12
    assert sorted(JOBS) == sorted(path.name for path in CORPUS.iterdir() if path.is_dir())
