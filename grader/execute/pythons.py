"""Which Python runs a program: a fork of this interpreter, which is many times faster than starting another; or, for
the user's own job that needs modules not installed here, the interpreter that its first line names."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache

from .. import calling
from ..tree import Tree

FIRST_LINE = re.compile(rb"#! ?(?:/usr/bin/env |/\S*/)python(?:3(?:\.\d+)?)?\n")
"""The first line of a program for Python."""
MOST_BYTES = 1 << 20
"""The largest file to parse."""


def users_path() -> str:
    """The user's PATH, without the folder that the course puts first."""
    here = os.path.dirname(os.path.abspath(sys.executable))
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder != here or not calling.by_lab())


def suffices(inputs: Tree) -> bool:
    """Whether this interpreter has the modules that a job's Python files import."""
    return not missing(inputs)


@lru_cache(64)
def missing(inputs: Tree) -> tuple[str, ...]:
    """The modules that a job's Python files import, and that are neither among its inputs nor installed here."""
    own = {path.partition("/")[0].removesuffix(".py") for path in inputs}
    needed = {
        name
        for path, file in inputs.regular().items()
        if path.endswith(".py") or FIRST_LINE.match(file.content)
        for name in imported(file.content)
    }
    return tuple(sorted(name for name in needed - own if not _is_installed(name)))


@lru_cache(256)
def imported(source: bytes) -> frozenset[str]:
    """The names of the top-level modules that a program imports anywhere; none if it can't be parsed. Optional imports,
    within `try ... except`, do not count."""
    if len(source) > MOST_BYTES:
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    optional = {
        id(inner) for node in ast.walk(tree) if isinstance(node, ast.Try) and node.handlers for inner in ast.walk(node)
    }
    return frozenset(
        name.partition(".")[0] for node in ast.walk(tree) if id(node) not in optional for name in _names(node)
    )


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def named_in(program: bytes, path: str) -> str | None:
    """The path of the interpreter that a program's first line names, looked up on this PATH; None if it is not found,
    or the program is not for Python."""
    if not FIRST_LINE.match(program):
        return None
    word = os.fsdecode(program[2 : program.index(b"\n")].split()[-1])
    return shutil.which(word, path=path)


def not_found(stderr: str) -> str:
    """The top-level module whose absence crashed a program; "" if none did."""
    last = (stderr.strip().splitlines() or [""])[-1]
    match = re.fullmatch(r"ModuleNotFoundError: No module named '(\w+)(?:\.[\w.]*)?'", last)
    return match[1] if match else ""
