"""What tests of notebooks share: the course's notebooks as plain JSON, answers put into them, and the
environment in which Jupyter's own programs run.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from grader.course.answers import all_answers
from grader.course.catalogue import COURSE, EXERCISES

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "self-checkpointing"
NOTEBOOKS = sorted(path.name for path in (ROOT / "solutions" / ASSIGNMENT).glob("*.ipynb"))

MAXIMUM = {chapter.name: sum(one.maximum for one in chapter.exercises if not one.optional) for chapter in COURSE}
"""Points of each notebook that count for everyone."""
EXTRA = {chapter.name: sum(one.maximum for one in chapter.exercises if one.optional) for chapter in COURSE}
"""Points of each notebook that count only for students who have tried the exercise."""

ANSWERS = all_answers()
"""Exercise → (right answers, wrong answers)."""
HANDED_IN = "handed_in.log"
LOGS = {
    **{name: files[HANDED_IN] for name, files in ANSWERS["for_real"].right.items() if not name.endswith("-line")},
    **{path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/course/logs").glob("*.log"))},
}
"""Job event logs as learners hand them in, of notebook 10. Recorded on the personal pool, HTCondor 23.9.6."""


def environment(scratch: Path) -> dict[str, str]:
    """The environment for nbgrader and JupyterLab: their programs are on PATH, and no user's settings are read."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]),
        "JUPYTER_CONFIG_DIR": str(scratch / "config"),
        "JUPYTER_DATA_DIR": str(scratch / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }


def notebook(where: str, name: str) -> dict:
    """A notebook of `solutions` or `exercises`."""
    return json.loads((ROOT / where / ASSIGNMENT / name).read_text(encoding="utf-8"))


def source(cell: dict) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def with_answer(notebook: dict, exercise: str, answer: dict[str, str]) -> dict:
    """A notebook whose %%writefile cells write this answer: {file of the exercise: text}."""
    changed = copy.deepcopy(notebook)
    for cell in changed["cells"]:
        for path, text in answer.items():
            first = f"%%writefile {exercise}/{path}\n"
            if source(cell).startswith(first):
                cell["source"] = (first + text).splitlines(keepends=True)
    return changed


def solved(name: str) -> dict:
    """A released notebook with the instructor's solutions in its cells, as a student hands it in."""
    solutions = {
        cell["id"]: "".join(line for line in cell["source"] if "### " not in line)
        for cell in notebook("solutions", name)["cells"]
        if is_solution(cell)
    }
    released = copy.deepcopy(notebook("exercises", name))
    for cell in released["cells"]:
        if is_solution(cell):
            cell["source"] = solutions[cell["id"]].splitlines(keepends=True)
    return released


def is_solution(cell: dict) -> bool:
    """Whether nbgrader's metadata say that the student writes a cell."""
    return cell["metadata"].get("nbgrader", {}).get("solution", False)


# -- a class, graded by nbgrader ---------------------------------------------------

QUICKER = "import sys; sys.modules['rfc3987_syntax'] = None\n"
"""Goes before a program that imports nbgrader. Without it, jsonschema builds a parser for a format that notebooks do
not use, which takes longer than all other imports together."""
GENERATE = """
import sys
from nbgrader.apps import NbGrader, NbGraderAPI
app = NbGrader()
app.initialize([])
done = NbGraderAPI(config=app.config).generate_assignment(sys.argv[1])
sys.exit(None if done["success"] else done["log"])
"""
GRADE = """
import json, sys
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader, NbGraderAPI
assignment, student = sys.argv[1:]
app = NbGrader()
app.initialize([])
api = NbGraderAPI(config=app.config)
done = api.autograde(assignment, "*")
feedback = api.generate_feedback(assignment, student)
with Gradebook(app.coursedir.db_url) as gradebook:
    grades = {submission.student.id: {"manual": submission.needs_manual_grade, "maximum": submission.max_score,
                                      **{notebook.name: notebook.score for notebook in submission.notebooks}}
              for submission in gradebook.assignment_submissions(assignment)}
print(json.dumps([done["success"], feedback["success"], grades, done["log"] or ""]))
"""


def grades(points: Mapping[str, float] = {}) -> dict[str, float]:
    """nbgrader's record of a student with these points, by notebook, and 0 for the other notebooks."""
    return {"manual": False, "maximum": sum(MAXIMUM.values()), **dict.fromkeys(MAXIMUM, 0), **points}


def release(scratch: Path) -> Path:
    """A course directory in which nbgrader has generated the assignment from solutions/."""
    directory = scratch / "course"
    unwanted = shutil.ignore_patterns(".ipynb_checkpoints", *EXERCISES)
    shutil.copytree(ROOT / "solutions", directory / "solutions", ignore=unwanted)
    shutil.copy(ROOT / "nbgrader_config.py", directory)
    for exercise in EXERCISES:  # what an instructor who runs the solutions leaves there
        EXERCISES[exercise].given().write(directory / "solutions" / ASSIGNMENT / exercise)
    nbgrader(directory, GENERATE)
    return directory


def hand_in(directory: Path, submissions: Mapping[str, Mapping[str, dict | bytes]]) -> None:
    """Put notebooks, by student and name, where nbgrader looks for them."""
    for student, notebooks in submissions.items():
        folder = directory / "submitted" / student / ASSIGNMENT
        folder.mkdir(parents=True)
        for name, content in notebooks.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def grade(directory: Path, student: str = "*") -> tuple[bool, bool, dict[str, dict], str]:
    """Let nbgrader grade what was handed in to a released course. Returns whether it has graded, whether it has given
    feedback (to one student, or to all), the grades by student, and its log."""
    return tuple(json.loads(nbgrader(directory, GRADE, student).splitlines()[-1]))


def nbgrader(directory: Path, program: str, *arguments: str) -> str:
    """Run a program that uses nbgrader in a course directory, and return its output; stderr goes to a file beside the
    directory. (It takes seconds to start.)"""
    run = subprocess.run(
        [sys.executable, "-c", QUICKER + program, ASSIGNMENT, *arguments],
        cwd=directory,
        env=environment(directory.parent),
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    (directory.parent / "stderr.txt").write_text(run.stderr)
    return run.stdout
