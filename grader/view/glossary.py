"""The glossary: the words of HTCondor and of this course, each explained in a sentence or two.

The notebook's glossary(), docs/glossary.md and the tooltips of report cards all take their texts from here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup

from ..text import plain
from .rendering import prose, render
from .style import card_sheet


class Term(NamedTuple):
    """A word, its meaning, and its other forms that get a tooltip in cards."""

    name: str
    meaning: str
    forms: tuple[str, ...] = ()


TERMS = (
    Term(
        "access point", "The machine on which you submit jobs. It keeps the queue, your files, and the spool directory."
    ),
    Term("badput", "Computing whose result was lost with a slot, so that it had to be done again."),
    Term(
        "checkpoint",
        "What a program saves so that it can continue from there. For HTCondor: the files of `transfer_checkpoint_files`, "
        "as they are when the program exits with the checkpoint exit code.",
        ("checkpoints",),
    ),
    Term(
        "checkpoint exit code",
        "The exit code that means *saved, start me again*. `checkpoint_exit_code` in the submit file sets it; by custom "
        "it is 85.",
    ),
    Term(
        "eviction",
        "The job loses its slot before it is done. Its sandbox is deleted, and it waits to start again elsewhere.",
        ("evictions", "evicted"),
    ),
    Term("execute directory", "HTCondor's name for the sandbox: the job's directory on the execution point."),
    Term(
        "execution",
        "One run of the program, from its start until it exits or loses its slot. This course counts them from 1, over "
        "the whole life of a job.",
        ("executions",),
    ),
    Term(
        "execution point",
        "A machine that runs jobs. It usually belongs to somebody else, and is divided into slots.",
        ("execution points",),
    ),
    Term("goodput", "Computing that ends up in the result."),
    Term(
        "hold",
        "A job on hold stays in the queue and gets no slot until somebody releases it (`condor_release`). HTCondor holds "
        "a job when you have to fix something, such as a listed file that does not exist.",
        ("on hold",),
    ),
    Term(
        "hold code, subcode",
        "Two numbers that say why a job is on hold: the code is the kind of problem (12: a transfer of output failed, 13: "
        "a transfer of input failed), the subcode a detail, often the system's error number (2: no such file).",
        ("subcode",),
    ),
    Term(
        "job event log",
        "The file that `log = ...` names. HTCondor writes everything that happens to the job into it, each event with a "
        "number and a time.",
        ("event log",),
    ),
    Term("pool", "All machines that work together under one HTCondor."),
    Term(
        "restart in place",
        "After a checkpoint the program starts again in the same sandbox, with everything in it. After an eviction it "
        "starts in a new sandbox.",
        ("in place",),
    ),
    Term(
        "sandbox",
        "The directory in which the program runs, on somebody else's machine. It begins with the executable, the input "
        "files and the checkpoint, and is deleted when the job loses its slot.",
    ),
    Term(
        "schedule",
        "What happens to a job in this course's simulator, and when: `evict@2+90s` takes the slot away 90 seconds into the "
        "second execution.",
        ("schedules",),
    ),
    Term(
        "self-checkpointing",
        "A job is self-checkpointing if its program saves its own state, exits, and continues from there when it is "
        "started again.",
    ),
    Term(
        "slot",
        "A share of an execution point, with some cores, memory and disk. A job runs in one slot at a time, until it is "
        "done or evicted.",
        ("slots",),
    ),
    Term(
        "spool directory",
        "A directory on the access point, one for each job, in which HTCondor keeps the checkpoint. It outlives the "
        "sandbox, and is copied into every new one.",
        ("spool",),
    ),
    Term(
        "submit directory",
        "The directory on the access point with your submit file. HTCondor puts the output there when the job is done.",
    ),
    Term(
        "vacate",
        "To evict a job politely: the program gets SIGTERM, and ten minutes to end unless the pool or the job says otherwise "
        "(`condor_vacate_job`). What it saves then is still deleted with the sandbox, unless the submit file says "
        "`when_to_transfer_output = ON_EXIT_OR_EVICT`.",
        ("vacated",),
    ),
    Term(
        "wrapper",
        "A script that is the job's executable. It prepares the real program, starts it, and translates its exit code.",
    ),
)
SILENT = ("style", "pre", "code", "title", "svg", "summary", "dl", "h3", "h4", "abbr", "table")
"""Elements whose text gets no tooltips."""
ROW = '<p class="what">'
"""The heading of a row in a story, which gets no tooltips either."""
_FORMS = {form.lower(): term for term in TERMS for form in (term.name, *term.forms)}
_WORDS = re.compile(
    r"(?<![\w/.%@_-])(?<!&#39;)(?<!&#34;)"
    rf"(?:{'|'.join(sorted(map(re.escape, _FORMS), key=len, reverse=True))})"
    r"(?![\w/_-]|\.\w)(?!(?<=in place) of\b)",
    re.IGNORECASE,
)
"""Matches the terms in prose, but not a name in quotes, and not `in place of`."""


def tooltip(term: str) -> str:
    """The meaning of a word, as text; '' if it is not in the glossary."""
    entry = _FORMS.get(term.lower())
    return _unmarked(entry.meaning) if entry else ""


def explained(html: Markup) -> Markup:
    """The same HTML (ours, so well formed) with a tooltip on the first occurrence of each term in prose."""
    explained_terms: set[str] = set()
    silent: list[str] = []

    def point(match: re.Match[str]) -> str:
        term = _FORMS[match[0].lower()]
        if term.name in explained_terms:
            return match[0]
        explained_terms.add(term.name)
        return Markup('<abbr title="{}">{}</abbr>').format(_unmarked(term.meaning), Markup(match[0]))

    parts = re.split(r"(<[^>]*>)", html)
    for index, part in enumerate(parts):
        if index % 2 == 0:
            parts[index] = part if silent else _WORDS.sub(point, part)
        elif part.startswith("</"):
            if silent and part == f"</{silent[-1]}>":
                silent.pop()
        elif (tag := re.match(r"<(\w+)", part)) and (tag[1] in SILENT or part == ROW):
            silent.append(tag[1])
    return Markup("".join(parts))


def lookup(word: str) -> tuple[Term, ...]:
    """The terms that a word may mean; all terms for ''."""
    word = " ".join(word.lower().split())
    if not word:
        return TERMS
    if word in _FORMS:
        return (_FORMS[word],)
    within = [term for term in TERMS if word in term.name]
    near = [_FORMS[form] for form in difflib.get_close_matches(word, _FORMS, cutoff=0.75)]
    return tuple(dict.fromkeys((*within, *near)))


def glossary_html(terms: Iterable[Term]) -> Markup:
    """Terms as an HTML list."""
    return render("glossary.html", sheet=card_sheet(), terms=[(term.name, _marked(term.meaning)) for term in terms])


def glossary_text(terms: Iterable[Term]) -> str:
    """Terms as lines of text."""
    return "\n".join(f"{term.name}: {plain(_unmarked(term.meaning))}" for term in terms)


def page() -> str:
    """The text of docs/glossary.md."""
    rows = "\n".join(f"**{term.name}**: {term.meaning}\n" for term in TERMS)
    return f'# Glossary\n\nThe words of HTCondor and of this course. In a notebook: `glossary("spool")`.\n\n{rows}'


def _marked(meaning: str) -> Markup:
    return Markup(re.sub(r"\*([^*]+)\*", r"<em>\1</em>", str(prose(meaning))))


def _unmarked(meaning: str) -> str:
    return meaning.replace("`", "").replace("*", "")
