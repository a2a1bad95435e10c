"""Things that are valid only on one machine or in one process: other directories, numbers, and how Python hashes text."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

from ...tree import File, Tree
from . import Cure, Remedy
from .source import PATH, Change, Module, name

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
"""Function → what is as good in its place."""
_AT_HOME = ast.parse("__import__('os').environ['HOME'] = '.'").body[0]
"""(The job's `environment` can't set HOME.)"""
_ABSOLUTE = re.compile(r"/[\w.+@~-]+(?:/[\w.+@~-]+)*/?")


def _home(files: Tree) -> Iterator[Remedy]:
    """Makes the sandbox the home directory."""
    line = _first_line(files, r"""expanduser|Path\.home|\.home\(|['"]HOME['"]|['"]~""")
    if line:
        module = Module(files)
        first = next(node for node in module.tree.body if getattr(node, "module", "") != "__future__")
        yield Remedy(
            module.changed({first: [_AT_HOME, first]}),
            "the file is in the home directory here, not in the "
            "sandbox. HTCondor transfers nothing from there, and a restart elsewhere does not find it",
            PATH,
            line,
        )


def _outside(files: Tree) -> Iterator[Remedy]:
    """Replaces absolute paths by plain names, or by the sandbox."""
    module = Module(files)
    paths = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ABSOLUTE.fullmatch(node.value)
    ]
    for directories in (False, True) if paths else ():
        yield Remedy(
            module.changed(
                {node: ast.Constant("." if directories else posixpath.basename(str(node.value))) for node in paths}
            ),
            "the file is outside the sandbox here. HTCondor transfers nothing from there, and a restart elsewhere does "
            "not find it",
            PATH,
            min(node.lineno for node in paths),
        )


def _changing(files: Tree) -> Iterator[Remedy]:
    """Replaces calls that give something else in each execution by constants."""
    module = Module(files)
    for function, constant in CHANGING.items():
        calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and name(node.func) == function]
        if calls:
            yield Remedy(
                module.changed(dict.fromkeys(calls, ast.Constant(constant))),
                f"{function}() gives something else in each execution: the next one does not find, or does not accept, "
                "what this one has saved",
                PATH,
                min(node.lineno for node in calls),
            )


def _hash(files: Tree) -> Iterator[Remedy]:
    """Uses the same hash seed in each process."""
    for line in _lines_with(files, "hash", "__hash__"):
        yield Remedy(
            _with_known_hashes(files),
            "hash() of a text gives another number in each "
            "Python process: the next execution does not accept what this one has saved",
            PATH,
            line,
        )


def _address(files: Tree) -> Iterator[Remedy]:
    """Replaces id() by a constant."""
    for line in _lines_with(files, "id"):
        module = Module(files)
        calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and name(node.func) == "id"]
        yield Remedy(
            module.changed(dict.fromkeys(calls, ast.Constant(1))),
            "id() is an address in the "
            "memory of one process: the next execution does not accept what this one has saved",
            PATH,
            line,
        )


def _unordered(files: Tree) -> Iterator[Remedy]:
    """Replaces sets by lists, or by the keys of a dictionary."""
    module = Module(files)
    changes: dict[ast.AST, Change] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Set):
            changes[node] = ast.List(node.elts, ast.Load())
        elif isinstance(node, ast.SetComp):
            changes[node] = ast.ListComp(node.elt, node.generators)
        elif isinstance(node, ast.Call) and name(node.func) in ("set", "frozenset") and len(node.args) == 1:
            changes[node] = ast.Call(ast.Attribute(ast.Name("dict", ast.Load()), "fromkeys", ast.Load()), node.args, [])
    if changes:
        yield Remedy(
            module.changed(changes),
            "a set has no order: its elements come in another order in each process",
            PATH,
            min(node.lineno for node in changes if isinstance(node, ast.expr)),
        )


def _lines_with(files: Tree, *names: str) -> list[int]:
    """The first line that contains one of these names, in a list; [] if there is none."""
    module = Module(files)
    return sorted(
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Name, ast.Attribute)) and name(node) in names
    )[:1]


def _first_line(files: Tree, pattern: str) -> int | None:
    entry = files.get(PATH)
    lines = entry.text.splitlines() if isinstance(entry, File) else []
    return next((number for number, text in enumerate(lines, 1) if re.search(pattern, text)), None)


def _with_known_hashes(files: Tree) -> Tree:
    entry = files.get(SUBMIT)
    text = entry.text if isinstance(entry, File) else ""
    return files.put(SUBMIT, File(f'environment = "PYTHONHASHSEED=0"\n{text}'.encode()))


_SAME_EVERYWHERE = (
    "Run python3 -c \"print(hash('4'), id('4'))\" twice. What do you see?",
    "Each Python process uses a new seed for hash() of text, and has its objects at other addresses.",
    "Use a checksum that is the same everywhere: zlib.crc32(text.encode()), or hashlib.",
)
CURES = (
    Cure(
        _home,
        (
            "In which directory is the file when the program exits, and where does HTCondor look for it?",
            "On an execution point, ~ is the home directory of some account, if there is one. The checkpoint comes from the "
            "sandbox, the directory in which the program is started.",
            "Use the plain name of the file, without ~, HOME or Path.home().",
        ),
    ),
    Cure(
        _outside,
        (
            "In which directory is the file when the program exits, and where does HTCondor look for it?",
            "On another execution point the same directory has other files in it, if it exists at all. The checkpoint comes "
            "from the sandbox, the directory in which the program is started.",
            "Use the plain name of the file, without a directory in front.",
        ),
    ),
    Cure(
        _changing,
        (
            "What did the first execution save, and what does the second one look for?",
            "A restart is another process, at another time, and often on another machine.",
            "Give the checkpoint the same name each time, and save in it only what does not depend on who reads it, or when.",
        ),
    ),
    Cure(_hash, _SAME_EVERYWHERE),
    Cure(_address, _SAME_EVERYWHERE),
    Cure(
        _unordered,
        (
            "Run python3 -c \"print({'a', 'b', 'c'})\" several times. What do you see?",
            "A set has no order: the order of its elements changes from process to process.",
            "Use a list or a dictionary, which keep their order, or sorted(...).",
        ),
    ),
)
