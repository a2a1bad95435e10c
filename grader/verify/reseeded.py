"""Whether a program seeds its random numbers again at each restart, in R, Perl, bash, awk or C.

The program's text is only searched for what seeds. The program is run again with a generator that goes on where it was
when the program exited, even if it is seeded again. If the output is then right, seeding was the only mistake.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..tree import File
from .replays import Replays, TimeIsUp

KEPT = Path(__file__).with_name("kept")
COMPILERS = ("cc", "gcc", "clang")


class Generator(NamedTuple):
    """What makes the generator of a language go on."""

    seeds: bytes
    """A pattern for what seeds it."""
    file: str
    """The file of KEPT that must be in the sandbox."""
    environment: tuple[str, str]
    """The environment variable that loads this file."""


GENERATORS = (
    Generator(rb"\b(set\.seed) *\(", "kept.R", ("R_PROFILE_USER", "kept.R")),
    Generator(rb"(?s)^#![^\n]*\bperl\b.*\b(srand)\b", "Kept.pm", ("PERL5OPT", "-MVirtualTime -I. -MKept")),
    Generator(rb"\b(RANDOM)=", "kept.bash", ("BASH_ENV", "kept.bash")),
    Generator(rb"\b(srand(?:om|48)?)\b", "kept.so", ("LD_PRELOAD", "./kept.so")),
)


def reseeded(replays: Replays) -> str:
    """The name of what seeds a job's generator again at each restart, if the output is wrong for that reason; "" if it
    is not, or if that is not known in time."""
    if len(replays.way) < 2 or not replays.right:
        return ""
    try:
        return next((seeds for generator in GENERATORS if (seeds := _mends(replays, generator))), "")
    except TimeIsUp:
        return ""


def _mends(replays: Replays, generator: Generator) -> str:
    contents = [entry.content for entry in replays.job.inputs.values() if isinstance(entry, File)]
    seeding = next(filter(None, (re.search(generator.seeds, content) for content in contents)), None)
    kept = _file(generator.file) if seeding else None
    if not seeding or not kept:
        return ""
    end = replays.with_file(generator.file, kept, generator.environment)
    if not replays.ends_well(end) or any(
        end.returned_files.get(path) != entry for path, entry in replays.right.items()
    ):
        return ""
    return seeding[1].decode("utf-8", "replace")


@cache
def _file(name: str) -> File | None:
    """A file of KEPT; None if it can't be compiled here."""
    if not name.endswith(".so"):
        return File((KEPT / name).read_bytes())
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as directory:
        made = os.path.join(directory, name)
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", made, str(KEPT / "kept.c"), "-ldl"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        return File(Path(made).read_bytes())
