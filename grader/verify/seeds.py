"""Whether a Python program seeds its random numbers according to its progress.

A generator that gets the same seed at each start gives the same numbers again, which is a mistake. But one that gets
the number of a block as its seed is meant to begin anew at each start, although it goes on in a run that never
restarts. This is read from the program's text, which is never run here.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from ..rules.job import Job
from ..tree import File

SEEDING = {"seed", "Random", "default_rng", "RandomState", "Generator", "PCG64", "manual_seed", "SeedSequence"}
"""The names of functions and classes that take a seed."""


def seeds_by_state(job: Job) -> bool:
    """Whether any of a job's Python files seeds a generator with a value that changes as the program goes on."""
    return any(_seeds(entry.content) for _, entry in job.inputs.items() if isinstance(entry, File))


def _seeds(source: bytes) -> bool:
    if not any(name.encode() in source for name in SEEDING):
        return False
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    bound = Counter(_bound(tree))
    return any(
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", None)) in SEEDING
        and any(bound[name] >= least for argument in node.args for name, least in _read(argument))
        for node in ast.walk(tree)
    )


def _bound(tree: ast.AST) -> Iterator[str]:
    """Each name, attribute and item, as often as a value is assigned to it."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            yield ast.unparse(node)


def _read(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The names, attributes and items in an expression, each with the least number of assignments that shows that its
    value changes as the program goes on. The first value of an item mostly comes from elsewhere, so one is enough."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        yield ast.unparse(node), 1 if isinstance(node, ast.Subscript) else 2
    else:
        for child in ast.iter_child_nodes(node):
            yield from _read(child)
