"""python -m grader board: the progress of a class, for the screen in the room; see grading/board.py."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from ..files import write_whole
from .common import add_exercises, check_writable, take_exercises
from .parsing import InputError, Parser, positive


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = (
        "It reads the results that checks have saved in students' folders (on a shared hub), or the answers in "
        "collected notebooks. It runs nothing and opens no port. Ctrl-C ends it. Exit status: 0; 2 nothing can be read."
    )
    command.add_argument(
        "folder", type=Path, metavar="DIR", help="the folder with the students' folders, such as /home or submitted/"
    )
    command.add_argument(
        "--out",
        type=Path,
        default=Path("board.html"),
        metavar="FILE",
        help="the page to write, which a browser reloads by itself (default %(default)s)",
    )
    command.add_argument(
        "--every", type=positive, default=15, metavar="SECONDS", help="how often to update (default %(default)s)"
    )
    command.add_argument("--once", action="store_true", help="write the page once and exit")
    command.add_argument("--text", action="store_true", help="print to the terminal instead of writing a page")
    add_exercises(command)


def run(options: argparse.Namespace) -> int:
    """Update the board until Ctrl-C; returns the exit status."""
    take_exercises(options)
    from ..grading import board
    from ..grading.archives import Refused

    if not options.text:
        check_writable(options.out)
    message = f"Open {options.out} in a browser."
    message += "" if options.once else f" It is updated every {options.every} s; Ctrl-C ends this."
    while True:
        try:
            overview = board.look(options.folder)
        except (OSError, Refused) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{options.folder} can't be read: {why}") from None
        when = time.strftime("%H:%M")
        if options.text:
            print("\n".join([*([] if options.once else ["\x1b[H\x1b[2J" + when]), *board.lines(overview)]), flush=True)
        else:
            write_whole(options.out, board.html(overview, 0 if options.once else options.every, when).encode())
            if message:
                print(message, flush=True)
            message = ""
        if options.once:
            return 0
        try:
            time.sleep(options.every)
        except KeyboardInterrupt:
            return 0
