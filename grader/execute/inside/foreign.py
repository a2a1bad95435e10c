"""Has another interpreter than the starter's run a program that is to go on where it would leave, see unbroken.py.

Virtual time is there already: python/sitecustomize.py has seen to that. A Python that a shell script has started with
options, or by its full name, puts itself in such an interpreter's place.
"""

import json
import os
import sys

MYPY = False  # see clock.py
if MYPY:
    from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))


def command(interpreter: str, request: "dict[str, Any]") -> "list[str]":
    """The command that does so."""
    told = [request["unbroken"], request["directory"], request["control"] + "/trace", request["arguments"]]
    code = f"import sys; sys.path.insert(0, {HERE!r}); import foreign; foreign.main()"
    return [interpreter, "-c", code, json.dumps(told)]


def take_over(told: "list[Any]") -> None:
    """Start this interpreter anew, with the script that it was started with, to go on as it was `told`. Return if it was
    started otherwise, or does not know how (before Python 3.10)."""
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
    checkpoint, how, directory, notes = told
    script = os.path.join(os.getcwd(), words[0])
    more = json.dumps([[checkpoint, how], directory, notes, [script, *words[1:]]])
    code = f"import sys; sys.path.insert(0, {HERE!r}); import foreign; foreign.main()"
    os.execv(sys.executable, [sys.executable, *options, "-c", code, more])


def main() -> None:
    (checkpoint, how), directory, notes, arguments = json.loads(sys.argv[1])
    for own in ("clock", "quiescence", "python_time"):
        sys.modules[own] = sys.modules["_simulator_" + own]
    import script
    import unbroken

    del sys.path[0]
    unbroken.start(checkpoint, how, directory, notes)
    script.run(arguments[0], arguments)
