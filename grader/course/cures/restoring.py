"""Cures for restoring: it returns the wrong iteration, reads the wrong file, or refuses the run's own checkpoint."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from typing import TypeGuard

from ..reading import parsed
from ..report import Failure
from . import Remedy
from .source import Change, Module, cure, expression, mentions, name, with_more

OUTPUT = "my_output.txt"
LISTS = ("listdir", "glob", "iglob", "iterdir", "scandir")
OTHER_COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
READS = ("read", "readline", "read_text", "read_bytes")
OF_TEXT = ("strip", "rstrip", "lstrip", "decode")
MOST_NAMES = 6
"""The most names for which one name in restoring is replaced, to see whether the answer is then right."""


def _starts_over(failure: Failure, remedy: Remedy) -> bool:
    """Whether a restart repeated earlier work, and nothing else is known than that it did not use the checkpoint."""
    behind = failure.misconception.id if failure.misconception else "never-restores"
    return behind == "never-restores" and any(fact.kind in ("again", "work done again") for fact in failure.evidence)


@cure(
    "With which iteration does a job begin that should do 4 to 9 and finds no checkpoint?",
    "Not every sweep begins with 1. The arguments of restore_checkpoint(start, end) say where this one does.",
    "Wherever there is no usable checkpoint, return start.",
)
def _falls_back(module: Module) -> Iterator[Remedy]:
    """A number or END instead of START where there is no usable checkpoint."""
    first, end = module.ends
    start = ast.Name(first, ast.Load())
    nodes = list(module.nodes(module.restore))
    indices = {node.slice for node in nodes if isinstance(node, ast.Subscript)}
    compared = {inner for node in nodes if isinstance(node, ast.Compare) for inner in ast.walk(node)}
    expressions: list[ast.expr] = [
        node
        for node in module.nodes(module.restore, ast.Constant)
        if type(node.value) is int and 0 <= node.value <= 1 and node not in indices | compared
    ]
    expressions += [
        node.value
        for node in module.nodes(module.restore, ast.Return)
        if isinstance(node.value, ast.Name) and node.value.id == end
    ]
    for some in (*((one,) for one in expressions[:4]), expressions if len(expressions) > 1 else ()):
        if some:
            yield module.remedy(
                dict.fromkeys(some, start),
                f"without a usable checkpoint it begins with {module.line(some[0])} instead of START",
                some[0],
            )


@cure(
    "What does save_checkpoint do in its last line, and what has the program done by then?",
    "restore_checkpoint is called before the first iteration. To save there ends the program with 85, before it has done "
    "any work, and perhaps before there is a my_output.txt.",
    "Do not save in restore_checkpoint: only return the iteration to begin with, start if there is no checkpoint.",
    agrees=("no-progress",),
)
def _saves(module: Module) -> Iterator[Remedy]:
    """Restoring saves, and that exits."""
    statements = list(module.nodes(module.restore, ast.stmt))
    changes: dict[ast.AST, Change] = {}
    for node in statements:
        saving = node.value if isinstance(node, ast.Expr | ast.Return) else None
        if isinstance(saving, ast.Call) and name(saving.func) == "save_checkpoint":
            changes[node] = ast.Return(saving.args[0] if saving.args else ast.Name(module.ends[0], ast.Load()))
    if changes and len(changes) < len(statements):
        first = next(node for node in statements if node in changes)
        yield module.remedy(
            changes,
            f"restore_checkpoint calls `{module.line(first)}`, and that exits: this execution does no iteration",
            first,
        )


@cure(
    "What does restore_checkpoint return if there is no checkpoint?",
    "A function that comes to its end without `return` and a value returns None.",
    "Let the last line of restore_checkpoint be `return start`, outside of if, try and except.",
)
def _returns_nothing(module: Module) -> Iterator[Remedy]:
    """A way through the function that returns no value."""
    if not module.restore:
        return
    start = ast.Return(ast.Name(module.ends[0], ast.Load()))
    for node in module.nodes(module.restore, ast.Return):
        if node.value is None:
            yield module.remedy({node: start}, "this `return` has no value, so the function returns None", node)
    yield module.remedy(
        {module.restore: with_more(module.restore, last=[start])},
        "without a checkpoint, restore_checkpoint comes to its end without a `return`, so it returns None",
        module.restore.end_lineno or module.restore.lineno,
    )


@cure(
    "What does the checkpoint file contain before the restart opens it, and right after?",
    "Opening a file with 'w' or 'w+' empties it, even if you want to read it then.",
    "To read it, open it for reading: open(path), or open(path, 'r'). Open it for writing only when you save.",
    agrees=("error-swallowed",),
)
def _empties(module: Module) -> Iterator[Remedy]:
    """A file that is opened for writing in order to be read."""
    for node in module.nodes(module.restore, ast.Call):
        mode = next((one for one in node.args[1:2] if isinstance(one, ast.Constant)), None)
        if name(node.func) == "open" and mode and str(mode.value).startswith("w") and not mentions(node, OUTPUT):
            there = f"'r' if __import__('os').path.exists({module.line(node.args[0])}) else {mode.value!r}"
            yield module.remedy(
                {mode: expression(there)},
                f"`{module.line(node)}` empties the file, before anything can be read from it",
                node,
            )


@cure(
    "With which iteration does a fresh start begin?",
    "The order of the arguments matters, not their names: the first is START and the second is END.",
    "def restore_checkpoint(start, end):",
)
def _swapped(module: Module) -> Iterator[Remedy]:
    """START and END in the wrong order."""
    if module.restore and len(module.restore.args.args) == 2 and module.ends != ("start", "end"):
        first, second = module.restore.args.args
        yield module.remedy(
            {first: second, second: first},
            "sweep.py calls restore_checkpoint(START, END): "
            f"here the first argument, START, is called `{first.arg}`, and the second one, END, is called `{second.arg}`",
            module.restore,
        )


@cure(
    "Which checkpoint does a job write if it saves before its very last iteration?",
    "A checkpoint of END belongs to this run: iteration END is still to be done. range(a, b) ends before b.",
    "Return the saved iteration if start <= iteration <= end.",
)
def _bounds(module: Module) -> Iterator[Remedy]:
    """A comparison with END, or a range, that excludes its own bound."""
    for node, compared, sides in _compared(module):
        if any(mentions(side, module.ends[1]) for side in sides):
            yield module.remedy(
                {node: compared},
                f"`{module.line(node)}` is wrong for a checkpoint of the last iteration, END, itself, which belongs to this run",
                node,
            )
    for call in module.nodes(module.restore, ast.Call):
        if name(call.func) == "range" and call.args:
            at = min(1, len(call.args) - 1)
            further = ast.BinOp(call.args[at], ast.Add(), ast.Constant(1))
            arguments = [further if index == at else same for index, same in enumerate(call.args)]
            yield module.remedy(
                {call: ast.Call(call.func, arguments, call.keywords)},
                f"`{module.line(call)}` ends before END: a checkpoint of the last iteration is refused",
                call,
            )


@cure(
    "Which of this run's checkpoints does this comparison let through, and which not?",
    "`<` and `>` leave out the bound itself; `<=` and `>=` do not.",
    "Let every checkpoint through whose iteration is one from START to END, these two included.",
)
def _other_bounds(module: Module) -> Iterator[Remedy]:
    """A comparison with anything but END that excludes its own bound."""
    for node, compared, sides in _compared(module):
        if not any(mentions(side, module.ends[1]) for side in sides):
            cause = f"`{module.line(node)}` refuses a checkpoint that belongs to this run"
            yield module.remedy({node: compared}, cause, node)


def _compared(module: Module) -> Iterator[tuple[ast.Compare, ast.Compare, tuple[ast.expr, ast.expr]]]:
    """Each comparison in restoring, a copy with `<=` for `<` or the other way round, and the two sides of that copy."""
    for node in module.nodes(module.restore, ast.Compare):
        for index, operator in enumerate(node.ops):
            if other := OTHER_COMPARISONS.get(type(operator)):
                operators = [other() if at == index else same for at, same in enumerate(node.ops)]
                sides = [node.left, *node.comparators][index], node.comparators[index]
                yield node, ast.Compare(node.left, operators, node.comparators), sides


@cure(
    "Sort these names by hand: it_10, it_4, it_7. Which one is the last for Python?",
    "Text is compared character by character, and 1 comes before 7.",
    "Compare the numbers: max(names, key=lambda name: int(...)), or write 04, 07, 10 into the names.",
)
def _as_text(module: Module) -> Iterator[Remedy]:
    """Names that are sorted as text."""
    for node in module.nodes(module.restore, ast.Call):
        if name(node.func) in ("sorted", "max", "min", "sort") and not any(one.arg == "key" for one in node.keywords):
            by_numbers = "lambda name: [int(part) for part in __import__('re').findall(r'\\d+', str(name))]"
            key = ast.keyword("key", expression(by_numbers))
            yield module.remedy(
                {node: ast.Call(node.func, node.args, [*node.keywords, key])},
                "names are sorted as text here, so that 10 comes before 7: an older checkpoint is taken for the last one",
                node,
            )


@cure(
    'What does Python say of "4" <= "12"?',
    "Text is compared character by character, and 4 comes after 1.",
    "Make a number of what was read, int(text), and compare that with start and end.",
)
def _compares_text(module: Module) -> Iterator[Remedy]:
    """START, END and what was saved are compared as text."""
    start, end = module.ends
    number = ast.Name("int", ast.Load())
    for node in module.nodes(module.restore, ast.Compare):
        sides = [node.left, *node.comparators]
        made = [side for side in sides if isinstance(side, ast.Call) and name(side.func) in ("str", "repr")]
        if not any(mentions(side, start, end) for side in made):
            continue
        left, *others = (ast.Call(number, [side], []) for side in sides)
        yield module.remedy(
            {node: ast.Compare(left, node.ops, list(others))},
            f"`{module.line(node)}` compares text, character by character: as text, 4 comes after 12",
            node,
        )


@cure(
    "What does type(...) say of the value that restore_checkpoint returns, or compares with START and END?",
    "What is read from a file is text. '4' is not the number 4, and not equal to it; nor is 4.0 a whole number.",
    "Make a whole number of it, with int(...), right where it is read.",
    agrees=("error-swallowed",),
)
def _no_number(module: Module) -> Iterator[Remedy]:
    """What was read is used as text, or something else than a whole number is returned."""
    start, end = module.ends
    nodes = list(module.nodes(module.restore))
    numbers = {
        inner for node in nodes if isinstance(node, ast.Call) and name(node.func) == "int" for inner in ast.walk(node)
    }
    parts = {node.func.value for node in nodes if _is_text(node) and isinstance(node.func, ast.Attribute)}
    texts = [node for node in nodes if _is_text(node) and node not in numbers | parts]
    made: dict[ast.AST, Change] = {
        node: node.args[0]
        for node in nodes
        if isinstance(node, ast.Call)
        and name(node.func) in ("str", "repr")
        and mentions(node, start, end)
        and node.args
    }
    if texts:
        yield module.remedy(
            {**made, **{node: _whole(node) for node in texts}},
            f"`{module.line(texts[0])}` is not a number, but it is compared or returned like one",
            texts[0],
        )
    for node in nodes:
        if isinstance(node, ast.Return) and node.value is not None and name(node.value) != start:
            yield module.remedy(
                {node: ast.Return(_whole(node.value))}, f"`{module.line(node)}` does not return a whole number", node
            )


def _is_text(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether a call reads text, perhaps with its ends stripped."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in READS or (node.func.attr in OF_TEXT and _is_text(node.func.value))


def _whole(value: ast.expr) -> ast.Call:
    return ast.Call(ast.Name("int", ast.Load()), [value], [])


@cure(
    "What does the checkpoint contain, part by part, and which part is read here?",
    "An index counts from 0: [0] is the first part, [1] the second, and [-1] the last.",
    "Read the part that is the iteration.",
    agrees=("never-restores", "error-swallowed"),
)
def _another_part(module: Module) -> Iterator[Remedy]:
    """Restoring reads another part of the checkpoint than the iteration."""
    saved = [*dict.fromkeys(_texts(module, module.save))]
    for node in module.nodes(module.restore, ast.Subscript):
        if not isinstance(node.slice, ast.Constant):
            continue
        here = node.slice.value
        others = [0, 1, 2, -1] if isinstance(here, int) else saved if here in saved else []
        for other in [other for other in others if other != here][:MOST_NAMES]:
            yield module.remedy(
                {node.slice: ast.Constant(other)}, f"`{module.line(node)}` is not the iteration that was saved", node
            )


@cure(
    "What does `return` in `finally` do with a value that is returned above it?",
    "`finally` comes last, whatever happens: a `return` in it replaces the value that was to be returned.",
    "Return start in `except`, or below the whole try statement.",
    agrees=("never-restores", "error-swallowed"),
)
def _returns_at_last(module: Module) -> Iterator[Remedy]:
    """A return in `finally`."""
    for node in module.nodes(module.restore, ast.Try):
        for last in (last for last in node.finalbody if isinstance(last, ast.Return)):
            tried = ast.Try(node.body, node.handlers, node.orelse, [one for one in node.finalbody if one is not last])
            whole = tried if tried.finalbody or tried.handlers else [*tried.body, *tried.orelse]
            yield module.remedy(
                {node: [whole, last] if isinstance(whole, ast.Try) else [*whole, last]},
                "this `return` is in `finally`: it replaces what is returned above it",
                last,
            )


@cure(
    "Under which name does save_checkpoint write, and which name does restore_checkpoint look for?",
    "Names of files, keys and formats must be the same in both functions, character by character.",
    "Write the name once, above the functions, as in PATH = 'checkpoint.txt', and use that in both.",
    agrees=("never-restores", "error-swallowed"),
)
def _another_name(module: Module) -> Iterator[Remedy]:
    """Restoring uses another file, key or format than saving."""
    saved, read = ([*dict.fromkeys(_texts(module, function))] for function in (module.save, module.restore))
    for here in [text for text in read if text not in saved][:MOST_NAMES]:
        for there in difflib.get_close_matches(here, [text for text in saved if text not in read], 2, 0.0):
            places = [node for node in module.nodes(module.restore, ast.Constant) if node.value == here]
            yield module.remedy(
                dict.fromkeys(places, ast.Constant(there)),
                f"here it is {here!r}, but in save_checkpoint {there!r}: a restart has to look for exactly what was saved",
                places[0],
            )


def _texts(module: Module, function: ast.FunctionDef | None) -> Iterator[str]:
    """The texts in a function, except for the modes of open()."""
    for node in module.nodes(function, ast.Constant):
        if isinstance(node.value, str) and not re.fullmatch(r"[rwax]?[bt]?\+?", node.value):
            yield node.value


@cure(
    "What is the value of this condition when the second execution begins, and what follows from that?",
    "A checkpoint of this run has an iteration from START to END. What is read from a file may be of another type than what "
    "it is compared with: text never equals a number, nor a list a tuple.",
    "Print both sides of the condition in restore_checkpoint, and look at what the second execution prints.",
    fits=_starts_over,
)
def _refused_by(module: Module) -> Iterator[Remedy]:
    """A condition that keeps the program from using its own checkpoint."""
    for node in module.nodes(module.restore):
        if not isinstance(node, ast.If | ast.IfExp):
            continue
        test = module.line(node.test)
        for value in (True, False):
            # The condition is evaluated all the same, as that may have effects, or raise an error.
            both = ast.Tuple([node.test, ast.Constant(value)], ast.Load())
            yield module.remedy(
                {node.test: ast.Subscript(both, ast.Constant(1), ast.Load())},
                f"when there is a checkpoint of this run, `{test}` is {str(not value).lower()}, and so it is not used",
                node,
            )
        yield module.remedy(
            {node.test: ast.UnaryOp(ast.Not(), node.test)},
            f"`{test}` is the wrong way round: a checkpoint of this run is not used",
            node,
        )


@cure(
    "Which files exist, of which runs, and which of them is chosen?",
    "A file of another run may have a higher number than any file of this run.",
    "First leave out the numbers that are not between START and END, then choose the last.",
)
def _older_wins(module: Module) -> Iterator[Remedy]:
    """Files of another run that are not excluded before one is chosen."""
    start, end = module.ends
    for node in module.nodes(module.restore, ast.Call):
        if name(node.func) in LISTS:
            within = expression(
                f"[name for name in {module.line(node)} if any({start} <= int(part) <= {end} "
                "for part in __import__('re').findall(r'\\d+', str(name).rpartition('/')[2]))]"
            )
            yield module.remedy(
                {node: within},
                "this also lists the files of another run. One with a higher number hides this run's own checkpoint, because "
                "it is chosen before the program checks whether the number is between START and END",
                node,
            )


@cure(
    "Whose lines are in my_output.txt when the program begins?",
    "The number of lines does not say which lines they are. Each line begins with the number of its iteration.",
    "Save the iteration in a file of your own; or look at the first and the last number in my_output.txt, and "
    "continue from there only if they belong to this run.",
)
def _whose_output(module: Module) -> Iterator[Remedy]:
    """Any output that exists is taken for this run's own."""
    named = next((node for node in module.nodes(module.restore, ast.Constant) if node.value == OUTPUT), None)
    if not named or not module.restore:
        return
    start, _ = module.ends
    looks = parsed(f"""
import os
if os.path.exists('{OUTPUT}') and not open('{OUTPUT}').read().startswith(str({start}) + ' '):
    return {start}
""").body
    yield module.remedy(
        {module.restore: with_more(module.restore, looks)},
        f"where to continue is read from {OUTPUT} here, whichever run has written it: the lines of another run are taken "
        "for its own",
        named,
    )


@cure(
    "In which function does the program fail, or which file is still broken after saving?",
    "Opening a database, or a file with 'a', keeps the old content. If that is broken, it stays broken.",
    "When the checkpoint can't be read, remove it (os.remove, shutil.rmtree) before you write a new one.",
)
def _saves_into_the_broken(module: Module) -> Iterator[Remedy]:
    """Saving opens the broken file again instead of creating a new one."""
    if not module.save:
        return
    opens = ("open", "connect", "Shelf", "DbfilenameShelf")
    opened = (node for node in module.nodes(module.save, ast.Call) if name(node.func) in opens)
    begins_anew = parsed("""
import os, shutil
for path in os.listdir():
    if path not in ('my_output.txt', 'my_input.txt') and not path.endswith('.py') and not path.startswith('_condor'):
        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
""").body
    yield module.remedy(
        {},
        "restore_checkpoint copes with the broken file, but save_checkpoint opens it again here instead of creating a new "
        "one: so it fails, or the file stays broken for ever",
        next(opened, module.save),
        first=begins_anew,
    )


RESUMING = (
    _saves,
    _returns_nothing,
    _empties,
    _swapped,
    _falls_back,
    _bounds,
    _other_bounds,
    _as_text,
    _compares_text,
    _no_number,
    _another_part,
    _returns_at_last,
    _another_name,
    _refused_by,
)
"""For a run's own checkpoint."""
CHOOSING = (_older_wins, _whose_output)
"""For a checkpoint of another run."""
RENEWING = (_saves_into_the_broken,)
"""For a broken checkpoint."""
