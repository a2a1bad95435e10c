"""How to call the commands of this package, for messages to the user."""

from __future__ import annotations

import os
import shlex


def by_lab() -> bool:
    """Whether lab.py has started this process, in the course's own environment."""
    return "COURSE_LAB" in os.environ


def command(name: str = "") -> str:
    """`python -m grader NAME`, or the same through lab.py if lab.py has started this process: the course is usually not
    installed for the `python` of the user's shell."""
    lab = os.environ.get("COURSE_LAB")
    python = f"python3 {shlex.quote(os.path.relpath(lab))} run" if lab else "python"
    return f"{python} -m grader {name}".rstrip()
