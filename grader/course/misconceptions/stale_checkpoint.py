"""Misconception `stale-checkpoint`."""

from __future__ import annotations

from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "stale-checkpoint",
    "The program uses a checkpoint that does not belong to this run: its iteration is not between START and END.",
    (
        'Notebook 4 calls it "Potential problem?". With which iteration does a job begin that should do '
        "7 to 12 and finds a checkpoint of iteration 4, or that should do 1 to 6 and finds a checkpoint of "
        "iteration 10?",
        "A number beyond END makes an empty loop: exit code 0, no output, and no error message.",
        "Begin with the saved iteration only if start <= iteration <= end; in any other case with start.",
    ),
)


def stale_checkpoint(case: Case) -> bool:
    """The first execution does nothing at all, and among its inputs is a file of the checkpoint."""
    expected, got = case.lines
    came = {*(case.job.transfer_checkpoint_files or ())} & {*case.job.inputs} - case.outputs()
    nothing = case.failure == "wrong output" and bool(expected) and not got and case.ran.exit.code == 0
    return nothing and bool(came) and len(case.state.way()) == 1


SYMPTOMS = ((150, stale_checkpoint),)
