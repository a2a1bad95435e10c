"""Which executor this place has: processes where there are any, and else this very interpreter, as in a browser's tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .executor import Executor
from .startd import has_processes


def executor_class() -> type[Executor]:
    """The class of executors for programs whose author sits here. (For other people's programs, as in grading, there
    have to be processes.)"""
    if has_processes():
        return Executor
    from .interpreter.executor import InterpreterExecutor

    return InterpreterExecutor


if TYPE_CHECKING:
    LocalExecutor = Executor
else:
    LocalExecutor = executor_class()
