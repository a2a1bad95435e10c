"""How leaving with 85 goes wrong: it is never reached, it is caught, it happens elsewhere, or too early or late."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...tree import Tree
from . import Cure, Remedy
from .source import EXITS, LEAVE, PATH, Module, blocks, call, leaves, mentions, name

SWALLOWING = ("BaseException", "SystemExit")
"""What has to be caught to catch sys.exit()."""
STARTS_AGAIN = ("argv", "executable", "__file__")
ELSEWHERE = {
    "Thread": "sys.exit() in a thread, which line {} starts, ends that thread alone; the program goes on",
    "Timer": "sys.exit() in a thread, which line {} starts, ends that thread alone; the program goes on",
    "submit": "sys.exit() in a thread or process of a pool, to which line {} gives it, does not end the program",
    "Process": "it is another process, which line {} starts, that leaves; the job itself goes on",
    "fork": "it is a child process, which line {} starts, that leaves; the job itself goes on",
}
OTHER_PROGRAMS = (
    "system",
    "popen",
    "run",
    "call",
    "check_call",
    "check_output",
    "Popen",
    "getoutput",
    "getstatusoutput",
    "spawnv",
    "spawnl",
    "spawnlp",
    "spawnvp",
)


def _when_imported(files: Tree) -> Iterator[Remedy]:
    """An exit that stands outside of the functions."""
    module = Module(files)
    for node in module.tree.body:
        if leaves(node):
            cause = (
                f"`{module.line(node)}` stands outside of the functions, by its indentation. So it is run as soon "
                "as checkpoint.py is imported: the program leaves before it has done anything"
            )
            for last in ((), (LEAVE,)):
                yield Remedy(module.changed({node: None}, last=last), cause, PATH, node.lineno)


def _caught(files: Tree) -> Iterator[Remedy]:
    """An exit within a try whose except takes it, or whose finally returns; or within suppress()."""
    module = Module(files)
    for node in module.nodes(module.save):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or mentions(node.type, *SWALLOWING)):
            narrow = ast.ExceptHandler(ast.Name("Exception", ast.Load()), node.name, node.body)
            what = "except" if node.type is None else f"except {module.line(node.type)}"
            yield Remedy(
                module.changed({node: narrow}),
                f"sys.exit() raises SystemExit, and this `{what}` catches it: the program does not leave, but goes on",
                PATH,
                node.lineno,
            )
        elif isinstance(node, ast.With) and any(mentions(item, "suppress") for item in node.items):
            if any(mentions(item, *SWALLOWING) for item in node.items):
                yield Remedy(
                    module.changed({node: node.body}),
                    "sys.exit() raises SystemExit, and this `suppress` "
                    "takes it: the program does not leave, but goes on",
                    PATH,
                    node.lineno,
                )
        elif isinstance(node, ast.Try):
            for last in node.finalbody:
                if isinstance(last, ast.Return):
                    yield Remedy(
                        module.changed({last: None}),
                        "`return` in `finally` takes the place of SystemExit, "
                        "which sys.exit() raises: the program does not leave, but goes on",
                        PATH,
                        last.lineno,
                    )


def _not_called(files: Tree) -> Iterator[Remedy]:
    """A function that is named and not called."""
    module = Module(files)
    for node in module.nodes(module.save, ast.Expr):
        if not isinstance(node.value, (ast.Attribute, ast.Name)):
            continue
        named = name(node.value)
        made: ast.stmt
        if named in (*EXITS, "SystemExit"):
            made = LEAVE
        elif named in ("write", "writelines", "dump"):
            iteration = ast.Name(module.iteration, ast.Load())
            made = _call(node.value, ast.Call(ast.Name("str", ast.Load()), [iteration], []))
        else:
            made = _call(node.value)
        yield Remedy(
            module.changed({node: made}),
            f"`{module.line(node)}` is named and not called, as there are no "
            "brackets behind it: nothing happens in this line",
            PATH,
            node.lineno,
        )


def _call(function: ast.expr, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(function, list(arguments), []))


def _never_reached(files: Tree) -> Iterator[Remedy]:
    """What stands behind an exit, or a return, in the same block."""
    module = Module(files)
    for function in module.called_by(module.save):
        for block in blocks(function):
            for node, after in zip(block, block[1:]):
                if leaves(node) or isinstance(node, (ast.Return, ast.Raise)):
                    does = "leaves" if leaves(node) else "returns"
                    cause = (
                        f"the program {does} here, so that it never comes to what stands below, "
                        f"`{module.line(after).partition(':')[0][:60]}`"
                    )
                    last = (node,) if leaves(node) else ()
                    if function is module.save:
                        yield Remedy(module.changed({node: None}, last=last), cause, PATH, node.lineno)
                    else:
                        yield Remedy(module.changed({node: None}, last=(LEAVE,)), cause, PATH, node.lineno)


def _elsewhere(files: Tree) -> Iterator[Remedy]:
    """An exit in a thread or in another process."""
    module = Module(files)
    for node in module.nodes(module.save, ast.Call):
        kind = name(node.func)
        if kind in ELSEWHERE and _is_to_leave(module, kind, node):
            text = ELSEWHERE[kind].format(node.lineno)
        elif kind in OTHER_PROGRAMS and "exit" in module.line(node):
            text = f"it is another program, which line {node.lineno} starts, that leaves; the job itself goes on"
        else:
            continue
        yield Remedy(module.changed({}, last=(LEAVE,)), text, PATH, node.lineno)


def _is_to_leave(module: Module, kind: str, node: ast.Call) -> bool:
    """Whether what is started in this call, or after it, has an exit in it."""
    if kind == "fork":
        return any(name(one) in EXITS for one in module.nodes(module.save))
    given = {name(one) for one in ast.walk(node)}
    return bool(given & {*EXITS, "SystemExit"}) or any(
        leaves(inner)
        for one in ast.walk(module.tree)
        if isinstance(one, ast.FunctionDef) and one.name in given
        for inner in ast.walk(one)
    )


def _starts_again(files: Tree) -> Iterator[Remedy]:
    """A program that starts itself again, instead of leaving that to HTCondor."""
    module = Module(files)
    for node in module.nodes(module.save):
        if not isinstance(node, ast.Expr | ast.Assign | ast.Return) or node.value is None:
            continue
        value = node.value
        called = name(value.func) if isinstance(value, ast.Call) else ""
        starts = (
            called in OTHER_PROGRAMS or called.startswith(("exec", "run_")) or (called and mentions(value, "sweep"))
        )
        if starts and (mentions(value, *STARTS_AGAIN) or "sweep" in module.line(value)):
            yield Remedy(
                module.changed({node: LEAVE}),
                "the program starts itself again here. HTCondor never sees "
                "it leave with 85, so it never saves anything",
                PATH,
                node.lineno,
            )


def _on_condition(files: Tree) -> Iterator[Remedy]:
    """Saving or leaving under a condition that does not hold."""
    module = Module(files)
    for node in module.nodes(module.save, ast.If):
        test = module.line(node.test)
        if isinstance(node.body[-1], ast.Return):
            cause = f"it returns here without leaving as long as `{test}`, and that is so when it is called in this job"
            yield Remedy(module.changed({node: node.orelse or None}), cause, PATH, node.lineno)
        elif any(leaves(one) for one in ast.walk(node)):
            cause = f"it leaves only if `{test}`, and that is not so when it is called in this job"
            yield Remedy(module.changed({node: node.body}), cause, PATH, node.lineno)


def _waits(files: Tree) -> Iterator[Remedy]:
    """A sleep between saving and leaving."""
    module = Module(files)
    for node in (node for one in (module.save, module.restore) for node in module.nodes(one, ast.Expr)):
        if (waits := call(node)) and name(waits.func) == "sleep":
            yield Remedy(
                module.changed({node: None}),
                f"it waits here, `{module.line(node)}`, and does nothing in that time; no iteration is done twice",
                PATH,
                node.lineno,
            )


_LEAVES = "When all is written and closed, leave by sys.exit(85) in save_checkpoint itself, as its last line."
NEVER = (
    Cure(
        _when_imported,
        (
            "When is this line run? What has the program done by then?",
            "What stands in a function is run when that is called; what stands outside, once, when the module is imported.",
            "Indent the line as far as the rest of save_checkpoint, behind what writes the file.",
        ),
    ),
    Cure(
        _caught,
        (
            "What is sys.exit() to Python: the end, or an exception?",
            "sys.exit() raises SystemExit. An `except` without a type catches that too, and so does BaseException.",
            "Catch the errors that you expect (OSError, say), or put sys.exit(85) behind the whole try statement.",
        ),
    ),
    Cure(
        _starts_again,
        (
            "Who is to start the program again: the program, or HTCondor?",
            "Only when the program leaves with the checkpoint exit code does HTCondor save its files, and start it again.",
            _LEAVES,
        ),
    ),
    Cure(
        _elsewhere,
        (
            "Which process leaves with 85, and which does HTCondor wait for?",
            "HTCondor looks at the exit code of the program that it has started. A thread, a child process or another "
            "program has an end of its own.",
            _LEAVES,
        ),
    ),
)
"""For an answer that never leaves, or at once."""
SOMETIMES = (
    Cure(
        _not_called,
        (
            "What does Python do with a name that stands alone on a line?",
            "A function is called by the brackets behind its name, with its arguments in them: print() and not print.",
            "Write the brackets, and in them what is to be written, or the code to leave with: sys.exit(85).",
        ),
    ),
    Cure(
        _never_reached,
        (
            "In which order are these lines run, and which is the last?",
            "What leaves, or returns, ends the function there and then: nothing below it is run.",
            "First write the file and close it, then, as the last line, sys.exit(85).",
        ),
    ),
    Cure(
        _on_condition,
        (
            "How often is save_checkpoint called, and how often does it get as far as sys.exit(85)?",
            "sweep.py decides when to save: it calls save_checkpoint when a checkpoint is due. Then it has to be saved.",
            "Take the condition out: whenever save_checkpoint is called, write the file and leave with 85.",
        ),
    ),
    Cure(
        _waits,
        (
            "How long does an execution take, and how long its iterations?",
            "A job that waits holds its slot for nothing, and may be evicted meanwhile.",
            "Take the sleep out: HTCondor starts the program again by itself.",
        ),
    ),
)
"""For one that leaves, too, with something amiss before that."""
