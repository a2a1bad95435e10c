"""Grading a made class: `grade` beside nbgrader's own execution of a sample of the same class, in one run.

    python benchmarks/grade_class.py [STUDENTS] [SAMPLE] [JOBS]

Defaults: 100 students, of whom 6 and a hostile one are also graded by the stock path, and 2 jobs. The
class answers as differently as students do: right in every style of the mutation table, each
misconception, untouched, half handed in, and one in twenty hostile; no two answers are the same text, and
nothing is graded twice. Prints the seconds per submission of both, for the same mixture, their ratio, and
the peak memory of `grade` and of its processes. (In the stock path, too, programs run in the sandbox: it is
the notebooks that run outside of it.)
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "course")]

from classroom import ANSWERS, ASSIGNMENT, environment, notebook, with_answer  # noqa: E402

NOTEBOOKS = {"save": "03-save.ipynb", "restore": "04-restore.ipynb"}
HOSTILE = (
    "while True: pass\n", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
    "x = []\nwhile True: x.append(bytearray(b'x' * (50 << 20)))\n", "while True: print('x' * 1000)\n",
    "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
)
STOCK = """
import json, sys, time
from nbgrader.apps import NbGrader, NbGraderAPI
app = NbGrader()
app.initialize([])
api = NbGraderAPI(config=app.config)
assert api.generate_assignment(sys.argv[1])["success"]
seconds = []
for student in sys.argv[2:]:
    began = time.perf_counter()
    api.autograde(sys.argv[1], student)
    seconds.append(time.perf_counter() - began)
print(json.dumps(seconds))
"""


def make_class(folder: Path, students: int, draw: random.Random) -> list[str]:
    """Write the submissions, in nbgrader's layout; returns the students who are not hostile."""
    honest = []
    for number in range(students):
        student = f"student{number:03}"
        hostile = number % 20 == 19
        honest += [] if hostile else [student]
        directory = folder / student / ASSIGNMENT
        directory.mkdir(parents=True)
        for exercise, name in NOTEBOOKS.items():
            content = answered(exercise, name, number, hostile, draw)
            if content is not None:
                (directory / name).write_text(json.dumps(content), encoding="utf-8")
    return honest


def answered(exercise: str, name: str, number: int, hostile: bool, draw: random.Random) -> dict | None:
    """A notebook with one student's answer; None if there is none."""
    right, wrong = ANSWERS[exercise]
    chance = draw.random()
    if chance < 0.05 and not hostile:
        return notebook("exercises", name)
    if chance < 0.08 and not hostile:
        return None
    kind = right if chance < 0.55 else wrong[draw.choice(list(wrong))]
    answer = dict(draw.choice(list(kind.values())))
    first = "checkpoint.py"
    answer[first] = (HOSTILE[number // 20 % len(HOSTILE)] if hostile else "") + answer[first] + f"# by number {number}\n"
    return with_answer(notebook("exercises", name), exercise, answer)


def grade(folder: Path, jobs: int) -> tuple[float, float, float]:
    """(seconds, peak memory of the command in MB, of its largest child in MB) of `python -m grader grade`."""
    command = [sys.executable, "-m", "grader", "grade", "submitted", "--jobs", str(jobs)]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)})
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    assert process.returncode == 0, process.returncode
    return seconds, peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def resident(pid: int) -> float:
    """The peak resident memory of a process so far, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def stock(folder: Path, students: list[str]) -> list[float]:
    """Seconds for each of these students of nbgrader's autograde with its own Execute."""
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=shutil.ignore_patterns(".ipynb_checkpoints", "save", "restore"))
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(
        config + "\nc.Autograde.autograde_preprocessors = preprocessors.STOCK_AUTOGRADE\n")
    done = subprocess.run([sys.executable, "-c", STOCK, ASSIGNMENT, *students], cwd=folder, capture_output=True, text=True,
                          env={**environment(folder), "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def main(students: int, sample: int, jobs: int) -> None:
    draw = random.Random(2021)
    with tempfile.TemporaryDirectory(prefix="class-") as scratch:
        folder = Path(scratch)
        honest = make_class(folder / "submitted", students, draw)
        chosen = draw.sample([one for one in honest if len(list((folder / "submitted" / one).rglob("*.ipynb"))) == 2], sample)
        seconds, peak, child = grade(folder, jobs)
        ours = seconds / students
        print(f"grade, {jobs} jobs:  {seconds:6.1f} s for {students} submissions, {ours:.3f} s each")
        print(f"peak memory:    {peak:6.0f} MB the command, {child:.0f} MB the largest process below it")
        *theirs, hostile = stock(folder, [*chosen, "student019"])
        share = 1 - len(honest) / students
        mixed = (1 - share) * statistics.mean(theirs) + share * hostile
        print(f"stock nbgrader: {statistics.mean(theirs):6.2f} s each for {sample} honest ones (median "
              f"{statistics.median(theirs):.2f}), {hostile:.1f} s for a hostile one, {mixed:.2f} s each for this class")
        print(f"ratio:          {mixed / ours:6.1f} for this class, {statistics.mean(theirs) / ours:.1f} if the stock path "
              "had only honest ones")


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("100", "6", "2")[len(sys.argv) - 1:])))
