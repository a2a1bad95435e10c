"""The package as others get it: built, installed in an environment that knows nothing of the course's folder, and used
from another directory."""

from __future__ import annotations

import csv
import json
import shutil
import site
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path, PurePath

import pytest
from classroom import EXTRA, MAXIMUM, NOTEBOOKS, solved

from grader.course.catalogue import EXERCISES
from grader.course.folders import is_answer
from grader.grading.judge import rubric

ROOT = Path(__file__).resolve().parents[1]

pytest.importorskip("hatchling", reason="packages are built with hatchling")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """Built of what is in the sdist, as package indexes and distributions do."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    shutil.unpack_archive(sdist, unpacked)
    return build(next(unpacked.iterdir()), "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel):
    """The Python of an environment with this package and what it needs, but not the course's folder. It is where every
    user can go: where root runs the tests, jobs are another's."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        home.chmod(0o755)
        venv.create(home, symlinks=True)
        python = home / "bin" / "python"
        run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel)
        packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        # The folders of other packages, but not what their .pth files name, which is the course's folder as well.
        (packages / "needed.pth").write_text("\n".join(site.getsitepackages()) + "\n")
        yield python


def build(source, target, directory):
    """The sdist or wheel of a folder. Nothing is downloaded."""
    run(sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", directory, where=source)
    return next(directory.iterdir())


def run(*command, where=None):
    done = subprocess.run(list(map(str, command)), cwd=where, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tracked():
    try:
        return set(run("git", "ls-files", where=ROOT).split())
    except (OSError, AssertionError):
        pytest.skip("git does not tell which files are the course's")


def members(sdist):
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_sdist_has_the_whole_course(sdist, tracked):
    assert members(sdist) >= tracked


def test_no_link_in_lab_keeps_a_folder_out_of_the_sdist(tracked, tmp_path):
    for name in tracked:
        copy = tmp_path / "course" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
    link = tmp_path / "course" / ".lab" / "tree" / "link"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../grader/execute/inside")
    names = members(build(tmp_path / "course", "sdist", tmp_path / "sdist"))
    assert names >= tracked and not any(name.startswith(".lab") for name in names)


def test_a_wheel_of_the_folder_is_that_of_the_sdist(wheel, tmp_path):
    def contents(path):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    assert contents(build(ROOT, "wheel", tmp_path)) == contents(wheel)


def test_nothing_but_the_package_is_put_among_other_packages(wheel):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
        beside = [name.partition("/")[2] for name in archive.namelist() if ".data/" in name]
    assert {name for name in tops if not name.endswith((".dist-info", ".data"))} == {"grader"}
    assert beside == ["data/etc/ipython/ipython_kernel_config.py"]


def test_the_wheel_has_the_exercises_and_no_answers(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("grader/course/exercises/")]
        modes = {name: archive.getinfo(name).external_attr >> 16 & 0o777 for name in names}
    assert {f"grader/course/exercises/{name}/exercise.py" for name in EXERCISES} <= set(names)
    assert modes["grader/course/exercises/wrapper/given/my_wrapper"] & 0o100
    assert [name for name in names if is_answer(PurePath(name))] == []


def test_the_installed_package_gives_the_grades_that_the_folder_gives(installed, tmp_path):
    for name in NOTEBOOKS:
        path = tmp_path / "submitted" / "anna" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(solved(name)))
    where = run(
        installed,
        "-c",
        "import grader, grader.grading.judge as judge; print(grader.__file__, judge.rubric())",
        where=tmp_path,
    )
    assert where.split() == [str(next(installed.parents[1].glob("lib/*/site-packages/grader/__init__.py"))), rubric()]
    run(installed, "-m", "grader", "grade", "submitted", where=tmp_path)
    with open(tmp_path / "grades.csv") as file:
        [row] = csv.DictReader(file)
    assert (row["student"], float(row["points"])) == ("anna", sum(MAXIMUM.values()) + sum(EXTRA.values()))


@pytest.mark.parametrize("command", ["simulate", "verify"])
def test_the_installed_package_tries_a_job_of_ones_own(installed, command, tmp_path):
    shutil.copytree(ROOT / "payload" / "fibonacci", tmp_path / "own")
    told = json.loads(run(installed, "-m", "grader", command, "--json", "own/fibonacci.sub", where=tmp_path))
    assert told.get("verdict", "restart-safe") == "restart-safe" and "error" not in told
