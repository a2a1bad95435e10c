"""The executor for this system: one that uses processes, or where there are none (in a browser), this interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .executor import Executor
from .startd import has_processes


def executor_class() -> type[Executor]:
    """The class of executors for the user's own programs. (Other people's programs, as in grading, need processes.)"""
    if has_processes():
        return Executor
    from .interpreter.executor import InterpreterExecutor

    return InterpreterExecutor


if TYPE_CHECKING:
    LocalExecutor = Executor
else:
    LocalExecutor = executor_class()
