"""Nothing that happens to the machine changes a grade: it is what an undisturbed run gives, or there is none yet.

FAULTS=200 in the environment has as many of them; by default there are few, as they take their time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import faults
import pytest
from classroom import ANSWERS, notebook, solved, with_answer
from test_batch import lay_out

from grader.execute.isolation import confinement

SAVE, RESTORE = "03-save.ipynb", "04-restore.ipynb"
NUMBER = int(os.environ.get("FAULTS", "12"))


def class_of_six() -> dict[str, str]:
    """Submissions of right, wrong and no answers."""
    made = {}
    for number, exercise, name in (
        (0, "save", SAVE),
        (1, "save", SAVE),
        (2, "restore", RESTORE),
        (3, "restore", RESTORE),
    ):
        right, wrong = ANSWERS[exercise]
        kind = right if number % 2 else next(iter(wrong.values()))
        made[f"s{number}/{name}"] = json.dumps(with_answer(solved(name), exercise, next(iter(kind.values()))))
    return {
        **made,
        "s4/05-step-by-step.ipynb": json.dumps(solved("05-step-by-step.ipynb")),
        f"s5/{SAVE}": json.dumps(notebook("exercises", SAVE)),
    }


@pytest.mark.skipif(
    confinement() is None or not sys.platform.startswith("linux"), reason="looks for processes in /proc"
)
def test_faults_of_the_machine_change_no_grade(tmp_path):
    lay_out(tmp_path / "submitted", class_of_six())
    (tmp_path / "small").mkdir()
    (tmp_path / "small").chmod(0o711)
    undisturbed = run(tmp_path, 0, [])
    shutil.rmtree(tmp_path / "reports")
    disturbed = run(tmp_path, NUMBER, small_disk(tmp_path / "small"))
    assert disturbed["grades"] == undisturbed["grades"]
    assert sum(disturbed["faults"].values()) >= NUMBER


def run(folder: Path, number: int, within: list[str]) -> dict:
    done = subprocess.run(
        [*within, sys.executable, faults.__file__, str(folder), str(number), "2021"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return json.loads(done.stdout)


def small_disk(where: Path) -> list[str]:
    """A command that runs another with a small file system of its own there; none where that takes more rights."""
    way = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs -o size=200m,mode=711 tmpfs "{where}" && exec "$@"', "sh"]
    if shutil.which("unshare") and subprocess.run([*way, "true"], capture_output=True).returncode == 0:
        return way
    return []
