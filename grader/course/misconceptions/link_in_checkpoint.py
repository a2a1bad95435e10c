"""Misconception `link-in-checkpoint`."""

from __future__ import annotations

import posixpath

from ...rules.simulation import Held
from ...rules.step import Hold
from ...tree import Link, Tree
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "link-in-checkpoint",
    "The checkpoint relies on a symbolic link. HTCondor sends the file that a link points to, not the link; and it can't send "
    "a link to a directory.",
    (
        "What does the link point to, and what is in its place in a new sandbox, if anything?",
        "A link to a file arrives as a file, with the content of the target. With a link to a directory, listed or inside a "
        "listed directory, the checkpoint fails.",
        "Do without the link: write the newest state to a file that always has the same name, or write the name of the "
        "newest file into a text file, and list that.",
    ),
)


def link_to_directory(case: Case) -> bool:
    """A listed path that could not be sent is a link to a directory, or a directory with such a link in it."""
    held = case.state.next
    if case.run is None or case.failure != "held" or not isinstance(held, Held) or held.code != Hold.CHECKPOINT:
        return False
    return any(isinstance(case.run.sandbox.get(path), Link) for path in held.unsendable)


def link_became_file(case: Case) -> bool:
    """In the new sandbox, a file replaces the program's link; with the link, the restart would succeed."""
    if case.restart is None or case.failure == "held":
        return False
    before = case.saving.ran.sandbox if case.saving else Tree()
    links = {path: entry for path, entry in before.items() if isinstance(entry, Link) and path in case.state_files}
    if not links:
        return False
    sandbox = case.state.now.directory
    for path, link in links.items():
        target = posixpath.normpath(link.named(path))
        sandbox = sandbox.put(target, case.state_files[path]).put(path, link)
    run = case.executor.run(case.job, sandbox, slot=case.state.now.slot, clock=case.state.now.time)
    return run.exit != case.ran.exit and run.exit.code in (0, case.job.checkpoint_exit_code)


SYMPTOMS = ((22, link_to_directory), (24, link_became_file))
