"""Cures for what holds on one machine or in one process only: other directories, process ids, and hashes of text."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from ...tree import File
from . import Remedy
from .source import PATH, Change, Module, Placed, cure, name

SUBMIT = "sweep.sub"
CHANGING: dict[str, int | str] = {
    "getpid": 1,
    "getppid": 1,
    "time": 1,
    "time_ns": 1,
    "strftime": "0",
    "ctime": "0",
    "gethostname": "0",
    "node": "0",
}
"""Function → a constant that serves as well."""
_HOME = re.compile(r"""expanduser|Path\.home|\.home\(|['"]HOME['"]|['"]~""")
_AT_HOME = ast.parse("__import__('os').environ['HOME'] = '.'").body[0]
"""(The job's `environment` can't set HOME.)"""
_SAME_EVERYWHERE = (
    "Run python3 -c \"print(hash('4'), id('4'))\" twice. What do you see?",
    "Each Python process uses a new seed for hash() of text, and has its objects at other addresses.",
    "Use a checksum that is the same everywhere: zlib.crc32(text.encode()), or hashlib.",
)
_ABSOLUTE = re.compile(r"/[\w.+@~-]+(?:/[\w.+@~-]+)*/?")


@cure(
    "In which directory is the file when the program exits, and where does HTCondor look for it?",
    "On an execution point, ~ is the home directory of some account, if there is one. The checkpoint comes from the "
    "sandbox, the directory in which the program is started.",
    "Use the plain name of the file, without ~, HOME or Path.home().",
)
def _home(module: Module) -> Iterator[Remedy]:
    """Makes the sandbox the home directory."""
    lines = enumerate(module.files.text(PATH).splitlines(), 1)
    line = next((number for number, line in lines if _HOME.search(line)), None)
    if line:
        first = next(node for node in module.tree.body if getattr(node, "module", "") != "__future__")
        yield module.remedy(
            {first: [_AT_HOME, first]},
            "the file is in the home directory here, not in the sandbox. HTCondor transfers nothing from there, and a restart "
            "elsewhere does not find it",
            line,
        )


@cure(
    "In which directory is the file when the program exits, and where does HTCondor look for it?",
    "On another execution point the same directory has other files in it, if it exists at all. The checkpoint comes "
    "from the sandbox, the directory in which the program is started.",
    "Use the plain name of the file, without a directory in front.",
)
def _outside(module: Module) -> Iterator[Remedy]:
    """Replaces absolute paths by plain names, or by the sandbox."""
    texts = [node for node in module.nodes(module.tree, ast.Constant) if isinstance(node.value, str)]
    paths = [node for node in texts if _ABSOLUTE.fullmatch(str(node.value))]
    for directories in (False, True) if paths else ():
        yield module.remedy(
            {node: ast.Constant("." if directories else posixpath.basename(str(node.value))) for node in paths},
            "the file is outside the sandbox here. HTCondor transfers nothing from there, and a restart elsewhere does "
            "not find it",
            paths[0],
        )


@cure(
    "What did the first execution save, and what does the second one look for?",
    "A restart is another process, at another time, and often on another machine.",
    "Give the checkpoint the same name each time, and save in it only what does not depend on who reads it, or when.",
)
def _changing(module: Module) -> Iterator[Remedy]:
    """Replaces calls that give something else in each execution by constants."""
    for function, constant in CHANGING.items():
        if calls := [node for node in module.nodes(module.tree, ast.Call) if name(node.func) == function]:
            yield module.remedy(
                dict.fromkeys(calls, ast.Constant(constant)),
                f"{function}() gives something else in each execution: the next one does not find, or does not accept, "
                "what this one has saved",
                calls[0],
            )


@cure(*_SAME_EVERYWHERE)
def _hash(module: Module) -> Iterator[Remedy]:
    """Uses the same hash seed in each process."""
    submit = f'environment = "PYTHONHASHSEED=0"\n{module.files.text(SUBMIT)}'
    files = module.files.put(SUBMIT, File(submit.encode()))
    for node in _named(module, "hash", "__hash__"):
        yield Remedy(
            files,
            "hash() of a text gives another number in each Python process: the next execution does not accept what this "
            "one has saved",
            PATH,
            node.lineno,
        )


@cure(*_SAME_EVERYWHERE)
def _address(module: Module) -> Iterator[Remedy]:
    """Replaces id() by a constant."""
    for node in _named(module, "id"):
        calls = [node for node in module.nodes(module.tree, ast.Call) if name(node.func) == "id"]
        yield module.remedy(
            dict.fromkeys(calls, ast.Constant(1)),
            "id() is an address in the memory of one process: the next execution does not accept what this one has saved",
            node,
        )


def _named(module: Module, *names: str) -> list[Placed]:
    """The first node that is one of these names, in a list; [] if there is none."""
    return [node for node in module.nodes(module.tree) if name(node) in names][:1]


@cure(
    "Run python3 -c \"print({'a', 'b', 'c'})\" several times. What do you see?",
    "A set has no order: the order of its elements changes from process to process.",
    "Use a list or a dictionary, which keep their order, or sorted(...).",
)
def _unordered(module: Module) -> Iterator[Remedy]:
    """Replaces sets by lists, or by the keys of a dictionary."""
    changes: dict[ast.AST, Change] = {}
    for node in module.nodes(module.tree):
        if isinstance(node, ast.Set):
            changes[node] = ast.List(node.elts, ast.Load())
        elif isinstance(node, ast.SetComp):
            changes[node] = ast.ListComp(node.elt, node.generators)
        elif isinstance(node, ast.Call) and name(node.func) in ("set", "frozenset") and len(node.args) == 1:
            changes[node] = ast.Call(ast.Attribute(ast.Name("dict", ast.Load()), "fromkeys", ast.Load()), node.args, [])
    if changes:
        cause = "a set has no order: its elements come in another order in each process"
        yield module.remedy(changes, cause, min(node.lineno for node in changes if isinstance(node, ast.expr)))


CURES = (_home, _outside, _changing, _hash, _address, _unordered)
