"""Misconception `listed-file-missing`."""

from __future__ import annotations

from ...rules.simulation import Held
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "listed-file-missing",
    "A file that the submit file lists does not exist when the program exits, so HTCondor holds the job.",
    (
        "HTCondor does not say which file is missing. Compare the list in the submit file with the execute directory.",
        "transfer_checkpoint_files takes names literally, and every one must exist at every checkpoint.",
        "Write the file under exactly the name that the submit file lists, or list the name that you write; "
        "and write it to the sandbox itself.",
    ),
)


def listed_file_missing(case: Case) -> bool:
    missing = case.state.next.missing if isinstance(case.state.next, Held) and case.failure == "held" else ()
    return any(case.run is None or case.run.sandbox.resolve(path) is None for path in missing)


SYMPTOMS = ((30, listed_file_missing),)
