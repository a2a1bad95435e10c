"""The report card of one exercise: status, points, trials, story, evidence and hints, as HTML or plain text.

It only lays out numbers and sentences that others provide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import indent, wrap

from ..text import escape, plain, prose, shorten
from ..verify.evidence import Evidence
from .glossary import explained
from .style import CLASSES, card_sheet
from .verdict import WIDTH, labels, needs_place, where

Trial = tuple[str, "bool | None", str, float, float]
"""Name, whether it passed (None: not tried), a sentence, points, maximum."""

STATUSES = {
    "passed": ("✓", "passed"),
    "partly right": ("◐", "part"),
    "wrong": ("✗", "wrong"),
    "not tried yet": ("○", "not"),
    "could not run": ("!", "could"),
}
"""Status → its symbol and its CSS class."""
OUTCOMES = {True: ("✓", "passed", "yes"), False: ("✗", "not passed", "no"), None: ("○", "not tried", "none")}


def card(
    title: str,
    status: str,
    points: float,
    maximum: float,
    headline: str,
    trials: Sequence[Trial] = (),
    sections: Sequence[tuple[str, str]] = (),
    hints: Sequence[str] = (),
    stories: Sequence[tuple[str, str]] = (),
    closed: bool = False,
) -> str:
    """The card as HTML, with what is short and says what to do first.

    `sections` and `stories` are pairs of a heading and safe HTML (timeline, facts, code); everything else is text,
    which is escaped here. Hints open one after the other. `closed` folds each story.
    """
    symbol, tone = STATUSES.get(status, ("", "not"))
    head = (
        f'<div class="head"><h3 class="title">{escape(title)}</h3>'
        f'<span class="status"><span aria-hidden="true">{symbol} </span>{escape(status)}</span>'
        f'<span class="points" aria-label="{number(points)} of {in_points(maximum)}">'
        f"<b>{number(points)}</b> / {in_points(maximum)}</span></div>"
    )
    body = "".join(_section(heading, inner) for heading, inner in sections)
    drawn_stories = "".join(_section(heading, inner, closed, " story") for heading, inner in stories)
    lead = f'<p class="headline">{prose(headline)}</p>' if headline else ""
    return explained(
        f'<div class="{CLASSES}" role="group" aria-label="Report: {escape(title)}">{card_sheet()}'
        f'<div class="box {tone}">{head}{lead}{body}{_hints(hints)}{_trials(trials)}{drawn_stories}</div></div>'
    )


def _section(heading: str, inner: str, closed: bool = False, kind: str = "") -> str:
    """A heading and its content, which is folded if the section is closed."""
    if closed:
        return f'<details class="part-of{kind}"><summary><h4>{escape(heading)}</h4></summary>{inner}</details>'
    return f'<section class="part-of{kind}"><h4>{escape(heading)}</h4>{inner}</section>'


def _trials(trials: Sequence[Trial]) -> str:
    if not trials:
        return ""
    rows = "".join(map(_trial, trials))
    return (
        '<table class="trials" aria-label="What was tried"><thead><tr><th scope="col">Trial</th>'
        '<th scope="col">Result</th><th scope="col">What happened</th>'
        f'<th scope="col" class="num">Points</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _trial(trial: Trial) -> str:
    name, passed, sentence, points, maximum = trial
    symbol, word, tone = OUTCOMES[passed]
    return (
        f'<tr><th scope="row">{escape(name)}</th>'
        f'<td class="mark {tone}"><i aria-hidden="true">{symbol}</i>{word}</td>'
        f'<td>{prose(sentence)}</td><td class="num">{number(points)} / {number(maximum)}</td></tr>'
    )


def _hints(hints: Sequence[str]) -> str:
    """The hints nested in each other, so that they are read one at a time."""
    opened = ""
    for index in range(len(hints), 0, -1):
        opened = (
            f'<details class="hint"><summary>{_hint_title(index, len(hints))}</summary>'
            f"<p>{prose(hints[index - 1])}</p>{opened}</details>"
        )
    return opened


def _hint_title(index: int, of: int) -> str:
    return "Hint" if of == 1 else f"Hint {index} of {of}"


def number(points: float) -> str:
    """Points with at most two decimals: 3, 2.5."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def in_points(points: float) -> str:
    """Points with the noun: 3 points, 1 point."""
    return f"{number(points)} {'point' if number(points) == '1' else 'points'}"


# -- content of sections -----------------------------------------------------------


def code(text: str) -> str:
    """Text verbatim, in a monospaced block."""
    return f'<pre class="code">{escape(text.expandtabs(4), keep=chr(10))}</pre>'


def facts(evidence: Iterable[Evidence]) -> str:
    """Evidence as a list: where, what, and the expected line above the actual one."""
    items = "".join(f"<li>{_fact(fact)}</li>" for fact in evidence)
    return f'<ul class="facts">{items}</ul>' if items else ""


def _fact(fact: Evidence) -> str:
    place = f'<code class="place">{escape(where(fact))}</code>' if needs_place(fact) else ""
    text = f"{place}{prose(fact.text)}"
    if fact.expected is None and fact.got is None:
        return text
    first, second = labels(fact)
    return (
        f'{text}<dl class="pair">'
        f'<dt class="want">{first}</dt><dd class="want">{_line(fact.expected)}</dd>'
        f'<dt class="have">{second}</dt><dd class="have">{_line(fact.got)}</dd></dl>'
    )


def _line(line: str | None) -> str:
    if line is None:
        return "<em>no such line</em>"
    return escape(shorten(line, 400)) or "<em>an empty line</em>"


# -- plain text --------------------------------------------------------------------


def card_text(
    title: str,
    status: str,
    points: float,
    maximum: float,
    headline: str,
    trials: Sequence[Trial] = (),
    sections: Sequence[tuple[str, str]] = (),
    hints: Sequence[str] = (),
) -> str:
    """The card as plain text, with all hints; `sections` are headings and text."""
    parts = [
        "\n".join((f"{plain(title)}: {plain(status)}, {number(points)} of {in_points(maximum)}", *_wrapped(headline)))
    ]
    if trials:
        parts.append("\n".join(line for trial in trials for line in _trial_lines(trial)))
    parts += [plain(heading) + "\n" + indent(plain(text.rstrip(), keep="\n"), "  ") for heading, text in sections]
    parts += ["\n".join((_hint_title(index, len(hints)), *_wrapped(hint))) for index, hint in enumerate(hints, 1)]
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str) -> list[str]:
    return [f"  {line}" for line in wrap(plain(text), WIDTH - 2)]


def _trial_lines(trial: Trial) -> list[str]:
    name, passed, sentence, points, maximum = trial
    word = OUTCOMES[passed][1]
    return [f"[{word}] {plain(name)}  {number(points)}/{number(maximum)}", *_wrapped(sentence)]
