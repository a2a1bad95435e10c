"""Tests this machine before anything is graded: right programs must run, and a malicious one must not reach the judge.
So a broken machine neither costs nor gives points."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path

from ..course.budgeted import BudgetedExecutor
from ..execute.isolation import Confinement, exposed
from ..execute.startd import require_fork
from ..rules.execution import MachineTrouble, Run
from ..rules.job import Job
from ..tree import File, Tree

SECONDS = 60.0
SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
"""The course's own solutions. An installed package has none."""
RIGHT = {
    "a Python program": b"""#!/usr/bin/env python3
import ours
with open("file", "a") as file:
    file.write("fine")
print("fine")
""",
    "a shell script": b"""#!/bin/sh
sleep 1 && timeout 9 sh -c 'printf fine' > file && cat file && echo
""",
    "a Python program that a shell script starts": b"""#!/bin/sh
timeout 9 python3 ours.py > file && cat file && echo
""",
}
"""Programs that work like answers of the course. Each writes "fine" into a file, and prints it."""
OURS = b"""import sys
if __name__ == "__main__":
    sys.stdout.write("fine")
"""
PRYING = b"""#!/usr/bin/env python3
import ctypes, os
starter = os.getppid()
for number in (0, 1):
    try:
        os.close(os.open(f"/proc/{starter}/fd/{number}", os.O_RDWR))
        print("it opened a pipe of the judge")
    except OSError:
        pass
PTRACE_ATTACH = 16
if ctypes.CDLL(None).ptrace(PTRACE_ATTACH, starter, None, None) == 0:
    print("it stopped the process that the judge believes")
"""


def require_another_user(confine: Confinement | None) -> None:
    """Raise MachineTrouble where students' programs would be run as root."""
    if confine is None and hasattr(os, "geteuid") and os.geteuid() == 0:
        raise MachineTrouble(
            "Students' programs would be run as root. Install bubblewrap, or grade as another user, or "
            f"let other users read the Python of this course ({sys.prefix})."
        )


@lru_cache(8)
def try_out(confine: Confinement | None) -> None:
    """Run the programs above like answers. Raises MachineTrouble, with the reason, if one of them misbehaves."""
    require_fork()  # the judge never runs students' programs in its own process, not even where there can be no other
    require_another_user(confine)
    if confine is not None and confine.bubblewrap and SOLUTIONS.exists() and (problem := exposed(SOLUTIONS)):
        raise MachineTrouble(problem)
    with BudgetedExecutor(confine, SECONDS) as executor:
        for what, program in RIGHT.items():
            run = _executed(program, executor)
            if run.stdout != "fine\n" or run.sandbox.get("file") != File(b"fine"):
                why = run.unstartable or run.stderr.strip().rpartition("\n")[2] or run.over or run.exit
                raise MachineTrouble(
                    f"{what[0].upper()}{what[1:]} that is right does not run in the sandbox on this "
                    f"machine ({why}). If the course, or its Python ({sys.prefix}), is in a directory "
                    "that other users can't read, move it."
                )
        if confine is not None and confine.bubblewrap and (opened := _executed(PRYING, executor).stdout.strip()):
            raise MachineTrouble(f"The sandbox on this machine does not confine a program: {opened.splitlines()[0]}.")


def _executed(program: bytes, executor: BudgetedExecutor) -> Run:
    inputs = Tree({"job": File(program, True), "ours.py": File(OURS)})
    return executor.run(Job("job", inputs=inputs, output="out"), inputs)
