"""What tests of notebooks share: the course's notebooks as plain JSON, answers put into them, and the
environment in which Jupyter's own programs run.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from pathlib import Path

from grader.course.answers import all_answers
from grader.course.catalogue import COURSE

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "self-checkpointing"
NOTEBOOKS = sorted(path.name for path in (ROOT / "solutions" / ASSIGNMENT).glob("*.ipynb"))

MAXIMUM = {chapter.name: sum(one.maximum for one in chapter.exercises if not one.optional) for chapter in COURSE}
"""Points of each notebook that count for everyone."""
EXTRA = {chapter.name: sum(one.maximum for one in chapter.exercises if one.optional) for chapter in COURSE}
"""Points that count for those who have tried it."""

ANSWERS = all_answers()
"""Exercise → (right answers, wrong answers)."""
HANDED_IN = "handed_in.log"
LOGS = {
    **{name: files[HANDED_IN] for name, files in ANSWERS["for_real"].right.items() if not name.endswith("-line")},
    **{path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/course/logs").glob("*.log"))},
}
"""Job event logs as learners hand them in, of notebook 10. Recorded on the personal pool, HTCondor 23.9.6."""


def environment(scratch: Path) -> dict[str, str]:
    """The environment for nbgrader and JupyterLab: their programs found, nobody's settings read."""
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
    """Whether nbgrader knows a cell as one that the student writes."""
    return cell["metadata"].get("nbgrader", {}).get("solution", False)
