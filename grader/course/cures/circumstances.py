"""What holds on one machine or in one process only: the home directory, and how Python hashes text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ...simulator.hashing import NAMES
from ...simulator.tree import File, Tree
from . import Cure, Remedy
from .source import PATH, module_of, name

SUBMIT = "sweep.sub"


def _home(files: Tree) -> Iterator[Remedy]:
    """The sandbox as home directory."""
    line = _first_line(files, r"""expanduser|Path\.home|\.home\(|['"]HOME['"]|['"]~""")
    if line:
        yield Remedy(_with_environment(files, "HOME=."), "the file is in the home directory here, which is not the sandbox. "
                     "HTCondor takes nothing from there, and a restart elsewhere does not find it", PATH, line)


def _hash(files: Tree) -> Iterator[Remedy]:
    """The same seed in each process."""
    module = module_of(files)
    lines = [node.lineno for node in ast.walk(module.tree) if isinstance(node, (ast.Name, ast.Attribute, ast.Set, ast.SetComp))
             and (name(node) in NAMES or isinstance(node, (ast.Set, ast.SetComp)))] if module else []
    if lines:
        yield Remedy(_with_environment(files, "PYTHONHASHSEED=0"), "the hash of a text, and so the order of a set, is another "
                     "one in each process that Python is started in: what one execution has saved, the next does not "
                     "accept", PATH, min(lines))


def _first_line(files: Tree, pattern: str) -> int | None:
    entry = files.get(PATH)
    lines = entry.text.splitlines() if isinstance(entry, File) else []
    return next((number for number, text in enumerate(lines, 1) if re.search(pattern, text)), None)


def _with_environment(files: Tree, setting: str) -> Tree:
    entry = files.get(SUBMIT)
    text = entry.text if isinstance(entry, File) else ""
    return files.put(SUBMIT, File(f'environment = "{setting}"\n{text}'.encode()))


CURES = (
    Cure(_home, (
        "In which directory is the file when the program leaves, and where does HTCondor look for it?",
        "On an execution point, ~ is the home directory of some account, if there is one. The checkpoint is taken from the "
        "sandbox, the directory that the program is started in.",
        "Use the plain name of the file, without ~, HOME or Path.home().")),
    Cure(_hash, (
        "Run python3 -c \"print(hash('4'))\" twice. What do you see?",
        "Python draws a new seed for hash() of text in each process, so that nobody can foresee it.",
        "Use a checksum that is the same everywhere: zlib.crc32(text.encode()), or hashlib.")),
)
