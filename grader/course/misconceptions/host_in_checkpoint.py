"""Misconception `host-in-checkpoint`."""

from __future__ import annotations

from ...tree import Tree
from ..case import Case
from ..report import Misconception

MISCONCEPTION = Misconception(
    "host-in-checkpoint",
    "The checkpoint contains something that is true only on one execution point: an absolute path, a host name.",
    (
        "Read your checkpoint file. Would it mean the same on another machine?",
        "Every activation has its own directory, on its own machine.",
        "Save names relative to the sandbox, and nothing about the machine.",
    ),
)


def host_in_checkpoint(case: Case) -> bool:
    if not case.moved:
        return False
    saved = Tree(case.state_files)
    elsewhere = case.executor.slots_named_in(saved) - {case.state.now.slot}
    return bool(elsewhere) and (case.given or case.depends_on_host())


SYMPTOMS = ((60, host_in_checkpoint),)
