"""The report card of one exercise: status, points, trials, story, evidence and hints, as HTML or plain text.

It only lays out numbers and sentences that others provide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import indent, wrap

from markupsafe import Markup

from ..text import in_points, number, plain, shorten
from ..verify.evidence import Evidence
from .glossary import explained
from .rendering import render
from .style import card_sheet
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
) -> Markup:
    """The card as HTML, beginning with what is short and says what to do.

    `sections` and `stories` are pairs of a heading and its content: HTML as Markup (a timeline, facts), or text. Hints
    open one after the other. `closed` folds each story.
    """
    symbol, tone = STATUSES.get(status, ("", "not"))
    return explained(
        render(
            "card.html",
            sheet=card_sheet(),
            title=title,
            status=status,
            symbol=symbol,
            tone=tone,
            reached=points,
            maximum=maximum,
            headline=headline,
            sections=sections,
            hints=[(_hint_title(index, len(hints)), hint) for index, hint in enumerate(hints, 1)],
            trials=trials,
            outcomes=OUTCOMES,
            stories=stories,
            closed=closed,
        )
    )


def _hint_title(index: int, of: int) -> str:
    return "Hint" if of == 1 else f"Hint {index} of {of}"


def facts(evidence: Iterable[Evidence]) -> Markup:
    """Evidence as a list: where, what, and the expected line above the actual line. Empty if there is none."""
    shown = list(map(_fact, evidence))
    return render("facts.html", facts=shown) if shown else Markup()


def _fact(fact: Evidence) -> dict[str, object]:
    return {
        "place": where(fact) if needs_place(fact) else "",
        "text": fact.text,
        "labels": labels(fact) if (fact.expected, fact.got) != (None, None) else None,
        "expected": fact.expected and shorten(fact.expected, 400),
        "got": fact.got and shorten(fact.got, 400),
    }


def paragraphs(texts: Iterable[str]) -> Markup:
    """Each text as a paragraph."""
    return render("paragraphs.html", texts=texts)


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
