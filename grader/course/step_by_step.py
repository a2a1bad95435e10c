"""Notebook 05. Four predictions on the slides' own job: what is in the three directories at their eight steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..rules.job import STDERR, STDOUT, Job
from ..rules.simulation import Moment
from ..tree import File, Tree
from .payload import job_of
from .prediction import Told, prediction

SCHEDULE = "look@1+60s evict@2+600s"
"""A look after one minute; a checkpoint after one hour; ten minutes later, an eviction."""
STREAMS = frozenset({STDOUT, STDERR})
GIVEN = frozenset({"my_input.txt", "my_software"})
POSITION = frozenset({"temp-dir/42.txt", "temp-dir/43.txt", "temp-file.txt"})
LOST = frozenset({"temp-dir/51.txt", "temp-dir/52.txt"})


def slides_job() -> Job:
    """The job of the slides' step-by-step example."""
    return job_of("slides/my_submit.sub")


def the(moments: Sequence[Moment], kind: str, activation: int = 1) -> Moment:
    """The first moment of a kind in an activation."""
    return next(moment for moment in moments if moment.kind == kind and moment.activation == activation)


# -- what really happens -----------------------------------------------------------


def where_printed(moments: Sequence[Moment]) -> str:
    """The letter of the directory in which the text of stdout is at step 3."""
    now = the(moments, "look")
    places = {"a": now.home, "b": now.sandbox or Tree(), "c": now.spool}
    return next(
        (
            letter
            for letter, tree in places.items()
            if any(
                isinstance(entry, File) and "starting after" in entry.text
                for path, entry in tree.items()
                if path != "my_software"
            )
        ),
        "d",
    )


def saved(moments: Sequence[Moment]) -> frozenset[str]:
    """The files of the spool directory at step 5."""
    return frozenset(the(moments, "checkpoint").spool.listing())


def found_elsewhere(moments: Sequence[Moment]) -> frozenset[str]:
    """The files of the new sandbox at step 7, without stdout and stderr."""
    return frozenset(the(moments, "started", 2).directory.listing()) - STREAMS


def starts_told(moments: Sequence[Moment]) -> list[int]:
    """The iterations after which the program started, as far as zzz.out tells of them."""
    return [int(line.split()[-1]) for line in moments[-1].home.file("zzz.out").text.splitlines()]


# -- what is answered --------------------------------------------------------------


def names(value: object) -> object:
    """Names of files, with or without a slash behind a directory; any other value as it is."""
    if isinstance(value, (frozenset, tuple)) and all(isinstance(one, str) for one in value):
        return frozenset(one.removeprefix("./").rstrip("/") for one in value)
    return value


def names_saved(value: object) -> object:
    """The same at step 5, when temp-dir as a whole is the two files that are in it."""
    value = names(value)
    if isinstance(value, frozenset) and "temp-dir" in value:
        return (value - {"temp-dir"}) | (POSITION - {"temp-file.txt"})
    return value


def names_elsewhere(value: object) -> object:
    """The same at step 7, where stdout and stderr may be named or not."""
    value = names(value)
    return value - STREAMS if isinstance(value, frozenset) else value


def numbers(value: object) -> object:
    """Numbers, in a list or a set, or whole lines that end in them."""
    if isinstance(value, frozenset):
        value = tuple(sorted(value, key=str))
    if isinstance(value, tuple) and all(isinstance(one, str) and re.search(r"\d+\W*$", one) for one in value):
        return tuple(int(re.findall(r"\d+", one)[-1]) for one in value)
    return value


def not_saved(value: object) -> Told | None:
    """What a wrong answer about the spool directory tells."""
    if not isinstance(value, frozenset):
        return None
    if "my_output.txt" not in value:
        return (
            "my_output.txt grows from start to start, so it is listed, and saved: elsewhere it has to go on.",
            "output-not-in-checkpoint",
        )
    if not value >= POSITION:
        return (
            "temp-dir and temp-file.txt are listed, and without them the program could not go on.",
            "checkpoint-not-transferred",
        )
    if "trash.txt" in value:
        return (
            "The spool directory is no copy of the sandbox: only what transfer_checkpoint_files lists goes there.",
            "relies-on-leftovers",
        )
    if value & STREAMS:
        return (
            "With today's HTCondor they would be there. That of 2021, 9.0.4, saves stdout and stderr only if they "
            "are listed.",
            None,
        )
    if value & GIVEN:
        return "Executable and input files come from the submit directory, each time: nobody has to save them.", None
    return None


def not_elsewhere(value: object) -> Told | None:
    """What a wrong answer about the new sandbox tells."""
    if not isinstance(value, frozenset):
        return None
    if "temp-dir" in value:
        return "Say which files are in temp-dir, like temp-dir/1.txt.", None
    if value & (LOST | {"trash.txt"}):
        return (
            "The old sandbox was deleted with all that was in it. Nothing of it gets to another machine.",
            "relies-on-leftovers",
        )
    if "my_output.txt" not in value and value & POSITION:
        return "The output so far is in the checkpoint: the program appends to it.", "output-not-in-checkpoint"
    if not value >= POSITION:
        return "What is in the spool directory is put into every new sandbox.", "checkpoint-not-transferred"
    if not value >= GIVEN:
        return "A new sandbox begins with the executable and the input files, and gets the checkpoint on top.", None
    return None


# -- the predictions ---------------------------------------------------------------

STEP_THREE = prediction(
    "step_three",
    "Step 3: where stdout is",
    2,
    job=slides_job,
    schedule=SCHEDULE,
    decisive=("look", 1),
    profile="slides2021",
    truth=where_printed,
    told="While the program runs, its stdout goes to _condor_stdout in the execute directory. zzz.out appears when the "
    "job has ended, and not before.",
    wrong={
        "a": ("The line output = zzz.out says what it will be called when it comes home.", None),
        "c": ("The spool directory is still empty: the program has not left with 85 yet.", None),
        "d": ("The job event log has HTCondor's lines, not the program's.", None),
    }.get,
    hints=(
        "Which machine does the program run on, and which directory can it write to?",
        "Files cross between the two machines at a start, at a checkpoint and at the end, and at no other time.",
        "In the list of step 4 there is a file whose name begins with an underscore.",
    ),
)
STEP_FIVE = prediction(
    "step_five",
    "Step 5: what the spool directory has",
    2,
    job=slides_job,
    schedule=SCHEDULE,
    decisive=("checkpoint", 1),
    profile="slides2021",
    truth=saved,
    read=names_saved,
    wrong=not_saved,
    told="The checkpoint is what transfer_checkpoint_files lists: my_output.txt, temp-dir with the two files that are "
    "in it at that time, and temp-file.txt.",
    hints=(
        "Which line of the submit file says what is saved?",
        "transfer_checkpoint_files = my_output.txt, temp-dir, temp-file.txt. A directory means all that is in it.",
        "Four files: my_output.txt, temp-file.txt, and two in temp-dir.",
    ),
)
STEP_SEVEN = prediction(
    "step_seven",
    "Step 7: what the new sandbox has",
    2,
    job=slides_job,
    schedule=SCHEDULE,
    decisive=("started", 2),
    profile="slides2021",
    truth=found_elsewhere,
    read=names_elsewhere,
    wrong=not_elsewhere,
    told="The new sandbox has the executable, the input file, and the checkpoint of step 5: positions 42 and 43. What "
    "the ten minutes since then had made is gone.",
    hints=(
        "Three lines of the submit file say what is put into a sandbox.",
        "executable, transfer_input_files, and then the files of the spool directory, as they are at step 6.",
        "Six files: two from the submit directory, four from the spool directory.",
    ),
)
ZZZ_OUT = prediction(
    "zzz_out",
    "What stdout brings home",
    2,
    job=slides_job,
    schedule=SCHEDULE,
    truth=starts_told,
    read=numbers,
    told="With the checkpoint, today's HTCondor saves what the first execution had printed (0). What the second "
    "printed (43) was lost with its sandbox; the third began at the same checkpoint and printed the same (43), "
    "which came home.",
    wrong={
        (0, 43, 43): ("The second start was in the sandbox that was lost, and so was its line.", None),
        (43, 43): ("The line of the first start is in the checkpoint; that of the second was lost.", None),
        (43,): ("That is what HTCondor 9.0.4, of 2021, brings home, as stdout is not listed.", None),
        (0,): ("The third start is elsewhere, but it goes on with the same stdout.", None),
        (): ("An eviction takes what was printed since the checkpoint, and not more.", None),
        (0, 52): ("A restart begins at the checkpoint, not where the eviction struck.", "sigterm-saves"),
        (0, 43, 52): ("A restart begins at the checkpoint, not where the eviction struck.", "sigterm-saves"),
    }.get,
    hints=(
        "For each of the three lines: when was it printed, and what became of that sandbox?",
        "Line 1 was printed before the checkpoint. Line 2 between the checkpoint and the eviction. Line 3 after it.",
        "Stdout is treated like my_output.txt: what was in it at the checkpoint is there again elsewhere.",
    ),
)
