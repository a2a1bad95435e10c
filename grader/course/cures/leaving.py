"""Cures for exiting with 85: the exit is never reached or is caught, or comes in the wrong place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from . import Remedy
from .source import EXITS, LEAVE, Module, blocks, call, cure, leaves, mentions, name

SWALLOWING = ("BaseException", "SystemExit")
"""Catching one of these also catches sys.exit()."""
STARTS_AGAIN = ("argv", "executable", "__file__")
ELSEWHERE = {
    "Thread": "sys.exit() in a thread, started in line {}, ends only that thread; the program continues",
    "Timer": "sys.exit() in a thread, started in line {}, ends only that thread; the program continues",
    "submit": "sys.exit() in a thread or process of a pool, submitted in line {}, does not end the program",
    "Process": "another process, started in line {}, exits; the job itself continues",
    "fork": "a child process, started in line {}, exits; the job itself continues",
}
WRITING = ("write", "writelines", "write_text", "write_bytes", "dump", "print", "writerow")
OTHER_PROGRAMS = (
    "system popen run call check_call check_output Popen getoutput getstatusoutput spawnv spawnl spawnlp spawnvp"
).split()
_ITSELF = (
    "Does this line end the function, or the program?",
    "`return` goes back to the program that has called the function, and that goes on. What lies below `except` is done "
    "only if there is an error.",
    "When the file is written and closed, end the program: sys.exit(85), as the last line of save_checkpoint, and outside of "
    "try.",
)
_LEAVES = "When everything is written and closed, exit with sys.exit(85) in save_checkpoint itself, as its last line."


@cure(
    "When does this line run? What has the program done by then?",
    "The lines of a function run when it is called; lines outside run once, when the module is imported.",
    "Indent the line as far as the rest of save_checkpoint, after the lines that write the file.",
)
def _when_imported(module: Module) -> Iterator[Remedy]:
    """An exit outside the functions, or a call of save_checkpoint."""
    for node in module.tree.body:
        if leaves(node) or ((called := call(node)) and name(called.func) == "save_checkpoint"):
            cause = (
                f"by its indentation, `{module.line(node)}` is outside the functions. So it runs as soon "
                "as checkpoint.py is imported: the program exits before it has done anything"
            )
            for last in ((), (LEAVE,)):
                yield module.remedy({node: None}, cause, node, last=last)


@cure(
    "What is sys.exit() for Python: the end, or an exception?",
    "sys.exit() raises SystemExit. An `except` without a type catches that too, and so does BaseException.",
    "Catch only the errors that you expect (such as OSError), or put sys.exit(85) after the whole try statement.",
)
def _caught(module: Module) -> Iterator[Remedy]:
    """An exit that is caught by an `except` or suppress(), or replaced by a return in `finally`."""
    caught = "sys.exit() raises SystemExit, and this `{}` catches it: the program does not exit, but continues"
    for node in module.nodes(module.save):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or mentions(node.type, *SWALLOWING)):
            narrow = ast.ExceptHandler(ast.Name("Exception", ast.Load()), node.name, node.body)
            what = "except" if node.type is None else f"except {module.line(node.type)}"
            yield module.remedy({node: narrow}, caught.format(what), node)
        elif isinstance(node, ast.With) and any(mentions(item, "suppress") for item in node.items):
            if any(mentions(item, *SWALLOWING) for item in node.items):
                yield module.remedy({node: node.body}, caught.format("suppress"), node)
        elif isinstance(node, ast.Try):
            for last in (last for last in node.finalbody if isinstance(last, ast.Return)):
                yield module.remedy(
                    {last: None},
                    "`return` in `finally` replaces the SystemExit that sys.exit() raises: the program does not exit, but "
                    "continues",
                    last,
                )


@cure(
    "What does Python do with a name alone on a line?",
    "The brackets after its name call a function, with its arguments in them: print(), not print.",
    "Write the brackets, with what to write in them, or the exit code: sys.exit(85).",
)
def _not_called(module: Module) -> Iterator[Remedy]:
    """A function that is named but not called."""
    for node in module.nodes(module.save, ast.Expr):
        if not isinstance(node.value, (ast.Attribute, ast.Name)):
            continue
        function = name(node.value)
        statement: ast.stmt
        if function in (*EXITS, "SystemExit"):
            statement = LEAVE
        elif function in ("write", "writelines", "dump"):
            iteration = ast.Name(module.iteration, ast.Load())
            statement = _call(node.value, ast.Call(ast.Name("str", ast.Load()), [iteration], []))
        else:
            statement = _call(node.value)
        yield module.remedy(
            {node: statement},
            f"`{module.line(node)}` is named but not called, as there are no brackets after it: nothing happens in this line",
            node,
        )


@cure(
    "When do the lines of a function run?",
    "`def` makes a function. Its lines run only when it is called, by its name with brackets.",
    "Call it in save_checkpoint, before the program exits.",
    agrees=("listed-file-missing",),
)
def _never_called(module: Module) -> Iterator[Remedy]:
    """A function in save_checkpoint that is never called."""
    used = {node.id for node in module.nodes(module.tree, ast.Name)}
    for block in blocks(module.save) if module.save else ():
        for node in block:
            if isinstance(node, ast.FunctionDef) and node.name not in used:
                iteration = [ast.Name(module.iteration, ast.Load())] * len(node.args.args)
                yield module.remedy(
                    {node: [node, _call(ast.Name(node.name, ast.Load()), *iteration)]},
                    f"the function `{node.name}` is never called, so none of its lines runs",
                    node,
                )


def _call(function: ast.expr, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(ast.Call(function, list(arguments), []))


@cure(
    "In which order do these lines run, and which one is the last?",
    "An exit or a return ends the function at once: nothing below it runs.",
    "First write the file and close it, then, as the last line, sys.exit(85).",
)
def _never_reached(module: Module) -> Iterator[Remedy]:
    """Statements after an exit or a return in the same block."""
    for function in module.called_by(module.save):
        for block in blocks(function):
            for node, after in zip(block, block[1:]):
                if leaves(node) or isinstance(node, (ast.Return, ast.Raise)):
                    does = "exits" if leaves(node) else "raises an error" if isinstance(node, ast.Raise) else "returns"
                    cause = (
                        f"the program {does} here, so it never reaches the lines below, "
                        f"`{module.line(after).partition(':')[0][:60]}`"
                    )
                    last = (LEAVE,) if function is not module.save else (node,) if leaves(node) else ()
                    yield module.remedy({node: None}, cause, node, last=last)


@cure(*_ITSELF)
def _only_returns(module: Module) -> Iterator[Remedy]:
    """A number that is returned as if it were an exit code."""
    for node in module.nodes(module.save, ast.Return):
        if node.value is not None and not leaves(node):
            yield module.remedy(
                {node: LEAVE}, f"`{module.line(node)}` ends the function, and not the program, which continues", node
            )


@cure(*_ITSELF)
def _only_on_error(module: Module) -> Iterator[Remedy]:
    """An exit in `except` alone."""
    for node in module.nodes(module.save, ast.Try):
        for last in (last for handler in node.handlers for last in handler.body if leaves(last)):
            yield module.remedy(
                {node: [node, LEAVE]},
                f"`{module.line(last)}` is below `except`: the program exits only if an error is raised above, and "
                "continues if all is well",
                last,
            )


@cure(
    "With which exit code does the program leave, and which code does this line name?",
    "sys.exit() takes a number. It prints anything else, and exits with 1.",
    "sys.exit(85), with the number alone.",
    agrees=("wrong-exit-code",),
)
def _another_code(module: Module) -> Iterator[Remedy]:
    """A text, or something computed, as the exit code."""
    for node in module.nodes(module.save, ast.stmt):
        called = getattr(node, "exc", getattr(node, "value", None))
        if not leaves(node) or not isinstance(called, ast.Call) or len(called.args) != 1:
            continue
        code = called.args[0]
        if isinstance(code, ast.Constant | ast.JoinedStr) and type(getattr(code, "value", "")) is not int:
            is_text = isinstance(getattr(code, "value", ""), str)
            what = f"prints {module.line(code)} and exits with 1" if is_text else "does not exit with 85"
        elif not isinstance(code, ast.Constant):
            what = f"exits with the value of {module.line(code)}, and that is not 85"
        else:
            continue
        yield module.remedy({node: LEAVE}, f"`{module.line(node)}` {what}", node)


@cure(
    "Which process exits with 85, and which one does HTCondor wait for?",
    "HTCondor looks at the exit code of the program that it has started. The end of a thread, a child process or "
    "another program does not matter.",
    _LEAVES,
)
def _elsewhere(module: Module) -> Iterator[Remedy]:
    """An exit in a thread or in another process."""
    for node in module.nodes(module.save, ast.Call):
        kind = name(node.func)
        if kind in ELSEWHERE and _is_to_leave(module, kind, node):
            text = ELSEWHERE[kind].format(node.lineno)
        elif kind in OTHER_PROGRAMS and "exit" in module.line(node):
            text = f"another program, started in line {node.lineno}, exits; the job itself continues"
        else:
            continue
        yield module.remedy({}, text, node, last=(LEAVE,))


def _is_to_leave(module: Module, kind: str, node: ast.Call) -> bool:
    """Whether the thread or process that this call starts contains an exit."""
    if kind == "fork":
        return any(name(inner) in EXITS for inner in module.nodes(module.save))
    names = {name(inner) for inner in ast.walk(node)}
    return bool(names & {*EXITS, "SystemExit"}) or any(
        leaves(inner)
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef) and function.name in names
        for inner in ast.walk(function)
    )


@cure(
    "Who should start the program again: the program itself, or HTCondor?",
    "HTCondor saves its files and starts it again only when the program exits with the checkpoint exit code.",
    _LEAVES,
)
def _starts_again(module: Module) -> Iterator[Remedy]:
    """A program that restarts itself instead of leaving that to HTCondor."""
    for node in module.nodes(module.save):
        if not isinstance(node, ast.Expr | ast.Assign | ast.Return) or node.value is None:
            continue
        value = node.value
        called = name(value.func) if isinstance(value, ast.Call) else ""
        starts = (
            called in OTHER_PROGRAMS or called.startswith(("exec", "run_")) or (called and mentions(value, "sweep"))
        )
        if starts and (mentions(value, *STARTS_AGAIN) or "sweep" in module.line(value)):
            yield module.remedy(
                {node: LEAVE},
                "the program restarts itself here. HTCondor never sees it exit with 85, so it never saves anything",
                node,
            )


@cure(
    "How often is save_checkpoint called, and how often does it get as far as sys.exit(85)?",
    "sweep.py decides when to save: it calls save_checkpoint when a checkpoint is due, and then you must save.",
    "Remove the condition: whenever save_checkpoint is called, write the file and exit with 85.",
)
def _on_condition(module: Module) -> Iterator[Remedy]:
    """Saving or exiting under a condition that does not hold."""
    for node in module.nodes(module.save, ast.If):
        test = module.line(node.test)
        if isinstance(node.body[-1], ast.Return):
            cause = f"it returns here without exiting if `{test}`, which happens in this job"
            yield module.remedy({node: node.orelse or None}, cause, node)
        elif any(leaves(inner) for inner in ast.walk(node)):
            cause = f"it exits only if `{test}`, which is not always so in this job"
            yield module.remedy({node: node.body}, cause, node)
        elif not node.orelse and mentions(node, *WRITING):
            cause = f"it writes only if `{test}`, which is not always so in this job"
            yield module.remedy({node: node.body}, cause, node)


@cure(
    "How long does an execution take, and how long do its iterations take?",
    "A job that waits occupies its slot for nothing, and may be evicted meanwhile.",
    "Remove the sleep: HTCondor starts the program again by itself.",
)
def _waits(module: Module) -> Iterator[Remedy]:
    """A sleep between saving and exiting."""
    functions = [*module.called_by(module.save), *module.called_by(module.restore)]
    for node in (node for function in functions for block in blocks(function) for node in block):
        if (waits := call(node)) and name(waits.func) == "sleep":
            yield module.remedy(
                {node: None},
                f"it waits here, `{module.line(node)}`, and does nothing meanwhile; no iteration is done twice",
                node,
            )


NEVER = (_when_imported, _caught, _only_returns, _only_on_error, _another_code, _starts_again, _elsewhere)
"""For an answer that never exits, or exits at once."""
SOMETIMES = (_not_called, _never_called, _never_reached, _on_condition, _waits)
"""For an answer that may exit, but does something wrong before that."""
