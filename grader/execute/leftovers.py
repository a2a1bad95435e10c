"""Names for the processes that a program leaves running at a checkpoint (R4f); inside/leftovers.py finds them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from ..rules.job import Job

MOST_NAME = 40
"""The most characters of a process's name."""
_INTERPRETER = re.compile(r"(?:.*/)?(?:\w*sh|env|perl|python[\d.]*)")


def names(job: Job, left: Iterable[tuple[bool, str]]) -> tuple[str, ...]:
    """Names for the processes that a program left running; `left`: see Answer.left."""
    commands = (
        _name(os.fsdecode(bytes.fromhex(command)).split("\0")) or os.path.basename(job.executable)
        for _, command in left
    )
    return tuple(sorted(re.sub(r"[^\w.+-]", "?", name)[:MOST_NAME] for name in commands))


def _name(words: list[str]) -> str:
    """The name of the program that a command runs; '' if it is a fork of the starter."""
    if "-c" in words[:4]:  # see inside/__init__.py
        code, *rest = [*words[words.index("-c") + 1 :], ""]  # a command may have been cut off
        if code.endswith("starter.main()"):
            return ""
        if code.endswith("tools.main()"):
            words = rest
    script = _INTERPRETER.fullmatch(words[0]) and len(words) > 1 and words[1] and not words[1].startswith("-")
    return os.path.basename(words[1 if script else 0])
