"""What runs in jobs' processes. The judge starts these files, and imports only clock.py to make and read a clock."""

import compileall
import os
import sys
from functools import lru_cache
from pathlib import Path

INSIDE = Path(__file__).resolve().parent
SHELL = INSIDE / "shell"
"""What comes first on a job's PATH, and time.bash, which bash reads before a script."""
PYTHON = os.path.abspath(sys.executable)
"""The interpreter that jobs are run by: without the `..` that its name may have, as what that leads through may not be
there for them."""


def command(module: str, *options: str) -> list[str]:
    """The command that starts the main() of one of these files, in a Python with these options.

    As a module, because Python compiles a script anew each time that it is started.
    """
    _compile()
    return [PYTHON, *options, "-c", f"import sys; sys.path[0] = {str(INSIDE)!r}; import {module}; {module}.main()"]


def starter_command() -> list[str]:
    """The command that starts the starter."""
    return command("starter", "-s")


@lru_cache(1)
def _compile() -> None:
    """Jobs can't keep what is compiled. Where the judge can't either, the installer has done so."""
    compileall.compile_dir(str(INSIDE), quiet=2)
