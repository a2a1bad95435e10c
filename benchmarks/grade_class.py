"""How long it takes to grade a generated class: by `grade`, and a sample of it by nbgrader's own execution.

    python benchmarks/grade_class.py [--students 100] [--sample 6] [--jobs 2] [--autograde] [NOTEBOOK ...]

The sample and a hostile student are graded by the stock path, too: by nbgrader's Execute, which runs the notebooks.
Each NOTEBOOK is named by its number, as 03; without any, the class hands in the whole course. Its answers differ as
students' answers do: right in every style of the mutation table, each misconception, untouched, half handed in, and
hostile in every program of one student in twenty. No two answers are the same text, and nothing is graded twice.

Prints the seconds per submission on both paths, for the same mixture, their ratio, the peak memory of `grade` and of
its processes, and where the time goes: the seconds and the executions of each exercise when the same class is judged
once more in one process. (On the stock path, too, programs run in the sandbox; the notebooks run outside it.) With
--autograde, nbgrader's autograde and generate_feedback, as the course configures them, are timed on the same class,
which is then judged anew.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "course")]

from classroom import ANSWERS, ASSIGNMENT, environment, notebook, solved, with_answer  # noqa: E402

from grader.course.catalogue import COURSE  # noqa: E402
from grader.course.catalogue import Notebook as Chapter  # noqa: E402
from grader.execute.executor import Executor  # noqa: E402
from grader.execute.isolation import confinement  # noqa: E402
from grader.grading import judge, store  # noqa: E402
from grader.grading.collect import find  # noqa: E402

HOSTILE = (
    "while True: pass\n",
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n",
    "x = []\nwhile True: x.append(bytearray(b'x' * (50 << 20)))\n",
    "while True: print('x' * 1000)\n",
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


def make_class(folder: Path, students: int, chapters: Sequence[Chapter], draw: random.Random) -> list[str]:
    """Write the submissions, in nbgrader's layout; returns the students who are not hostile."""
    honest = []
    for number in range(students):
        student = f"student{number:03}"
        hostile = number % 20 == 19
        honest += [] if hostile else [student]
        directory = folder / student / ASSIGNMENT
        directory.mkdir(parents=True)
        for chapter in chapters:
            content = answered(chapter, number, hostile, draw)
            if content is not None:
                (directory / f"{chapter.name}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return honest


def answered(chapter: Chapter, number: int, hostile: bool, draw: random.Random) -> dict | None:
    """A notebook with one student's answers; None if there is none."""
    name = f"{chapter.name}.ipynb"
    chance = draw.random()
    if chance < 0.08 and not hostile:
        return notebook("exercises", name) if chance < 0.05 else None
    content = solved(name) if draw.random() < 0.7 else notebook("exercises", name)  # its predictions stay
    for exercise in chapter.exercises:
        if exercise.name in ANSWERS and not exercise.optional:
            content = with_answer(content, exercise.name, drawn(exercise.name, number, hostile, draw))
    return content


def drawn(exercise: str, number: int, hostile: bool, draw: random.Random) -> dict[str, str]:
    """One student's answer to an exercise, whose first file is different from everybody else's."""
    right, wrong = ANSWERS[exercise]
    kind = right if draw.random() < 0.6 or not wrong else wrong[draw.choice(list(wrong))]
    answer = dict(draw.choice(list(kind.values())))
    first = next(iter(answer))
    if first.endswith(".py") and hostile:
        answer[first] = HOSTILE[number // 20 % len(HOSTILE)] + answer[first]
    answer[first] += f"# by number {number}\n"
    return answer


def measured(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """(seconds, seconds of CPU, peak memory in MB) of `python -m ARGUMENTS` in this folder."""
    used, began = cpu(), time.perf_counter()
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, cwd=folder, env={**environment(folder), "PYTHONPATH": str(ROOT)})
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    assert process.returncode == 0, process.returncode
    return seconds, cpu() - used, peak


def cpu() -> float:
    """The seconds of CPU of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def resident(pid: int) -> float:
    """The peak resident memory of a process so far, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def course(folder: Path) -> None:
    """Make the folder an nbgrader course."""
    ignored = shutil.ignore_patterns(".ipynb_checkpoints", "save", "restore")
    shutil.copytree(ROOT / "solutions", folder / "solutions", ignore=ignored, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", folder)


def autograde(folder: Path) -> None:
    """Time nbgrader's commands on the class, and print the results."""
    course(folder)
    shutil.rmtree(folder / "reports")
    measured(folder, "nbgrader", "generate_assignment", ASSIGNMENT, "--create", "--log-level=WARN")
    for command in ("autograde", "generate_feedback"):
        seconds, used, peak = measured(folder, "nbgrader", command, ASSIGNMENT, "--log-level=WARN")
        print(f"{command + ':':18} {seconds:6.1f} s, {used:.1f} s of CPU, {peak:.0f} MB")
    size = sum(page.stat().st_size for page in (folder / "feedback").rglob("*.html"))
    print(f"feedback:          {size / 1e6:6.1f} MB")


def stock(folder: Path, students: list[str]) -> list[float]:
    """The seconds that nbgrader's autograde, with its own Execute, takes for each of these students."""
    course(folder)
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(
        config + "\nc.Autograde.autograde_preprocessors = preprocessors.STOCK_AUTOGRADE\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", STOCK, ASSIGNMENT, *students],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**environment(folder), "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def by_exercise(folder: Path) -> dict[str, Counter]:
    """Exercise → its seconds, executions, and seconds of executing, when a whole class is judged in this process."""
    spent: dict[str, Counter] = defaultdict(Counter)
    now = ""
    run, judged = Executor._run, judge._judged

    def timed_run(self, *arguments):
        began = time.perf_counter()
        result = run(self, *arguments)
        spent[now].update(executions=1, executing=time.perf_counter() - began)
        return result

    def timed_judged(exercise, *arguments):
        nonlocal now
        now, began = exercise.name, time.perf_counter()
        result = judged(exercise, *arguments)
        spent[now].update(seconds=time.perf_counter() - began)
        return result

    Executor._run, judge._judged = timed_run, timed_judged
    try:
        for one in find(folder):
            judge.judge(store.read(one), confinement())
    finally:
        Executor._run, judge._judged = run, judged
    return spent


def show(spent: dict[str, Counter], students: int) -> None:
    """Print what by_exercise() returns, as averages over the students."""
    print(f"{'exercise':20} {'ms':>8} {'executions':>11} {'ms each':>8} {'ms beside':>10}")
    for name, one in sorted(spent.items(), key=lambda item: -item[1]["seconds"]):
        each = 1000 * one["executing"] / one["executions"] if one["executions"] else 0.0
        print(
            f"{name:20} {1000 * one['seconds'] / students:8.1f} {one['executions'] / students:11.2f} {each:8.2f} "
            f"{1000 * (one['seconds'] - one['executing']) / students:10.1f}"
        )


def main(students: int, sample: int, jobs: int, nbgrader: bool, names: Sequence[str]) -> None:
    """Make a class, grade it in each way, and print the results."""
    draw = random.Random(2021)
    chapters = [chapter for chapter in COURSE if not names or chapter.name[:2] in names]
    with tempfile.TemporaryDirectory(prefix="class-") as scratch:
        folder = Path(scratch)
        honest = make_class(folder / "submitted", students, chapters, draw)
        chosen = draw.sample(honest, sample)
        seconds, used, peak = measured(folder, "grader", "grade", "submitted", "--jobs", str(jobs))
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        ours = seconds / students
        print(
            f"grade, {jobs} jobs:  {seconds:6.1f} s for {students} submissions, {ours:.3f} s each, {used:.1f} s of CPU"
        )
        print(f"peak memory:    {peak:6.0f} MB the command, {child:.0f} MB the largest process below it")
        if nbgrader:
            autograde(folder)
        show(by_exercise(folder / "submitted"), students)
        if sample:
            *theirs, hostile = stock(folder, [*chosen, "student019"])
            share = 1 - len(honest) / students
            mixed = (1 - share) * statistics.mean(theirs) + share * hostile
            print(
                f"stock nbgrader: {statistics.mean(theirs):6.2f} s each for {sample} honest ones (median "
                f"{statistics.median(theirs):.2f}), {hostile:.1f} s for a hostile one, {mixed:.2f} s each for this class"
            )
            print(
                f"ratio:          {mixed / ours:6.1f} for this class, {statistics.mean(theirs) / ours:.1f} if the stock "
                "path had only honest ones"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--students", type=int, default=100, help="in the class; with a sample, 20 at least (%(default)s)"
    )
    parser.add_argument("--sample", type=int, default=6, help="graded by the stock path, too; 0: none (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="of grade (%(default)s)")
    parser.add_argument("--autograde", action="store_true", help="time nbgrader's commands on the same class, too")
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="its number, as 03; by default, all of them")
    options = parser.parse_args()
    main(options.students, options.sample, options.jobs, options.autograde, options.notebooks)
