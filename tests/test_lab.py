"""lab.py from outside: what it says, its exit status, and the decisions it takes. Nothing is installed here; that it
can be is shown by every run of `python3 lab.py test`."""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli.parsing import UNUSABLE

LAB = Path(__file__).resolve().parents[1] / "lab.py"

specification = importlib.util.spec_from_file_location("lab", LAB)
lab = importlib.util.module_from_spec(specification)
specification.loader.exec_module(lab)


def start(*arguments, python=sys.executable, script=LAB, **variables):
    return subprocess.run(
        [python, str(script), *arguments], capture_output=True, text=True, timeout=600, env={**os.environ, **variables}
    )


# The command line


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["setup", "--help"], ["lab", "-h"]])
def test_help_shows_every_command_and_examples(arguments):
    answer = start(*arguments)
    assert answer.returncode == 0
    assert all(f"\n  {name} " in answer.stdout for name in ("lab", "test", "run", "setup", "clean"))
    assert "python3 lab.py --no-browser" in answer.stdout


def test_an_unknown_command_gets_a_suggestion():
    answer = start("tset")
    assert answer.returncode == 2
    assert "Did you mean 'test'?" in answer.stderr and "--help" in answer.stderr


def test_an_unknown_option_is_named():
    answer = start("clean", "--all")
    assert answer.returncode == 2
    assert "clean does not take '--all'" in answer.stderr


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("grade my-class/", "grader grade my-class/"),
        ("grader board x", "grader board x"),
        ("nbgrader autograde a", "nbgrader autograde a"),
    ],
)
def test_a_command_of_the_grader_gets_the_whole_line(line, meant):
    answer = start(*line.split())
    assert answer.returncode == 2 and f"`python3 lab.py run -m {meant}`" in answer.stderr


def test_every_command_of_the_grader_is_known_as_one():
    assert {*lab.GRADER} == {*UNUSABLE} - {*lab.COMMANDS}


@pytest.mark.parametrize("name", ["grader", "grader/"])
def test_who_forgets_the_m_of_a_module_is_told_what_to_type(name):
    answer = start("run", name, "verify", "my sweep.sub")
    assert answer.returncode == 2
    assert "`python3 lab.py run -m grader verify 'my sweep.sub'`" in answer.stderr


@pytest.mark.parametrize(
    "line, means",
    [
        ("", ("lab", [])),
        ("--no-browser --port 9999", ("lab", ["--no-browser", "--port", "9999"])),
        ("lab --port 9999", ("lab", ["--port", "9999"])),
        ("test -k livelock --help", ("test", ["-k", "livelock", "--help"])),
        ("run -m grader verify folder", ("run", ["-m", "grader", "verify", "folder"])),
        ("setup --pip", ("setup", ["--pip"])),
    ],
)
def test_commands_pass_their_arguments_on(line, means):
    assert lab.parse(line.split()) == means


def test_the_address_of_the_lab_that_was_started_is_printed_alone(tmp_path):
    pytest.importorskip("jupyter_server")
    known = {"root_dir": str(tmp_path), "url": "http://localhost:8888/", "token": "secret", "pid": os.getpid()}
    (tmp_path / "jpserver-1.json").write_text(json.dumps({**known, "pid": os.getppid(), "token": "older"}))
    (tmp_path / "jpserver-2.json").write_text(json.dumps(known))
    (tmp_path / "jpserver-3.json").write_text(json.dumps({**known, "root_dir": "/", "token": "other"}))
    answer = subprocess.run(
        [sys.executable, "-c", lab.ANNOUNCE, str(tmp_path), "/lab/tree/a.ipynb", str(os.getppid())],
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    address = answer.stdout.strip().splitlines()[-1].strip()
    assert address == "http://localhost:8888/lab/tree/a.ipynb?token=secret", answer.stderr


# When something is installed

WANTED = lab.make_stamp("cpython-311", "linux", "/course/.lab/env", "[project]", "course")


def test_a_fitting_environment_needs_nothing():
    assert lab.compare(list(WANTED), WANTED) == "nothing"


def test_the_test_extra_includes_the_course_but_not_vice_versa():
    with_tests = WANTED[:-1] + ["test"]
    assert lab.compare(with_tests, WANTED) == "nothing"
    assert lab.compare(WANTED, with_tests) == "update"


def test_a_new_pyproject_is_an_update():
    new = lab.make_stamp("cpython-311", "linux", "/course/.lab/env", "[project] # changed", "course")
    assert lab.compare(WANTED, new) == "update"


@pytest.mark.parametrize(
    "other",
    [
        ("cpython-312", "linux", "/course/.lab/env"),
        ("cpython-311", "darwin", "/course/.lab/env"),
        ("cpython-311", "linux", "/copy/.lab/env"),
    ],
)
def test_another_python_platform_or_folder_is_a_rebuild(other):
    assert lab.compare(WANTED, lab.make_stamp(*other, "[project]", "course")) == "rebuild"


@pytest.mark.parametrize("found", [[], [""], ["cpython-311"]])
def test_without_a_stamp_nothing_is_trusted(found):
    assert lab.compare(found, WANTED) == "rebuild"


# With what it is installed


@pytest.mark.parametrize(
    "uv, ensurepip, pip, plan",
    [
        (True, True, True, "uv"),
        (True, False, False, "uv"),
        (False, True, True, "ensurepip"),
        (False, True, False, "ensurepip"),
        (False, False, True, "pip"),
        (False, False, False, "download"),
    ],
)
def test_the_plan_follows_from_what_is_there(uv, ensurepip, pip, plan):
    assert lab.choose_installer(uv, ensurepip, pip) == plan


def test_the_newest_pip_that_fits_is_taken():
    def file(name, **more):
        return {"filename": name, "requires-python": ">=3.9", "yanked": False, **more}

    files = [
        file("pip-9.0.3-py2.py3-none-any.whl"),
        file("pip-23.10-py3-none-any.whl"),
        file("pip-23.9.1-py3-none-any.whl"),
        file("pip-24.0-py3-none-any.whl", yanked="broken"),
        file("pip-24.1b1-py3-none-any.whl"),
        file("pip-25.0-py3-none-any.whl", **{"requires-python": ">=3.12"}),
        file("pip-26.0.tar.gz"),
    ]
    assert lab.newest_pip(files, (3, 11))["filename"] == "pip-23.10-py3-none-any.whl"
    assert lab.newest_pip(files, (3, 12))["filename"] == "pip-25.0-py3-none-any.whl"


# What it says meanwhile


def test_progress_counts_packages():
    collecting = "Obtaining file:///x\nCollecting nbgrader>=0.9.5 (from x)\n  Using cached n.whl\n"
    assert lab.progress("") == "starting"
    assert lab.progress(collecting) == "1 packages. Using cached n.whl"
    assert lab.progress("Resolved 116 packages in 1.26s\nDownloading pip (1.9MiB)\n") == "Downloading pip (1.9MiB)"


@pytest.mark.parametrize(
    "log, words",
    [
        ("WARNING: Retrying: NewConnectionError('...')\nERROR: No matching distribution", "Check the network"),
        ("error: Failed to fetch: `x`\n  Caused by: dns error", "Check the network"),
        ("ERROR: Could not find a version that satisfies the requirement hatchling (from versions: none)", "network"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "No space left"),
        ("fine\nERROR: ResolutionImpossible\n", "ResolutionImpossible"),
        ("", "without a reason"),
    ],
)
def test_a_failure_is_explained_in_a_sentence(log, words):
    assert words in lab.explain(log)


# On machines that lack something


def test_python_3_6_can_read_it():
    ast.parse(LAB.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told_what_to_run():
    assert "Run:\n    python3.12 lab.py test" in lab.too_old("3.8.1", ["python3.12", "python3.11"], None, ["test"])
    assert "uv run" in lab.too_old("3.8.1", [], "uv", [])
    assert "python.org" in lab.too_old("3.8.1", [], None, [])


def old_pythons():
    """The Pythons on PATH that are too old and that start."""
    for minor in range(6, 11):
        path = shutil.which(f"python3.{minor}")
        if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            yield path


def test_an_old_python_gets_a_sentence():
    python = next(old_pythons(), None)
    if not python:
        pytest.skip("no Python 3.6 to 3.10 on PATH")
    answer = start("--no-browser", python=python)
    assert answer.returncode == 1
    assert answer.stderr.startswith("This course needs Python 3.11 or newer; this is Python 3.")


@pytest.fixture
def clone(tmp_path):
    for name in ("lab.py", "pyproject.toml"):
        shutil.copy(LAB.with_name(name), tmp_path)
    return tmp_path


def test_without_a_network_it_says_so(clone):
    closed = "http://127.0.0.1:9/simple"  # port 9, discard: nothing listens
    answer = start(
        "setup",
        script=clone / "lab.py",
        PIP_INDEX_URL=closed,
        UV_DEFAULT_INDEX=closed,
        PIP_CONFIG_FILE=os.devnull,
        PIP_RETRIES="0",
        UV_HTTP_RETRIES="0",
        UV_NO_CACHE="1",
    )
    assert answer.returncode == 1
    assert "Check the network" in answer.stderr and "Traceback" not in answer.stderr
    assert not (clone / ".lab" / "stamp").exists()


def test_clean_removes_all_that_was_made(clone):
    (clone / ".lab" / "env" / "bin").mkdir(parents=True)
    for _ in range(2):  # the second time there is nothing to remove
        assert start("clean", script=clone / "lab.py").returncode == 0
        assert not (clone / ".lab").exists()
    assert (clone / "pyproject.toml").exists()
