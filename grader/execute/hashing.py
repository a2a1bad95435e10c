"""The seed with which Python hashes text in an execution (PYTHONHASHSEED).

On a pool each start of Python has a different seed, so hash() of a text and the order of a set change each time. Here
the seed is derived from the contents of the sandbox: the same start always gets the same seed, and a restart gets
another.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from functools import lru_cache

from ..rules.transfer import without_streams
from ..tree import Tree

FIXED = "0"
"""The seed for programs to which it makes no difference. The starter has it; any other seed needs a new interpreter."""
NAMES = frozenset(("hash", "id", "set", "frozenset", "__hash__"))
MOST_BYTES = 100_000


def seed(sandbox: Tree, slot: int) -> str:
    """The value of PYTHONHASHSEED for a start in this sandbox."""
    files = sandbox.regular().items()
    if not any(matters(file.content) for path, file in files if path.endswith(".py") or file.executable):
        return FIXED
    digest = hashlib.sha256(b"%d" % slot)
    for path, entry in without_streams(sandbox).items():
        digest.update(b"\0%s\0%s" % (path.encode("utf-8", "surrogateescape"), getattr(entry, "content", b"")))
    return str(1 + int.from_bytes(digest.digest()[:4], "big") % 0xFFFF_FFFE)


@lru_cache(256)
def matters(program: bytes) -> bool:
    """Whether a Python program uses a hash or an address, or makes a set, judged by its source."""
    if len(program) > MOST_BYTES:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(program)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    compared = {id(operand) for node in nodes if isinstance(node, ast.Compare) for operand in node.comparators}
    return any(_names(node) or (_is_unordered(node) and id(node) not in compared) for node in nodes)


def _names(node: ast.AST) -> bool:
    return (node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else "") in NAMES


def _is_unordered(node: ast.AST) -> bool:
    """Whether this makes a set that may contain more than numbers."""
    if isinstance(node, ast.Set):
        return not all(isinstance(item, ast.Constant) and isinstance(item.value, (int, float)) for item in node.elts)
    return isinstance(node, ast.SetComp)
