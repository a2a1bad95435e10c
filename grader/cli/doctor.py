"""python -m grader doctor: what this machine lacks for the course, and what to do about it.

Each check is a small function that inspects one thing, changes nothing, and returns one line.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..execute.isolation import confinement
from ..execute.startd import require_fork
from ..execute.team import processors
from ..real_pool import personal_pool
from ..rules.execution import MachineTrouble
from .parsing import Parser

FINE, NOTE, LACKS, BROKEN = "fine", "note", "lacks", "broken"
"""The result of a check: all is well; something optional is missing; something needed to grade a class is missing; the
course can't be taken here."""
SIGNS = {FINE: "✓", NOTE: "·", LACKS: "!", BROKEN: "✗"}
STATUS = {FINE: 0, NOTE: 0, LACKS: 1, BROKEN: 2}
GIGABYTE = 1 << 30
MEMORY = 2 * GIGABYTE
"""The most bytes of memory that grading one submission takes; a learner's checks take a fraction of that."""
LEAST_MEMORY = GIGABYTE // 2
DISK, LEAST_DISK = 2 * GIGABYTE, GIGABYTE // 5
NEEDED = {"jupyterlab": "the notebooks", "ipywidgets": "the live panel", "matplotlib": "the plots"}


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    about: str
    state: str
    text: str
    remedy: str = ""


def add_to(command: Parser) -> None:
    """Add the options of this command."""
    command.set_defaults(command=run)
    command.epilog = (
        "Exit status: 0 nothing is missing; 1 the course can be taken here, but something needed to grade a class is "
        "missing; 2 the course can't be taken here. HTCondor is optional."
    )
    command.add_argument("--json", action="store_true", help="print a list of JSON objects instead of text")


def run(options: argparse.Namespace) -> int:
    """Run all checks; returns the exit status."""
    checks = [check() for check in CHECKS]
    if options.json:
        print(json.dumps([asdict(check) for check in checks]))
    else:
        for line in _lines(checks):
            print(line)
    return max(STATUS[check.state] for check in checks)


def _lines(checks: list[Check]) -> Iterator[str]:
    width = max(len(check.about) for check in checks)
    for check in checks:
        yield f"{SIGNS[check.state]} {check.about:{width}}  {check.text}"
        if check.remedy:
            yield f"  {'':{width}}  → {check.remedy}"
    states = {check.state for check in checks}
    if BROKEN in states:
        yield "The course can't be taken on this machine as it is."
    elif LACKS in states:
        yield "The course can be taken here. Before you grade a class, fix what is marked with !"
    else:
        yield "Nothing that the course needs is missing."


# -- checks ------------------------------------------------------------------------


def python() -> Check:
    """Can Python start programs in the way the course needs?"""
    version = platform.python_version()
    try:
        require_fork()
    except MachineTrouble as trouble:
        return Check("Python", BROKEN, f"{version}. {trouble}", "On Windows, use WSL.")
    return Check("Python", FINE, f"{version} on {platform.system()}")


def packages() -> Check:
    """Are the notebooks' packages installed?"""
    missing = [f"{name} ({what})" for name, what in NEEDED.items() if importlib.util.find_spec(name) is None]
    if missing:
        remedy = "python3 lab.py setup (or: pip install jupyterlab ipywidgets matplotlib)"
        return Check("Packages", BROKEN, f"{', '.join(missing)} can't be imported", remedy)
    return Check("Packages", FINE, "JupyterLab, ipywidgets and Matplotlib are installed")


def sandbox() -> Check:
    """Are students' programs confined?"""
    confine = confinement()
    if confine is not None and confine.bubblewrap:
        return Check("Sandbox", FINE, "bubblewrap works: students' programs are confined")
    if not sys.platform.startswith("linux"):
        return Check("Sandbox", LACKS, "there is none on this system", "Grade on Linux; see docs/security.md.")
    if shutil.which("bwrap") is None:
        remedy = "apt install bubblewrap (dnf, pacman, zypper: the same name)"
        return Check("Sandbox", LACKS, "bubblewrap is not installed: students' programs are not confined", remedy)
    return Check("Sandbox", LACKS, "bubblewrap is installed, but may not create namespaces here", _namespaces())


def _namespaces() -> str:
    """What to do where bubblewrap may not create namespaces."""
    for name, required in (
        ("kernel/apparmor_restrict_unprivileged_userns", "0"),
        ("kernel/unprivileged_userns_clone", "1"),
    ):
        try:
            value = Path("/proc/sys", name).read_text().strip()
        except OSError:
            continue
        if value != required:
            return f"As root: sysctl -w {name.replace('/', '.')}={required}"
    return "In a container: start it with --security-opt seccomp=unconfined (or --privileged), or grade outside it."


def programs() -> Check:
    """Do known programs run as they should?"""
    from ..grading.trial import try_out

    try:
        try_out(confinement())
    except MachineTrouble as trouble:
        return Check(
            "Programs", LACKS, str(trouble), "See docs/security.md; grading refuses to start until this works."
        )
    return Check("Programs", FINE, "Python programs and shell scripts run here in the way answers are run")


def memory() -> Check:
    """Is there enough memory?"""
    available = available_memory()
    if available is None:
        return Check("Memory", NOTE, "this system does not say how much is available")
    text = f"{available / GIGABYTE:.1f} GB available, {processors()} processors"
    if available < LEAST_MEMORY:
        return Check(
            "Memory", BROKEN, text, "Close other programs, or use a larger machine: half a gigabyte is needed."
        )
    if available < MEMORY:
        return Check("Memory", LACKS, text, "Grade with --jobs 1: one submission may take up to 2 GB.")
    most = int(available // MEMORY)
    few = f"Grade with --jobs {most}: one submission may take up to 2 GB." if most < processors() else ""
    return Check("Memory", NOTE if few else FINE, text, few)


def available_memory() -> int | None:
    """Bytes of memory available here, within the limit of a container; None if unknown."""
    bounds = []
    try:
        memory = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        bounds.append(int(memory["MemAvailable"].split()[0]) << 10)
    except (OSError, ValueError, KeyError, IndexError):
        pass
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            most, now = (int(Path("/sys/fs/cgroup", name).read_text()) for name in (limit, used))
            bounds.append(max(0, most - now))
        except (OSError, ValueError):  # no such limit, or it is "max"
            continue
    return min(bounds) if bounds else None


def disk() -> Check:
    """Can files be written, and is there room for them?"""
    free = []
    for place in dict.fromkeys((Path.cwd(), Path(tempfile.gettempdir()))):
        try:
            with tempfile.NamedTemporaryFile(dir=place):
                free.append(shutil.disk_usage(place).free)
        except OSError as error:
            remedy = f"Make {place} writable, or " + (
                "set TMPDIR to a directory that is." if place != Path.cwd() else "copy the course to a folder that is."
            )
            return Check("Disk", BROKEN, f"nothing can be written to {place} ({error.strerror})", remedy)
    text = f"{min(free) / GIGABYTE:.1f} GB free, here and in {tempfile.gettempdir()}"
    if min(free) < LEAST_DISK:
        return Check("Disk", BROKEN, text, "Make room: a fifth of a gigabyte is needed to work, two to grade a class.")
    return Check(
        "Disk", *((LACKS, text, "Make room: grading a class takes up to 2 GB.") if min(free) < DISK else (FINE, text))
    )


def htcondor() -> Check:
    """Is there a real HTCondor?"""
    bindings = "with" if importlib.util.find_spec("htcondor2") else "without"
    if personal_pool.own_htcondor():
        return Check("HTCondor", FINE, f"its queue answers, {bindings} Python bindings")
    if personal_pool.process() is not None:
        return Check("HTCondor", FINE, f"the personal pool is running, {bindings} Python bindings")
    text = "not installed: only notebook 10 and `submit` need it"
    if shutil.which("condor_submit"):
        text = "condor_submit is installed, but the queue does not answer"
    return Check("HTCondor", NOTE, text, personal_pool.obstacle() or "python3 lab.py pool up")


def account() -> Check:
    """Does root run the course without a sandbox?"""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and confinement() is None:
        return Check(
            "Account", LACKS, "this is root, and there is no sandbox", "Work as another user, or install bubblewrap."
        )
    return Check("Account", FINE, "root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "an ordinary user")


CHECKS: tuple[Callable[[], Check], ...] = (python, packages, account, sandbox, programs, memory, disk, htcondor)
