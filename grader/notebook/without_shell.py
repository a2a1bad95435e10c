"""Notebooks without a shell, as in a browser: what to say about exercises that need a shell, and how to run `!`
commands.

Commands of this package, such as `!python -m grader verify JOB.sub`, run in the kernel itself. Any other command gets a
sentence instead of a traceback.
"""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from collections.abc import Callable
from typing import Any

from ..course.exercise import Exercise
from ..course.shell import takes_shell
from ..execute.startd import has_processes

NEEDS_SHELL = (
    "A browser has no shell, but {name} and the prediction before it need one to run {script}. Read this part here, and "
    "do it on a system with a shell: the start page of this site says how. `progress()` leaves out its points until you "
    "have done it."
)
NO_SHELL = (
    "There is no shell in a browser, so this command can't be run here: {}. Commands of the course can, such as "
    "`!python -m grader verify my_job/my_job.sub`."
)
_OURS = re.compile(r"\s*\S*\bpython[\d.]*\s+(?:lab\.py\s+run\s+)?-m\s+grader\b(.*)", re.DOTALL)


def is_out_of_reach(exercise: Exercise) -> bool:
    """Whether an exercise can't be done here because it needs a shell."""
    return not has_processes() and takes_shell(exercise)


def install(shell: Any, say: Callable[[str], None]) -> None:
    """Make a kernel without processes pass the `!` commands of its cells to run()."""
    if not hasattr(shell, "register_magic_function"):
        return

    def system(command: str) -> None:
        command = shell.var_expand(command, depth=1)
        shell.user_ns["_exit_code"] = run(command, say)

    shell.system = system


def run(command: str, say: Callable[[str], None]) -> int:
    """Run a command of this package; returns its exit status. For any other command, `say` why it can't be run."""
    try:
        arguments = own_arguments(command)
    except ValueError as problem:  # an unclosed quote
        say(f"This command can't be read: {problem}.")
        return 2
    if arguments is None:
        say(NO_SHELL.format(command.strip()))
        return 127
    stdout, before = sys.stdout, sys.argv
    sys.argv = ["grader", *arguments]
    try:
        runpy.run_module("grader", run_name="__main__")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.argv, sys.stdout = before, stdout  # the command line replaces a stdout that can't be written to
    return 0


def own_arguments(command: str) -> list[str] | None:
    """The arguments of a command that starts this package; None for any other command. Raises ValueError for an
    unclosed quote."""
    words = re.sub(rf"^\s*{re.escape(sys.executable)}(?=\s)", "python", command) if sys.executable else command
    ours = _OURS.fullmatch(words)
    if ours is None:
        return None
    lexer = shlex.shlex(ours[1], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    arguments = list(lexer)
    return None if any(set(word) <= set("|&;<>()") for word in arguments if word) else arguments
