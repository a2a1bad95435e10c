"""The class list: a CSV file with a line for each student, as a learning platform exports it.

Its first line names the columns: those of Moodle's grading worksheet, Canvas's gradebook, Gradescope's or GitHub
Classroom's roster, or plainly name (or first name and last name), id, email. Columns of points are ignored.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from . import tables
from .archives import Refused, quoted
from .collect import HandIn, HandIns, apart, called
from .platforms import Identity

MOST_BYTES = 16 << 20
NAMES = ("name", "student", "full name", "fullname", "student name")
FIRST, LAST = ("first name", "firstname", "given name"), ("last name", "lastname", "surname", "family name")
IDS = (
    *("identifier", "id", "sid", "student id", "id number", "sis user id", "sis login id", "username", "login"),
    *("github_username", "roster_identifier", "email", "email address"),
)
"""Columns that identify a student beyond doubt."""
LATE = re.compile(r"(?<!not )\blate\b", re.IGNORECASE)
"""In Moodle's column Status: "Submitted for grading - 2 hours late"."""
YES = frozenset(("late", "yes", "y", "true", "x"))
"""The values of a column Late that mean late. So does any number but zero, as in Gradescope's column Lateness
(H:M:S)."""
NO = re.compile(r"|n|no|n/?a|not late|on time|false|none|[-–—]|[0:.,\s]*")
"""The values of such a column that mean not late."""
_PARTICIPANT = re.compile(r"\D+ (\d+)$")
"""An ID in Moodle's worksheet: "Participant 17", in the language of the site."""
UNCLEAR = "It is unclear which hand-in, if any, is theirs."
NOT_ON_IT = "the roster does not name them."
SEVERAL = "several lines of the roster may be theirs. Rename what they handed in to their number or email address in the roster."


class Row(NamedTuple):
    """A line of a roster: its number in the file, and column in lower case → value."""

    line: int
    values: Mapping[str, str]


def read(path: Path) -> list[Row]:
    """The lines of a roster. Raises Refused or OSError."""
    lines = tables.lines(path, MOST_BYTES, _decoded, ",;\t")
    columns = [column.strip().lower() for line in islice(lines, 1) for column in line.values]
    identifying = [column for column in columns if column in (*NAMES, *FIRST, *LAST, *IDS)]
    if not identifying:
        raise Refused(
            f"{quoted(path.name)} is not a roster: its first line names no column that identifies students, such as "
            "name, id or email."
        )
    rows = []
    for line in lines:
        row = Row(line.number, dict(zip(columns, map(str.strip, line.values))))
        if any("\n" in row.values.get(column, "") for column in identifying):
            raise tables.unpaired(path, line.number)
        rows.append(row)
    return [row for row in rows if name_of(row) and not name_of(row).startswith("Points Possible")]


def _decoded(data: bytes) -> str:
    """The text of a CSV file. Raises Refused for a spreadsheet's own file."""
    if data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):  # .xlsx and .ods, .xls
        raise Refused("It is not a CSV file: save it as CSV.")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")  # Excel's "Unicode text"
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def name_of(row: Row) -> str:
    """A student's name, or an id if the name is missing."""
    return _full_name(row) or _first(row, IDS)


def _full_name(row: Row) -> str:
    return _first(row, NAMES) or f"{_first(row, FIRST)} {_first(row, LAST)}".strip()


def _first(row: Row, columns: Iterable[str]) -> str:
    return next(filter(None, (row.values.get(column) for column in columns)), "")


def compare(handed: HandIns, rows: Iterable[Row]) -> HandIns:
    """The hand-ins with the students' lines in the roster, the students who handed in nothing, and remarks on students
    who are not on the roster."""
    compared = HandIns(handed)
    compared.odd = list(handed.odd)
    left = list(range(len(handed)))
    missing = _each_once(rows)
    several: set[int] = set()
    unclear: set[int] = set()
    for keys in (_ids, _names):  # a number is more reliable than a name
        meant = [[at for at in left if keys(row) & _known_by(handed[at])] for row in missing]
        lines = Counter(itertools.chain.from_iterable(meant))
        several = {at for at in lines if lines[at] > 1}
        remaining: list[Row] = []
        for row, same in zip(missing, meant):
            if len(same) == 1 and lines[same[0]] == 1:
                [at] = same
                left.remove(at)
                compared[at] = handed[at]._replace(identity=_with_row(handed[at].identity, row))
            else:
                remaining.append(row)
                unclear |= {row.line} if same else set()
        missing = remaining
    taken = {one.student for one in handed}
    compared.missing = [
        apart(
            HandIn(
                called(name_of(row)),
                (),
                said=(UNCLEAR,) if row.line in unclear else (),
                identity=_with_row(Identity(), row),
            ),
            _first(row, IDS),
            taken,
        )
        for row in missing
    ]
    compared.odd += [(handed[at].student, SEVERAL if at in several else NOT_ON_IT) for at in left]
    compared.odd += [
        (one.student, f"the roster has {quoted(says)!r} in its column Late, which is neither yes nor no.")
        for one in (*compared, *compared.missing)
        if (says := _by_how_much(Row(0, dict(one.identity.roster)))) and not _is_late(says) and not NO.fullmatch(says)
    ]
    return compared


def _each_once(rows: Iterable[Row]) -> list[Row]:
    """The rows without repetitions: a student may be listed once for each group."""
    once: dict[object, Row] = {}
    for row in rows:
        once.setdefault((frozenset(_ids(row)), name_of(row)) if _ids(row) else row.line, row)
    return list(once.values())


def identifiers(who: Identity) -> list[str]:
    """A student's identifiers, in the system that the files come from and in the roster. First come those
    that the names of such files contain."""
    listed = [who.roster_value(column) for column in IDS]
    numbers = [match[1] for match in map(_PARTICIPANT.match, listed) if match]
    return list(filter(None, (who.id, *numbers, *listed, who.sid, who.email)))


def full_name(who: Identity) -> str:
    """A student's name in the roster, which need not be the name of what was handed in; '' if there is none."""
    return _full_name(Row(0, dict(who.roster)))


def _with_row(identity: Identity, row: Row) -> Identity:
    return identity._replace(
        late=identity.late or _late(row),
        roster=tuple(row.values.items()),
        line=row.line,
        email=identity.email or _first(row, ("email", "email address")),
        sid=identity.sid or _first(row, ("sid", "student id", "id number", "sis user id")),
    )


def _late(row: Row) -> bool:
    return _is_late(_by_how_much(row)) or bool(LATE.search(row.values.get("status", "")))


def _by_how_much(row: Row) -> str:
    return _first(row, ("late", "lateness (h:m:s)", "lateness")).lower()


def _is_late(by_how_much: str) -> bool:
    return by_how_much in YES or bool(re.search("[1-9]", by_how_much))


def _ids(row: Row) -> set[str]:
    values = [row.values[column].lower() for column in IDS if row.values.get(column)]
    numbers = [match[1] for match in map(_PARTICIPANT.match, values) if match]
    return {*values, *numbers}


def _names(row: Row) -> set[str]:
    return {f"name {form}" for form in _forms(name_of(row))}


def _known_by(hand_in: HandIn) -> set[str]:
    who, student = hand_in.identity, hand_in.student
    plain = re.sub(r" \([^()]*\)$", "", student) if who.id else student
    ids = {value.lower() for value in (who.id, who.sid, who.email, "" if who.system else student) if value}
    return ids | {f"name {form}" for form in _forms(plain)}


def _forms(name: str) -> Iterator[str]:
    """A name in the forms of different systems, letters only: of Anna Berg; Berg, Anna; berganna."""
    words = re.findall(r"\w+", name.casefold().replace("_", " "))
    yield "".join(words)
    if len(words) > 1:
        yield "".join(words[-1:] + words[:-1])
        last, comma, first = name.casefold().partition(",")
        if comma:
            yield "".join(re.findall(r"\w+", f"{first} {last}"))
