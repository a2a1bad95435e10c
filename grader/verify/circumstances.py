"""What a job depends on besides its arguments and its sandbox: the clock, its home directory, its process id, the order
of hashes, the times of files, random numbers without a seed. Read from the source of its programs, with the lines.

A verdict assumes that a job is a function of its arguments and its sandbox. Each of these is another input.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from ..rules.job import Job
from ..tree import File, Tree

MOST_BYTES = 1_000_000


class Circumstance(StrEnum):
    """What may differ at each start."""

    CLOCK = "the clock"
    HOME = "the home directory"
    MACHINE = "the name of the machine"
    PROCESS = "the process id"
    HASHES = "the order of a set, hash() or id()"
    FILE_TIMES = "the times of files"
    RANDOM = "random numbers without a seed"


class Look(NamedTuple):
    """A place where a program looks at a circumstance. `line` counts from 1."""

    what: Circumstance
    file: str
    line: int
    code: str
    """The line itself."""


_CALLS = {
    Circumstance.CLOCK: "time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns "
    "time.ctime time.localtime time.gmtime time.strftime datetime.datetime.now datetime.datetime.utcnow "
    "datetime.datetime.today datetime.date.today",
    Circumstance.HOME: "os.path.expanduser pathlib.Path.home pathlib.Path.expanduser",
    Circumstance.MACHINE: "socket.gethostname socket.getfqdn platform.node os.uname platform.uname",
    Circumstance.PROCESS: "os.getpid os.getppid threading.get_ident",
    Circumstance.HASHES: "hash id",
    Circumstance.FILE_TIMES: "os.path.getmtime os.path.getatime os.path.getctime",
    Circumstance.RANDOM: "os.urandom os.getrandom uuid.uuid1 uuid.uuid4 random.SystemRandom",
}
_CALLED = {name: what for what, names in _CALLS.items() for name in names.split()}
_TAKES_A_TIME = {"time.ctime": 0, "time.localtime": 0, "time.gmtime": 0, "time.strftime": 1}
"""Functions that look at the clock only if they get no time as an argument, and the index of that argument."""
_ATTRIBUTES = dict.fromkeys(("st_mtime", "st_atime", "st_ctime", "st_mtime_ns"), Circumstance.FILE_TIMES)
_METHODS = {"expanduser": Circumstance.HOME}
_RANDOM = ("random.", "numpy.random.", "torch.rand", "secrets.")
_SEEDED = ("random.Random", "numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.SeedSequence")
"""Generators that are not seeded if they are called without arguments."""
_SEEDS = re.compile(r"(?:random|torch|numpy\.random)\.(?:seed|manual_seed|setstate|set_state|set_rng_state)")
_HARMLESS = re.compile(r"numpy\.random\.(?:Generator|PCG64|Philox|MT19937|BitGenerator)|secrets\.compare_digest")
_HOME_IN_SHELL, _IN_SHELL = (
    re.compile(r"(?<![\w\\])(?:\$HOME\b|\$\{HOME\b|~/)"),
    {
        Circumstance.CLOCK: re.compile(r"(?:^|[`(;|&]|\$\()\s*date\b|\$(?:EPOCHSECONDS|SECONDS|EPOCHREALTIME)\b"),
        Circumstance.MACHINE: re.compile(r"(?:^|[`(;|&])\s*hostname\b|\$\{?HOSTNAME\b"),
        Circumstance.PROCESS: re.compile(r"\$\$|\$BASHPID\b"),
        Circumstance.FILE_TIMES: re.compile(r"\s-(?:nt|ot|newer)\s"),
        Circumstance.RANDOM: re.compile(r"\$\{?S?RANDOM\b|/dev/u?random|\b(?:shuf|mktemp)\b"),
    },
)
_SHELL = re.compile(rb"#! *\S*?/(?:env +)?(?:\w+/)*(?:ba|da|k|z|)sh\b")
_PYTHON = re.compile(rb"#!.*\bpython[\d.]*")


def looks(job: Job) -> tuple[Look, ...]:
    """Where the programs of a job look at what may differ at each start, in the order of files and lines."""
    return tuple(look for path, entry in sorted(_programs(job.inputs)) for look in _looks(path, entry.content))


def _programs(inputs: Tree) -> Iterator[tuple[str, File]]:
    for path, entry in inputs.items():
        if isinstance(entry, File) and len(entry.content) <= MOST_BYTES:
            yield path, entry


@lru_cache(256)
def _looks(path: str, content: bytes) -> tuple[Look, ...]:
    if path.endswith(".py") or _PYTHON.match(content):
        found = _in_python(content)
    elif _SHELL.match(content):
        found = _in_shell(content)
    else:
        return ()
    lines = content.decode("utf-8", "replace").splitlines()
    places = sorted({(line, what) for what, line in found})
    return tuple(Look(what, path, line, lines[line - 1].strip()) for line, what in places if 0 < line <= len(lines))


def _in_shell(content: bytes) -> Iterator[tuple[Circumstance, int]]:
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        code = "" if line.lstrip().startswith("#") else line
        if _HOME_IN_SHELL.search(code):
            yield Circumstance.HOME, number
        for what, pattern in _IN_SHELL.items():
            if pattern.search(code):
                yield what, number


def _in_python(content: bytes) -> Iterator[tuple[Circumstance, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    nodes, names = list(ast.walk(tree)), dict(_imported(tree))
    own = {node.name: f"own.{node.name}" for node in nodes if isinstance(node, ast.FunctionDef)}
    names, orderless, sets = own | names, set(_orderless(nodes)), _names_of_sets(nodes)
    seeded = any(isinstance(node, ast.Call) and _SEEDS.fullmatch(_dotted(node.func, names)) for node in nodes)
    for node in nodes:
        if (what := _looks_at(node, names, seeded)) and isinstance(node, ast.expr):
            yield what, node.lineno
        for made_of in _ordered(node):
            set_made_of = made_of.id in sets if isinstance(made_of, ast.Name) else _is_set(made_of)
            if set_made_of and id(made_of) not in orderless:
                yield Circumstance.HASHES, made_of.lineno


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that imports define, and what they stand for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """The full name of what an expression names, such as numpy.random.rand for `np.random.rand`; "" if it is not a
    name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value, names)):
        return f"{before}.{node.attr}"
    return ""


def _looks_at(node: ast.AST, names: dict[str, str], seeded: bool) -> Circumstance | None:
    if isinstance(node, ast.Attribute):
        return _ATTRIBUTES.get(node.attr)
    if isinstance(node, ast.Subscript):
        return Circumstance.HOME if _is_home(_dotted(node.value, names), node.slice) else None
    if not isinstance(node, ast.Call):
        return None
    called = _dotted(node.func, names)
    if len(node.args) > _TAKES_A_TIME.get(called, len(node.args)):
        return None
    if called in _CALLED:
        return _CALLED[called]
    if called in ("os.environ.get", "os.getenv") and node.args and _is_home("os.environ", node.args[0]):
        return Circumstance.HOME
    if called in _SEEDED:
        return None if node.args or node.keywords else Circumstance.RANDOM
    if called.startswith(_RANDOM) and not seeded and not _HARMLESS.match(called):
        return Circumstance.RANDOM
    return _METHODS.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None


def _is_home(of: str, key: ast.expr) -> bool:
    return of == "os.environ" and isinstance(key, ast.Constant) and key.value == "HOME"


_ORDERLESS = frozenset(("sorted", "len", "sum", "min", "max", "any", "all", "set", "frozenset"))
"""Functions whose result does not depend on the order of the items that they get."""


def _orderless(nodes: list[ast.AST]) -> Iterator[int]:
    """The ids of what comprehensions run through if the order does not matter: in a set comprehension, or in an
    argument of one of these functions."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ORDERLESS:
            made = [item.generators for item in node.args if isinstance(item, ast.GeneratorExp | ast.ListComp)]
        else:
            made = [node.generators] if isinstance(node, ast.SetComp) else []
        yield from (id(loop.iter) for loops in made for loop in loops)


def _ordered(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions whose order this node uses: what a loop runs through, or what becomes a list or a text."""
    if isinstance(node, ast.For | ast.comprehension):
        yield node.iter
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in ("list", "tuple", "enumerate") or (
            isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        ):
            yield from node.args


def _names_of_sets(nodes: list[ast.AST]) -> set[str]:
    """The names to which a program assigns a set of strings, and nothing else."""
    stored = Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Set)
        if any(isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.value.elts)
        for target in node.targets
        if isinstance(target, ast.Name) and stored[target.id] == 1
    }


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("set", "frozenset")
    return isinstance(node, ast.Set | ast.SetComp)
