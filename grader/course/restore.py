"""Exercise `restore`, of notebook 04: the student writes both functions, in a format of their own,
and names the files in the submit file."""

from __future__ import annotations

from dataclasses import replace

from ..simulator.job import STDERR, STDOUT, Job
from ..simulator.pool import Saved
from ..simulator.tree import File, Tree
from .exercise import (Bench, Exercise, Question, Result, asking, both, every_schedule, fault_free,
                       first_checkpoint, sweep, sweep_files, sweep_output)
from .report import Failure

OUTPUT = "my_output.txt"
FIRST = "It begins at START and saves a checkpoint"
IN_PLACE = "Restarted in place, it resumes and ends right"
ANYWHERE = "Evicted at any time, any number of times, it ends right"


def made_checkpoint(job: Job, bench: Bench, start: int, end: int) -> Tree:
    """The files of the first checkpoint that the job itself makes of the sweep from `start` to
    `end`, output among them; empty if it makes none."""
    found = bench.explore(sweep(job, start, end), sweep_output(start, end))
    return found.first.next.spool.without((STDOUT, STDERR)) if isinstance(found.first.next, Saved) else Tree()


def stale(made: tuple[int, int], asked: tuple[int, int]):
    """The question what a job does, asked for one range, with the checkpoint of another in its sandbox."""
    def ask(job: Job, bench: Bench) -> Result:
        old = made_checkpoint(job, bench, *made).without((OUTPUT,))
        begun = replace(sweep(job, *asked), inputs=sweep(job, *asked).inputs | old)
        result = fault_free(begun, bench, sweep_output(*asked), "stale-checkpoint")
        there = (f"The sandbox has a checkpoint of the sweep from {made[0]} to {made[1]}, and {asked[0]} to {asked[1]} "
                 "is asked for")
        return _told(result, there)
    return ask


def damaged(content: bytes, how: str, misconception: str = "corrupt-checkpoint-crashes"):
    """The question what a job does with its own checkpoint when one of its files is damaged."""
    def ask(job: Job, bench: Bench) -> Result:
        made = made_checkpoint(job, bench, 1, 12)
        result = Result(True, "")
        for path, entry in made.without((OUTPUT,)).items():
            if isinstance(entry, File):
                broken = replace(sweep(job, 1, 12), inputs=job.inputs | made.put(path, File(content)))
                result = fault_free(broken, bench, sweep_output(1, 12), misconception)
                result = _told(result, f"{path}, a file of the checkpoint, is {how}")
                if not result.passed:
                    break
        return result
    return ask


def _told(result: Result, there: str) -> Result:
    """A result with the circumstances put before it, where it failed."""
    if result.passed:
        return result
    text = f"{there}. {result.text}"
    return replace(result, text=text, failure=replace(result.failure, text=text))


def is_the_sweep(job: Job, bench: Bench) -> Result:
    """Whether the submit file still runs the sweep, and brings its output home."""
    if job.executable != "sweep.py" or OUTPUT not in (job.transfer_output_files or ()):
        text = "sweep.sub has to keep `executable = sweep.py` and `transfer_output_files = my_output.txt`."
        return Result(False, text, Failure(text, job))
    return Result(True, "")


RESTORE = Exercise(
    name="restore",
    title="Use a checkpoint",
    submit_file="sweep.sub",
    given=sweep_files,
    answers=("checkpoint.py", "sweep.sub"),
    functions=("save_checkpoint", "restore_checkpoint"),
    questions=(
        Question(FIRST, 2, both(is_the_sweep, asking(first_checkpoint, 1, 12))),
        Question(IN_PLACE, 4, asking(fault_free, 1, 12), rests_on=(FIRST,)),
        Question(ANYWHERE, 6, both(asking(every_schedule, 1, 12), asking(every_schedule, 3, 11, interval=2),
                                   asking(every_schedule, 8, 10, interval=1)), rests_on=(IN_PLACE,)),
        Question("A checkpoint from before START is not used", 2, stale((1, 12), (7, 12)), rests_on=(IN_PLACE,)),
        Question("A checkpoint from beyond END is not used", 3, stale((7, 12), (1, 6)), rests_on=(IN_PLACE,)),
        Question("An empty or broken checkpoint does not end the job", 3,
                 both(damaged(b"", "empty"), damaged(b"\x80\x00 no checkpoint\n", "broken")), rests_on=(IN_PLACE,)),
    ),
    hints=(
        "Take the questions one after the other: is there a checkpoint? Can it be read? Does its iteration belong to "
        "this run?",
        "Only if all three are answered with yes, return the saved iteration. In every other case return start.",
        "if not os.path.exists(...): return start — then read the number inside try/except ValueError, and at the end: "
        "return iteration if start <= iteration <= end else start.",
    ),
)
