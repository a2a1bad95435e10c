"""Cures for saving, where the program exits with 85 but writes something else, or nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

from ..reading import parsed
from ..report import Failure
from . import Remedy
from .source import PATH, Module, call, cure, mentions, name, with_more

WRITES = (
    "write writelines dump dumps print writerow write_text write_bytes pack str format put execute repr bytes save encode"
).split()
RENAMES = ("rename", "replace", "move")
REMOVES = ("remove", "unlink", "rmtree", "truncate", "removedirs", "rmdir", *RENAMES)
DUMPS = ("dump", "safe_dump")
OUTPUT = "my_output.txt"
IN_A_FOLDER = re.compile(r"((?:\./)?\w[\w/-]*?)(?:/([\w.-]+))?/?")
"""A path: its folder, and the file if there is one."""
GIVEN = "given.py"
MOST_VALUES = 8
"""The most values in saving that are replaced by the iteration, to see whether the answer is then right."""


def _was_written(failure: Failure, remedy: Remedy) -> bool:
    """Whether the evidence shows no error in saving, hidden or not, and no missing file."""
    return all(fact.file != PATH and fact.kind != "not there" for fact in failure.evidence)


def _does_not_fail(failure: Failure, remedy: Remedy) -> bool:
    """Whether the traceback, if there is one, ends in another line."""
    ends = [(fact.file, fact.line) for fact in failure.evidence if fact.kind == "traceback"]
    return (remedy.file, remedy.line) not in ends


@cure(
    "What can a file be used for that is opened in this way?",
    "open(NAME) opens a file that exists, to read it. open(NAME, 'w') makes a new one, to write to it.",
    'Write with open("checkpoint.txt", "w") as file.',
)
def _opened_to_read(module: Module) -> Iterator[Remedy]:
    """Something is written to a file that was opened without a mode."""
    for node in module.nodes(module.save, ast.Call):
        if name(node.func) == "open" and len(node.args) == 1 and not node.keywords:
            written = ast.Call(node.func, [*node.args, ast.Constant("w")], [])
            cause = f"`{module.line(node)}` opens a file to read it. To write, open() takes 'w' as well"
            yield module.remedy({node: written}, cause, node)


def _was_not_there(failure: Failure, remedy: Remedy) -> bool:
    """Whether the answer fails because the folder that the remedy leaves out does not exist."""
    raised = "\n".join(fact.text for fact in failure.evidence if fact.kind == "traceback")
    absent = re.search(r"^FileNotFoundError: .*: '(.+)/[^/]+'$", raised, re.MULTILINE)
    return absent is not None and remedy.cause.startswith(_no_folder(absent[1]))


def _no_folder(folder: str) -> str:
    return f"there is no folder {folder} in the sandbox"


@cure(
    "Which files and folders are in the sandbox when the program starts?",
    "save/ and restore/ are folders in the course. The sandbox has the files of such a folder, but not the folder itself.",
    'Write to the name that the submit file lists, without a folder: open("checkpoint.txt", "w").',
    fits=_was_not_there,
)
def _in_a_folder(module: Module) -> Iterator[Remedy]:
    """A path begins with a folder that the program does not have."""
    if mentions(module.tree, "mkdir", "makedirs"):
        return
    without: dict[str, dict[ast.AST, ast.AST]] = {}
    for node in module.nodes(module.tree, ast.Constant):
        if isinstance(node.value, str) and (path := IN_A_FOLDER.fullmatch(node.value)):
            without.setdefault(path[1], {})[node] = ast.Constant(path[2] or ".")
    for folder, changes in without.items():
        first = next(node for node in changes if isinstance(node, ast.Constant))
        cause = f"{_no_folder(folder)}, and opening a file there does not make one"
        yield module.remedy(changes, cause, first)


@cure(
    "Which functions of checkpoint.py does the program call, and which of them are there?",
    "sweep.py calls restore_checkpoint of checkpoint.py, too. It is written already, in given.py.",
    "Put the line back that the cell began with: from given import restore_checkpoint",
)
def _not_imported(module: Module) -> Iterator[Remedy]:
    """restore_checkpoint, which is given, is not imported."""
    if GIVEN in module.files and "restore_checkpoint" not in module.line(module.tree) and module.save:
        cause = "the line `from given import restore_checkpoint` is missing: sweep.py calls restore_checkpoint, too"
        imported = parsed("from given import restore_checkpoint").body
        yield module.remedy({module.save: [*imported, module.save]}, cause, 1)


@cure(
    "How many bytes does the checkpoint file have, and what does this line report if nothing catches its error?",
    "write() takes text (or bytes, in a file opened with 'b'), not a number. Nobody sees an error that is caught, or "
    "after which `finally` exits.",
    "Write str(iteration), and exit with 85 only if that has worked: outside try, except and finally.",
)
def _written_as_text(module: Module) -> Iterator[Remedy]:
    """write() gets a number."""
    guarded = _guarded(module)
    for node in module.nodes(module.save, ast.Call):
        if name(node.func) not in ("write", "write_text", "write_bytes", "writelines") or len(node.args) != 1:
            continue
        cause = f"`{module.line(node)}` fails, as its argument is not text (or bytes)"
        if node in guarded:
            cause += ". The error is hidden: the program exits with 85 as if all were well, and the file is empty"
        for value in _as_text_or_bytes(node.args[0]):
            yield module.remedy({node: ast.Call(node.func, [value], node.keywords)}, cause, node)


def _as_text_or_bytes(value: ast.expr) -> tuple[ast.Call, ast.Call]:
    """`str(value)` and `str(value).encode()`."""
    text = ast.Call(ast.Name("str", ast.Load()), [value], [])
    return text, ast.Call(ast.Attribute(text, "encode", ast.Load()), [], [])


def _guarded(module: Module) -> set[ast.AST]:
    """The nodes of saving whose errors may be hidden: below `try` or `with suppress(...)`, or in a function called
    there."""
    blocks = [node for node in module.nodes(module.save, ast.stmt) if isinstance(node, ast.Try) or _suppresses(node)]
    inside = {node for block in blocks for node in ast.walk(block)}
    called = (module.functions.get(name(node.func)) for node in inside if isinstance(node, ast.Call))
    return inside | {node for start in called for function in module.called_by(start) for node in ast.walk(function)}


def _suppresses(node: ast.stmt) -> bool:
    """Whether a statement is `with suppress(...)`."""
    managers = [item.context_expr for item in node.items] if isinstance(node, ast.With) else []
    return any(isinstance(one, ast.Call) and name(one.func) == "suppress" for one in managers)


@cure(
    "Which number is saved, and with which number does the next execution begin?",
    "save_checkpoint(iteration) is called before that iteration is done: a restart must begin with it.",
    "Save the iteration unchanged, and return it unchanged. Don't add or subtract 1.",
    agrees=("repeats-iteration", "skips-iteration"),
)
def _one_off(module: Module) -> Iterator[Remedy]:
    """One is added or subtracted on the way into the file or back."""
    for function, whose in ((module.save, "save_checkpoint is given"), (module.restore, "was saved")):
        for node in module.nodes(function):
            if not isinstance(node, ast.BinOp | ast.AugAssign):
                continue
            by = node.right if isinstance(node, ast.BinOp) else node.value
            is_number = isinstance(by, ast.Constant) and type(by.value) is int
            if is_number and isinstance(node.op, (ast.Add, ast.Sub)) and not mentions(node, module.ends[1], "len"):
                yield module.remedy(
                    {node: node.left if isinstance(node, ast.BinOp) else None},
                    f"`{module.line(node)}` makes another number of the iteration that {whose}",
                    node,
                )


@cure(
    "How many digits does an iteration have at the end of a long sweep, and how many are saved and read?",
    "An index, a slice and read(n) take only a part of a text. What is left of a longer number is another number.",
    "Save the whole number, and read the whole file: int(file.read()).",
)
def _a_part(module: Module) -> Iterator[Remedy]:
    """Only some of the digits are saved, or read."""
    for function in (module.save, module.restore):
        for node in module.nodes(function, ast.expr):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                cause = f"`{module.line(node)}` is only a part of `{module.line(node.value)}`"
                yield module.remedy({node: node.value}, cause, node)
            elif isinstance(node, ast.Call) and name(node.func) in ("read", "readline") and node.args:
                cause = f"`{module.line(node)}` reads only a part of the file"
                yield module.remedy({node: ast.Call(node.func, [], [])}, cause, node)


@cure(
    "Where does print() write if it is told nothing else?",
    "print(...) writes to the output of the program, not to a file that is open.",
    "Name the file: print(iteration, file=file), or file.write(str(iteration)).",
)
def _printed(module: Module) -> Iterator[Remedy]:
    """print() without file=, beside an open file."""
    files = [
        node.optional_vars if isinstance(node, ast.withitem) else node.targets[0]
        for function in module.called_by(module.save)
        for node in ast.walk(function)
        if (isinstance(node, ast.withitem) and mentions(node.context_expr, "open"))
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and mentions(node.value.func, "open"))
    ]
    for node in module.nodes(module.save, ast.Call):
        if name(node.func) != "print" or any(one.arg == "file" for one in node.keywords):
            continue
        for file in (file for file in files if isinstance(file, ast.Name)):
            there = ast.keyword("file", ast.Name(file.id, ast.Load()))
            yield module.remedy(
                {node: ast.Call(node.func, node.args, [*node.keywords, there])},
                f"`{module.line(node)}` writes to the output of the program, not to `{file.id}`",
                node,
            )


@cure(
    "Look into the checkpoint file after the first execution. Which number should be in it?",
    "The argument of save_checkpoint(iteration) is where a restart must begin. Each execution is a new process with "
    "new variables.",
    "Write the argument itself: file.write(str(iteration)).",
    agrees=("repeats-iteration", "skips-iteration"),
)
def _another_value(module: Module) -> Iterator[Remedy]:
    """The saved value is not the iteration that save_checkpoint was given."""
    iteration = ast.Name(module.iteration, ast.Load())
    written: list[ast.expr] = []
    kept: list[ast.expr] = []
    for node in module.nodes(module.save):
        if isinstance(node, ast.Call) and name(node.func) in WRITES:
            written += [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.FormattedValue):
            written.append(node.value)
        elif isinstance(node, ast.Assign) and not mentions(node.value, "open", module.iteration):
            kept.append(node.value)
    if any(mentions(value, module.iteration) for value in written):
        return  # the iteration is written, too
    parts = [one for value in [*written, *kept] for one in ast.walk(value)]
    texts = {part for one in parts if isinstance(one, ast.JoinedStr) for part in one.values}
    called = {one.func for one in parts if isinstance(one, ast.Call)}
    places = {index for one in parts if isinstance(one, ast.Subscript) for index in ast.walk(one.slice)}
    others = dict.fromkeys(
        one
        for one in parts
        if _is_a_value(one) and one not in texts | called | places and not mentions(one, module.iteration)
    )
    as_text, _ = _as_text_or_bytes(iteration)
    writes = (node for node in module.nodes(module.save, ast.Call) if name(node.func) in ("write", "write_text"))
    direct = {one for node in writes for one in node.args}
    for node in list(others)[:MOST_VALUES]:
        yield module.remedy(
            {node: as_text if node in direct else iteration},
            f"`{module.line(node)}` is used here instead of `{module.iteration}`, the argument of save_checkpoint",
            node,
        )


def _is_a_value(node: ast.AST) -> TypeGuard[ast.expr]:
    return isinstance(node, ast.expr) and (
        (isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Constant) and isinstance(node.value, (int, str)) and node.value != OUTPUT)
        or (isinstance(node, ast.Call) and name(node.func) in ("len", "int", "next", "sum"))
    )


@cure(
    "Look into the checkpoint file after the first execution. What would int(...) make of it?",
    "A format is an agreement between writer and reader. Here the reader is given, and expects the digits of a number "
    "and nothing else.",
    "Write str(iteration) into a file that is opened for text.",
    fits=_was_written,
)
def _another_format(module: Module) -> Iterator[Remedy]:
    """The iteration is written in a form that int() can't read."""
    for node in module.nodes(module.save, ast.Call):
        if not mentions(node, module.iteration) or not node.args:
            continue
        values = _as_text_or_bytes(ast.Name(module.iteration, ast.Load()))
        called = name(node.func)
        if called in ("write", "write_text", "write_bytes"):
            what, made = node.args[0], [ast.Call(node.func, [value], node.keywords) for value in values]
        elif called in DUMPS and len(node.args) > 1:
            write = ast.Attribute(node.args[1], "write", ast.Load())
            what, made = node, [ast.Call(write, [value], []) for value in values]
        elif called == "print":
            what, made = node, [ast.Call(node.func, [values[0]], [one for one in node.keywords if one.arg == "file"])]
        else:
            continue
        for one in made:
            yield module.remedy(
                {node: one},
                f"restore_checkpoint, which is given, makes a number of the text in the file by int(...). It does not get "
                f"`{module.iteration}` back from what `{module.line(what)}` writes",
                node,
            )


@cure(
    "Which files are in the sandbox when the program leaves, and which does the submit file list?",
    "The checkpoint is all that transfer_checkpoint_files lists. my_output.txt is among that: a restart continues it.",
    "Remove nothing that is listed, or list it under the name that it has in the end; and leave my_output.txt to "
    "sweep.py.",
    agrees=("output-overwritten",),
    fits=_does_not_fail,
)
def _removed(module: Module) -> Iterator[Remedy]:
    """A file that is needed is removed, renamed, or emptied."""
    for function in (module.save, module.restore):
        for node in module.nodes(function, ast.Expr):
            called = call(node)
            if called and name(called.func) in REMOVES:
                how = " under the name that the submit file lists" * (name(called.func) in RENAMES)
                yield module.remedy(
                    {node: None},
                    f"`{module.line(node)}` takes away a file that is needed{how}: it is part of the checkpoint",
                    node,
                )


@cure(
    "Which lines of my_output.txt has sweep.py written, and which does checkpoint.py write?",
    "my_output.txt is the result: it must look the same however often the job saves and is restarted.",
    "Leave my_output.txt to sweep.py. What you want to tell belongs in a file of its own, or in print().",
    agrees=("output-overwritten",),
)
def _writes_output(module: Module) -> Iterator[Remedy]:
    """checkpoint.py writes something of its own to the output."""
    for function in (module.save, module.restore):
        for node in module.nodes(function, ast.Call):
            names = [one for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value == OUTPUT]
            modes = [str(one.value) for one in ast.walk(node) if isinstance(one, ast.Constant)]
            empties = mentions(node, "write_text", "write_bytes") or any(re.match("[wx]", mode) for mode in modes)
            if names and (empties or (mentions(node, "open") and any(re.match("a|r[bt]?\\+", mode) for mode in modes))):
                does = f"empties {OUTPUT}" if empties else f"opens {OUTPUT} to write to it"
                yield module.remedy(
                    dict.fromkeys(names, ast.Constant("aside.txt")),
                    f"`{module.line(node)}` {does}. That file is the result, which sweep.py writes, and part of the checkpoint",
                    node,
                )


@cure(
    "What is left of a process after it has ended?",
    "Variables and environment variables belong to a process. A restart is a new process, perhaps on another machine: "
    "only files get there.",
    "Write the iteration into a file that transfer_checkpoint_files lists, and read it in restore_checkpoint.",
)
def _kept_in_memory(module: Module) -> Iterator[Remedy]:
    """The iteration is kept in a variable or the environment of the process, which are gone after a restart."""
    if not module.save or not module.restore or not module.restore.body:
        return
    for node in module.nodes(module.save):
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr)):
            continue
        if mentions(node, "environ", "putenv"):
            what = "an environment variable"
        elif isinstance(node, ast.Assign) and _outlives(module, node.targets[0]):
            what = f"the variable {module.line(node.targets[0])}"
        else:
            continue
        kept = parsed(f"open('.kept', 'w').write(str({module.iteration}))").body
        begins = parsed("import os\nif os.path.exists('.kept'):\n    return int(open('.kept').read())").body
        yield module.remedy(
            {module.restore: with_more(module.restore, first=begins)},
            f"the iteration is kept in {what} here, which is gone when the process ends: the restart is another process, "
            "without it",
            node,
            first=kept,
        )


def _outlives(module: Module, target: ast.expr) -> bool:
    """Whether the target of an assignment outlives save_checkpoint within the process: a global variable or an attribute
    that restore_checkpoint reads."""
    shared = {variable for node in module.nodes(module.save, ast.Global) for variable in node.names}
    variable = name(target.value if isinstance(target, ast.Subscript) else target)
    is_shared = variable in shared or isinstance(target, (ast.Attribute, ast.Subscript))
    read = {
        name(node) or getattr(node, "value", None)
        for node in module.nodes(module.restore)
        if isinstance(node, (ast.Name, ast.Attribute))
        or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    }
    return bool(variable) and is_shared and variable in read


FOR_ANOTHER = (_not_imported, _another_format)
"""For an answer whose checkpoint is read by a function that is given."""
CURES = (
    _in_a_folder,
    _opened_to_read,
    _written_as_text,
    _printed,
    _one_off,
    _another_value,
    _a_part,
    _removed,
    _writes_output,
    _kept_in_memory,
)
