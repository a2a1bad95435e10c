"""Notes which files a Python program opens, and which exceptions it raises, in its own directory.

Used when a failure is to be explained, never for a verdict: the program could write here too.
Each note is a line of JSON: ["open", path, mode] or ["raise", file, line, exception, text].
"""

import json
import os
import sys


def start(path, directory):
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    directory = os.path.realpath(directory) + os.sep

    def note(*what):
        try:
            os.write(file, (json.dumps(what) + "\n").encode())
        except (OSError, ValueError):
            pass

    def relative(name):
        full = os.path.realpath(os.path.abspath(name))
        return full[len(directory):] if full.startswith(directory) else full

    def on_event(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            name, mode, flags = arguments
            writes = bool(flags & (os.O_WRONLY | os.O_RDWR)) if isinstance(flags, int) else "r" not in (mode or "r")
            if relative(os.fsdecode(name)).endswith(".py"):
                return
            note("open", relative(os.fsdecode(name)), "w" if writes else "r")

    def on_call(frame, event, argument):
        name = frame.f_code.co_filename
        if event == "call" and (name.startswith("<") or not os.path.abspath(name).startswith(directory)):
            return None
        if event == "exception":
            kind, value, _ = argument
            note("raise", relative(frame.f_code.co_filename), frame.f_lineno, kind.__name__, str(value))
        return on_call

    sys.addaudithook(on_event)
    sys.settrace(on_call)
