"""Parses the command line, and says in one line what is wrong with it. Imports little, as main.py imports this first."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

UNUSABLE = {"simulate": 2, "submit": 2, "verify": 3, "grade": 2, "board": 2, "doctor": 2, "exercise": 2}
"""Exit status for input that can't be used."""


class InputError(Exception):
    """The user's input can't be used; the text says where the problem is and what to do."""


class UsageError(Exception):
    """The command line can't be understood; the text says why, and `status` is the exit status."""

    def __init__(self, text: str, status: int):
        super().__init__(text)
        self.status = status


class Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line."""

    def error(self, message: str) -> NoReturn:
        command = self.prog.rpartition(" ")[2]
        if choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            names = re.findall(r"[\w-]+", choice[2])
            near = difflib.get_close_matches(choice[1], names, 1)
            remedy = f" (did you mean {near[0]}?)" if near else f"; choose from {choice[2]}"
            message = f"{message[: choice.start()]}there is no {choice[1]!r}{remedy}"
        elif message == "argument --without-checkpoints: expected one argument":
            message += ', as in "arguments = --never-save"'
        raise UsageError(f"{self.prog}: {message}; see {self.prog} --help", UNUSABLE.get(command, 2))


def positive(text: str) -> int:
    """An argument that is a positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)
