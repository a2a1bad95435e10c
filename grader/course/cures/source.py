"""A student's module as a syntax tree, for making changed copies. It never runs here."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, overload

from ...tree import File, Tree
from ..reading import parsed
from . import Remedy, cure_of

PATH = "checkpoint.py"
LEAVE = ast.parse("__import__('sys').exit(85)").body[0]
"""Exits with 85, whatever is imported."""
EXITS = ("exit", "_exit", "quit")
Change = ast.AST | list[ast.stmt] | None
"""The replacement of a node: another node, several statements, or nothing."""


Placed = ast.stmt | ast.expr | ast.ExceptHandler
"""A node with a line number."""
N = TypeVar("N", bound=Placed)
Scope = ast.FunctionDef | ast.Module


class Module:
    """checkpoint.py in a directory. Raises one of UNREADABLE."""

    def __init__(self, files: Tree):
        entry = files.get(PATH)
        self.files = files
        self.tree = parsed(entry.content if isinstance(entry, File) else b"")
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        """Name → the last definition."""
        self.save, self.restore = map(self.functions.get, ("save_checkpoint", "restore_checkpoint"))

    @property
    def iteration(self) -> str:
        """The name of save_checkpoint's argument."""
        return self.save.args.args[0].arg if self.save and self.save.args.args else "iteration"

    @property
    def ends(self) -> tuple[str, str]:
        """The names of restore_checkpoint's arguments START and END."""
        names = [argument.arg for argument in self.restore.args.args] if self.restore else []
        return (names[0], names[1]) if len(names) > 1 else ("start", "end")

    def called_by(self, place: Scope | None) -> list[Scope]:
        """A function, or the module, and the functions of the module that it calls, directly or not."""
        functions: list[Scope] = []
        pending = [place]
        while pending:
            here = pending.pop()
            if here is None or here in functions:
                continue
            functions.append(here)
            pending += [self.functions.get(name(node.func)) for node in ast.walk(here) if isinstance(node, ast.Call)]
        return functions

    @overload
    def nodes(self, place: Scope | None) -> Iterator[Placed]: ...

    @overload
    def nodes(self, place: Scope | None, kind: type[N]) -> Iterator[N]: ...

    def nodes(self, place: Scope | None, kind: Any = Placed) -> Iterator[Any]:
        """The nodes of a kind in a function and in the functions that it calls, or in the module, from top to bottom."""
        walked = (node for called in self.called_by(place) for node in ast.walk(called) if isinstance(node, kind))
        return iter(sorted(dict.fromkeys(walked), key=lambda node: (node.lineno, node.col_offset)))

    def remedy(
        self,
        changes: Mapping[ast.AST, Change],
        cause: str,
        at: Placed | int,
        *,
        last: Sequence[ast.stmt] = (),
        first: Sequence[ast.stmt] = (),
    ) -> Remedy:
        """A copy of the module in which these nodes are replaced, and `first` and `last` added to the body of
        save_checkpoint. `at` is the node, or the line, that is the cause."""
        if self.save and (first or last):
            changes = {**changes, self.save: with_more(rebuilt(self.save, changes), first, last)}
        text = ast.unparse(ast.fix_missing_locations(rebuilt(self.tree, changes)))
        files = self.files.put(PATH, File(text.encode("utf-8", "surrogatepass")))
        return Remedy(files, cause, PATH, at if isinstance(at, int) else at.lineno)

    def line(self, node: ast.AST) -> str:
        """The source of a node, on one line."""
        return " ".join(ast.unparse(node).split())


cure = partial(cure_of, Module)
"""Decorates a function from a Module to its remedies, with hints, and makes it a Cure."""


def with_more(
    function: ast.FunctionDef, first: Sequence[ast.stmt] = (), last: Sequence[ast.stmt] = ()
) -> ast.FunctionDef:
    """A copy of a function with more statements in its body."""
    return ast.FunctionDef(**{**dict(ast.iter_fields(function)), "body": [*first, *function.body, *last]})


def expression(text: str) -> ast.expr:
    """The syntax tree of an expression. Raises one of UNREADABLE."""
    statement = parsed(text).body[0]
    assert isinstance(statement, ast.Expr), text
    return statement.value


def rebuilt(node: Any, changes: Mapping[ast.AST, Change]) -> Any:
    """A copy of a syntax tree with some nodes changed. An emptied block becomes `pass`."""
    if isinstance(node, list):
        parts = [rebuilt(item, changes) for item in node]
        flat = [item for part in parts for item in (part if isinstance(part, list) else [part]) if item is not None]
        return flat or ([ast.Pass()] if node and isinstance(node[0], ast.stmt) else flat)
    if not isinstance(node, ast.AST):
        return node
    if node in changes:
        return changes[node]
    return type(node)(**{name: rebuilt(value, changes) for name, value in ast.iter_fields(node)})


def name(node: ast.AST) -> str:
    """The last part of a dotted name: `exit` for sys.exit; "" for anything else."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def call(node: ast.AST | None) -> ast.Call | None:
    """The call that a statement consists of."""
    return node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None


def leaves(node: ast.AST) -> bool:
    """Whether a statement ends the program: sys.exit(...), return os._exit(...), raise SystemExit(...)."""
    if isinstance(node, ast.Raise):
        raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return raised is not None and name(raised) == "SystemExit"
    called = node.value if isinstance(node, ast.Return) and isinstance(node.value, ast.Call) else call(node)
    return called is not None and name(called.func) in EXITS


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks of statements in a node, at any depth, except in functions and classes defined in it."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block
            for statement in block:
                if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                    yield from blocks(statement)
    for handler in getattr(node, "handlers", ()):
        yield from blocks(handler)


def mentions(node: ast.AST, *names: str) -> bool:
    """Whether a node contains any of these names."""
    return any(name(inner) in names for inner in ast.walk(node))
