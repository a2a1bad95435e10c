"""Grades one submission where an HTCondor job of a class runs, which may have Python 3.11 and nothing else:

    python3 -m grader.grading.job SUBMISSION SEED RESULT [--require-sandbox]

SUBMISSION is what cluster.py has read of the notebooks, RESULT what it takes for a grade file. Exit
status 0: RESULT is written; otherwise the last line on stderr says why not. The file SEED is removed
once it is read: a program that is not shut in must not find there what it will be asked.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from ..execute.isolation import confinement
from ..rules.execution import MachineTrouble
from .judge import judge
from .submission import StudentAnswers

NO_SANDBOX = "there is no bubblewrap, or it may not be used"


def main(arguments: Sequence[str]) -> int:
    """Grade; returns the exit status."""
    submission, seed, result = map(Path, arguments[:3])
    unseen = seed.read_text(encoding="utf-8")
    seed.unlink()
    confine = confinement()
    if confine is None or not confine.bubblewrap:
        print(NO_SANDBOX, file=sys.stderr)
        if "--require-sandbox" in arguments[3:]:
            print(f"{socket.gethostname()} has no sandbox, and --require-sandbox asks for one", file=sys.stderr)
            return 1
    try:
        grade = judge(StudentAnswers.from_json(submission.read_bytes()), confine, unseen)
    except MachineTrouble as error:
        print(error, file=sys.stderr)
        return 1
    result.write_bytes(grade.to_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
