"""The code that runs in jobs' processes. The judge starts these files, and imports only clock.py, for clock files."""

import compileall
import os
import sys
from functools import lru_cache
from pathlib import Path

INSIDE = Path(__file__).resolve().parent
SHELL = INSIDE / "shell"
"""The commands that come first on a job's PATH, and time.bash, which bash reads before a script."""
PYTHON = os.path.abspath(sys.executable)
"""The interpreter that runs jobs. Without any `..` in its path, as jobs may not see the directories before it."""


def command(module: str, *options: str) -> list[str]:
    """The command that starts the main() of one of these files, in a Python with these options.

    As a module, because Python compiles a script each time that it starts it.
    """
    _compile()
    return [PYTHON, *options, "-c", f"import sys; sys.path[0] = {str(INSIDE)!r}; import {module}; {module}.main()"]


def starter_command() -> list[str]:
    """The command that starts the starter."""
    return command("starter", "-s")


@lru_cache(1)
def _compile() -> None:
    """Compile these files in advance, as jobs can't store compiled files. If the judge can't either, the installer
    has."""
    compileall.compile_dir(str(INSIDE), quiet=2)
