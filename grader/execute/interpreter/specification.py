"""What program to run, and how."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, field

from ...rules.execution import Limits
from . import steps
from .outside import Hook
from .process import Process


@dataclass
class ProgramSpec:
    """A program to run in this interpreter."""

    path: str
    arguments: list[str]
    directory: str
    environment: dict[str, str]
    stdin: str
    stdout: str
    stderr: str
    host: str
    scratch: str
    limits: Limits
    sources: tuple[bytes, ...] = ()
    """The contents of the Python files in its sandbox."""
    unbuffered: bool = False
    compiled: Callable[[bytes, str], types.CodeType] | None = None
    """Compiles its files, if not None, instead of the usual compiler."""
    trace: steps.Trace | None = None
    hook: Hook | None = None
    prepare: Callable[[Process], None] = lambda process: None
    """Called right before the program begins, when the interpreter is prepared for it."""
    made: set[str] = field(default_factory=set)
    """Receives the paths that it creates in /tmp."""
