"""Has another interpreter than the starter's run a program that is to go on where it would leave, see unbroken.py.

Virtual time is there already: python/sitecustomize.py has seen to that.
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


def main() -> None:
    (checkpoint, anew), directory, notes, arguments = json.loads(sys.argv[1])
    for own in ("clock", "quiescence", "python_time"):
        sys.modules[own] = sys.modules["_simulator_" + own]
    import script
    import unbroken

    del sys.path[0]
    unbroken.start(checkpoint, anew, directory, notes)
    script.run(arguments[0], arguments)
