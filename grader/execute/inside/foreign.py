"""Runs a program in an interpreter other than the starter's, so that it goes on where it would exit; see unbroken.py.

Virtual time is already installed, by python/sitecustomize.py. A Python that a shell script started with options or by
its full name restarts itself as such an interpreter.
"""

import json
import os
import sys

MYPY = False  # see clock.py
if MYPY:
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def command(interpreter: str, request: "dict[str, Any]") -> "list[str]":
    """The command that runs the request's program in this interpreter."""
    settings = [request["unbroken"], request["directory"], request["control"] + "/trace", request["arguments"]]
    code = f"import sys; sys.path.insert(0, {HERE!r}); import foreign; foreign.main()"
    return [interpreter, "-c", code, json.dumps(settings)]


def take_over(settings: "list[Any]") -> None:
    """Restart this interpreter with its present script, to run it unbroken. Return if it was not started with a script,
    or does not know its command line (before Python 3.10). `settings`: as unbroken.start() takes them."""
    words: list[str] = list(getattr(sys, "orig_argv", ())[1:])
    options = []
    while words and words[0][:1] == "-":
        options.append(words.pop(0))
        if options[-1] in ("-W", "-X") and words:
            options.append(words.pop(0))
        elif not set(options[-1][1:]) <= set("uBbOqsvd") and options[-1][:2] not in ("-W", "-X"):
            return
    if not words or not os.path.isfile(words[0]):
        return
    checkpoint, how, directory, notes = settings
    script = os.path.join(os.getcwd(), words[0])
    argument = json.dumps([[checkpoint, how], directory, notes, [script, *words[1:]]])
    code = f"import sys; sys.path.insert(0, {HERE!r}); import foreign; foreign.main()"
    os.execv(sys.executable, [sys.executable, *options, "-c", code, argument])


def main() -> None:
    (checkpoint, how), directory, notes, arguments = json.loads(sys.argv[1])
    for own in ("clock", "quiescence", "python_time"):
        sys.modules[own] = sys.modules["_simulator_" + own]
    import script
    import unbroken

    del sys.path[0]
    unbroken.start(checkpoint, how, directory, notes)
    script.run(arguments[0], arguments)
