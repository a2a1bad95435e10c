"""Grades one submission in an HTCondor job. It needs only Python 3.11:

    python3 -m grader.grading.job SUBMISSION SEED RESULT [--require-sandbox]

cluster.py writes SUBMISSION, the answers in the notebooks, and reads RESULT, the grade. The exit status is 0 if RESULT
was written; otherwise the last line on stderr says why not. The file SEED is deleted once it is read, so that a program
without confinement can't learn from it what it will be asked.
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
            print(f"{socket.gethostname()} has no sandbox, but --require-sandbox asks for one", file=sys.stderr)
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
