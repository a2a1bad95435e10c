"""An autograder for Gradescope: the archive that an instructor uploads, and the program that runs there.

    python3 -m grader.grading.gradescope pack FILE.zip    # python3 lab.py gradescope FILE.zip
    python3 -m grader.grading.gradescope grade ROOT       # run_autograder; ROOT is /autograder

Gradescope unpacks the archive into ROOT/source and runs setup.sh once. It puts each submission into ROOT/submission,
runs run_autograder, and reads the grade from ROOT/results/results.json. Grading needs only Python.
"""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from ..course.folders import is_answer
from ..course.payload import PAYLOAD
from ..execute.isolation import confinement
from ..files import write_whole
from ..rules.execution import MachineTrouble
from ..text import plain
from . import store
from .collect import in_folder
from .judge import Grade, judge, libraries
from .trial import try_out

PACKAGE = Path(__file__).resolve().parents[1]
SCRIPTS = Path(__file__).with_name("autograder")
"""setup.sh and run_autograder, which must be at the top of the archive."""
DEFAULT = Path("autograder.zip")
DATED = (2020, 2, 2, 0, 0, 0)
"""The date of all files in the archive, so that the same course gives the same archive."""


def pack(file: Path) -> None:
    """Write the archive. Raises OSError."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, name in _contents():
            entry = zipfile.ZipInfo(name, DATED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if os.access(path, os.X_OK) else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())
    write_whole(file, packed.getvalue())


def _contents() -> Iterator[tuple[Path, str]]:
    """The files of the archive and their names in it, without answers, which students' programs might read there."""
    for folder, prefix in ((SCRIPTS, ""), (PACKAGE, "grader/"), (PAYLOAD, "payload/")):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            installed = folder == PACKAGE and name.startswith("payload/")  # then PAYLOAD is this folder
            left_out = "__pycache__" in path.parts or is_answer(PurePath(name)) or installed
            if path.is_file() and not left_out:
                yield path, prefix + name
    yield from ((path, name) for name, path in libraries())


def grade(root: Path) -> None:
    """Grade the submission, and write the results. Raises MachineTrouble: without results, Gradescope tells student and
    instructor that the autograder failed, and nobody gets a wrong grade."""
    confine = confinement()
    try_out(confine)
    records = store.read(in_folder(root / "submission"))
    results = root / "results"
    results.mkdir(exist_ok=True)
    write_whole(results / "results.json", json.dumps(as_results(judge(records, confine)), indent=1).encode())


def as_results(grade: Grade, comments: Sequence[str] = ()) -> Mapping[str, Any]:
    """A grade as Gradescope's results.json, with each question as a test, without exercises that don't count."""
    return {
        "score": grade.points,
        "output": "\n".join(map(plain, (*comments, *grade.unsure, *grade.remarks))),
        "output_format": "text",
        "visibility": "visible",
        "tests": [
            {
                "name": f"{one.exercise}: {trial.name}",
                "score": trial.points,
                "max_score": trial.maximum,
                "status": "passed" if trial.passed else "failed",
                "output": plain(trial.text),
                "output_format": "text",
            }
            for one in grade.exercises
            if one.counts
            for trial in one.trials
        ],
    }


def main(arguments: Sequence[str]) -> int:
    """Pack or grade; returns the exit status."""
    command, *rest = arguments or [""]
    if command == "grade" and len(rest) == 1:
        try:
            grade(Path(rest[0]))
        except MachineTrouble as trouble:
            print(f"Not graded: {trouble}", file=sys.stderr)
            return 1
        return 0
    if command == "pack" and len(rest) < 2:
        file = Path(*rest) if rest else DEFAULT
        if file.suffix != ".zip":
            print(f"{file}: the name must end with .zip.", file=sys.stderr)
            return 2
        try:
            pack(file)
        except OSError as error:
            print(f"{file} can't be written: {error.strerror}.", file=sys.stderr)
            return 2
        print(f"{file}: upload it to Gradescope, at Configure Autograder.")
        return 0
    print("usage: python3 lab.py gradescope [FILE.zip]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
