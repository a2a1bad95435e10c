"""The page that `verify --report` writes: each job's verdict, the evidence, and the story that shows it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence

from markupsafe import Markup

from .. import calling
from ..rules.profile import Profile
from ..rules.schedule import render as render_schedule
from ..text import plain
from ..verify.checked import Checked
from ..verify.explore import CONSISTENT, RESTART_SAFE, UNSAFE
from . import card
from .page import page
from .rendering import render
from .style import card_sheet, css
from .timeline import timeline
from .untried import untried_lines
from .verdict import heading, verdict_lines

TONES = {RESTART_SAFE: ("✓", "passed"), CONSISTENT: ("◐", "part"), UNSAFE: ("✗", "wrong")}
"""Verdict → its symbol and its CSS class; any other verdict is drawn as unknown."""
UNKNOWN_TONE = ("○", "not")
MOST_CHARACTERS = 2_000_000
"""A story with longer HTML is left out."""


def job_report(file: str, profile: Profile, jobs: Sequence[Checked], remarks: Sequence[str] = ()) -> Markup:
    """The whole page as HTML. `file` is the submit file, `remarks` are the reader's remarks on it."""
    body = render(
        "job_report.html",
        file=file,
        profile=str(profile),
        when=time.strftime("%Y-%m-%d"),
        remarks=remarks,
        jobs=[_job(checked, file) for checked in jobs],
        sheet=card_sheet(),
        command=f"{calling.command('verify')} {shlex.quote(plain(file))}",
    )
    return page(f"verify {file}", body, css("job_report"))


def _job(checked: Checked, file: str) -> dict[str, object]:
    exploration = checked.exploration
    symbol, tone = TONES.get(exploration.verdict, UNKNOWN_TONE)
    first, *rest = verdict_lines(exploration)
    numbers = rest[: rest.index("")] if "" in rest else rest
    faults = render_schedule(exploration.schedule or ())
    return {
        "name": f"{checked.job.cluster}.{checked.job.proc}",
        "symbol": symbol,
        "tone": tone,
        "verdict": first,
        "numbers": [*numbers, *untried_lines(exploration)],
        "command": _command(file, faults) if exploration.verdict == UNSAFE else "",
        "command_shows": "The shortest schedule that shows it" if faults else "It goes wrong without any fault",
        "heading": heading(exploration),
        "facts": card.facts(checked.facts),
        "misconception": checked.misconception,
        "looks": checked.looks,
        "story_title": f"What happens on the schedule {faults}" if faults else "What happens without any fault",
        "story": _story(checked),
    }


def _command(file: str, faults: str) -> str:
    schedule = f' --schedule "{faults}"' if faults else ""
    return f"{calling.command('simulate')} {shlex.quote(plain(file))}{schedule}"


def _story(checked: Checked) -> Markup:
    if not checked.story:
        return Markup()
    drawn = timeline(checked.story, submit=checked.job.inputs, log_name=checked.job.log)
    return drawn if len(drawn) <= MOST_CHARACTERS else card.paragraphs(["This story is too long to show here."])
