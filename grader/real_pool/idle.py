"""Why a job stays idle, from its ClassAd and the slots' ClassAds: what condor_q -better-analyze counts, in sentences
that name the submit command to change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

Ad = Mapping[str, Any]
Evaluate = Callable[[str, Ad, Ad], Any]
"""Evaluates a ClassAd expression; the ads are MY and TARGET."""
UNITS = {"Memory": " MB of memory", "Disk": " KB of disk", "Cpus": " CPUs", "GPUs": " GPUs"}


def reasons(job: Ad, slots: Sequence[Ad], evaluate: Evaluate) -> list[str]:
    """What keeps the job from running, in lines of text; never empty."""
    if not slots:
        return ["The pool has no slots at the moment: no execution point is up."]
    conditions = list(clauses(str(evaluate("unparse(Requirements)", job, {}))))
    fulfil = {clause: [slot for slot in slots if evaluate(clause, job, slot) is True] for clause in conditions}
    if unmet := [clause for clause in conditions if not fulfil[clause]]:
        return [_unmet(clause, job, slots, evaluate) for clause in unmet]
    fit = [slot for slot in slots if all(slot in fulfil[clause] for clause in conditions)]
    if not fit:
        return [
            f"No slot fulfils all of its conditions at once. Of {len(slots)} slots:",
            *(f"  {len(fulfil[clause]):4} fulfil {clause}" for clause in conditions),
        ]
    willing = [slot for slot in fit if evaluate("Requirements", slot, job) is True]
    if not willing:
        return [f"{len(fit)} slots fit, but none of them accepts this job: their owners' START expression refuses it."]
    free = [slot for slot in willing if slot.get("State") == "Unclaimed"]
    if not free:
        return [f"All {len(willing)} slots that it could run in are busy. It waits for one of them."]
    return [f"{len(free)} free slots fit. It waits for the next negotiation cycle, or behind users with priority."]


def clauses(expression: str) -> Iterator[str]:
    """The conditions that an expression joins with && at its top level."""
    expression = expression.strip()
    depths = list(_depths(expression))
    top = [index for index, depth in enumerate(depths) if depth == 0]
    joints = [index for index in top if expression.startswith("&&", index)]
    if any(expression[index] in "|?" for index in top):  # these bind less tightly than &&
        yield expression
    elif joints:
        for begin, end in zip([0, *(index + 2 for index in joints)], [*joints, len(expression)]):
            yield from clauses(expression[begin:end])
    elif expression.startswith("(") and min(depths[:-1]) > 0:
        yield from clauses(expression[1:-1])
    elif expression:
        yield expression


def _depths(expression: str) -> Iterator[int]:
    """How deeply each character is nested in brackets and quotes; an opening bracket counts as inside."""
    depth, quoted, before = 0, False, ""
    for character in expression:
        if character == '"' and before != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (character in "([{") - (character in ")]}")
        yield depth + quoted
        before = character


def _unmet(clause: str, job: Ad, slots: Sequence[Ad], evaluate: Evaluate) -> str:
    """A condition that no slot fulfils, with what the slots have instead."""
    request = re.search(r"TARGET\.(\w+) >= (?:MY\.)?Request(\w+)", clause, re.IGNORECASE)
    if request:
        resource, amount = request[1], evaluate(f"Request{request[2]}", job, {})
        offered = [value for slot in slots if isinstance(value := evaluate(resource, slot, {}), (int, float))]
        return (
            f"It asks for {amount}{UNITS.get(resource, ' ' + resource)} (request_{resource.lower()}); "
            f"the most that any of {len(slots)} slots has is {max(offered, default=0)}."
        )
    names = re.findall(r"\b(?<!MY\.)[A-Z_]\w*\b(?![.(])", re.sub(r'"[^"]*"', "", clause), re.IGNORECASE)
    offers = []
    for name in dict.fromkeys(names):
        values = {str(value) for slot in slots if _plain(value := evaluate(name, slot, {}))}
        offers += [f"{name} = {' or '.join(sorted(values)[:3])}"] if values else []
    instead = f" They have {', '.join(offers)}." if offers else ""
    return f"None of {len(slots)} slots fulfils {clause} (requirements in the submit file).{instead}"


def _plain(value: object) -> bool:
    """Whether a value can be shown: neither undefined nor an error."""
    return isinstance(value, (str, int, float)) and not isinstance(value, Enum)
