"""How to call the commands of this package, for messages that tell a user to."""

from __future__ import annotations

import os
import shlex


def by_lab() -> bool:
    """Whether lab.py has started this process, in an environment of the course's own."""
    return "COURSE_LAB" in os.environ


def command(name: str = "") -> str:
    """`python -m grader NAME`; or, where lab.py has started this process, the same by way of lab.py: the `python` of a
    shell is mostly another one, and knows nothing of the course."""
    lab = os.environ.get("COURSE_LAB")
    python = f"python3 {shlex.quote(os.path.relpath(lab))} run" if lab else "python"
    return f"{python} -m grader {name}".rstrip()
