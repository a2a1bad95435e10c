"""The lines of a submit description: comments, continuation, if/else, include, assignments, queue.

It fills a Macros table line by line, and yields at each queue statement, when the table holds what that
statement's jobs see. reader.py gives the commands their meaning.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..problems import CAUTION, Place, Problem, Remark, SubmitError
from ..rules.profile import Profile
from ..tree import File
from . import commands
from .folder import Folder
from .macros import Macros, boolean
from .queueing import Arguments

_SPACE = " \t\r\v\f"
_ASSIGNMENT = re.compile(r"(?P<name>[^\s=:]+)\s*(?P<operator>@=|(?<=\s)\+=|=|:)\s*(?P<value>.*)", re.DOTALL | re.ASCII)
_CONDITION = re.compile(r"(if|elif|else|endif)(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_QUEUE = re.compile(r"queue(?:\s+(?P<arguments>.*))?", re.IGNORECASE | re.DOTALL)
_DIRECTIVE = re.compile(r"@?(include|use|error|warning)\b([^:=]*):\s*(.*)", re.IGNORECASE | re.DOTALL)
_VERSION = re.compile(
    r"version\s+(?P<operator>[<>]=?|[=!]?=)\s*(?P<version>\d+\.\d+(?:\.\d+)?)[\w. ]*", re.IGNORECASE | re.ASCII
)
_COMPARISONS: dict[str, Callable[[list[int], list[int]], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}
_DAG = re.compile(
    r"(JOB|PARENT|VARS|SUBDAG|SPLICE|FINAL|PROVISIONER|SERVICE|RETRY|SCRIPT)\s+[^\s=]+(\s+[^\s=].*)?",
    re.IGNORECASE | re.DOTALL,
)
_INCLUDE_OPTIONS = re.compile(
    r"(?P<ifexist>ifexists?)?(?:^| |$)(?:(?P<command>output|command)(?: into (?P<into>\S+))?)?", re.ASCII
)
_DEEPEST_INCLUDE = 10

Lines = Iterator[tuple[Place, str]]


class Queue(NamedTuple):
    """A queue statement: its arguments, and the rows of a list that spans lines."""

    place: Place
    arguments: Arguments
    rows: tuple[str, ...]


def logical_lines(text: str, file: str, remarks: list[Remark] | None = None) -> Lines:
    """Each line with its continuation lines joined, trimmed, at the place of its first line.

    A line that ends in `\\` continues on the next line, whose indentation is dropped. A comment
    is never continued, and neither is a last line without a line end. A comment in the middle counts as white space
    and, unless it ends in `\\` itself, ends the line. HTCondor then keeps the comment's last character, and so do we.
    """
    joined, first = "", 0
    lines = text.removesuffix("\n").split("\n") if text else []
    for number, raw in enumerate(lines, 1):
        line = raw.strip(_SPACE)
        comment = line.startswith("#")
        if comment and first:
            line = line[-1]
            if line != "\\" and remarks is not None:
                text = f"this comment ends the line above; HTCondor adds its last character, {line!r}, there"
                remarks.append(Remark(file, number, text, CAUTION))
        first = first or number
        cut = number == len(lines) and not text.endswith("\n")
        if line.endswith("\\") and not cut and not (comment and first == number):
            joined += line[:-1]
            continue
        yield Place(file, first), joined + line
        joined, first = "", 0
    if first:
        yield Place(file, first), joined


class Description:
    """A submit description being read; iterating gives its queue statements.

    The profile decides what may follow a queue statement, and which version `if version` sees.
    """

    def __init__(self, text: str, name: str, folder: Folder, macros: Macros, profile: Profile):
        self.macros, self.folder, self._profile = macros, folder, profile
        self.remarks: list[Remark] = []
        self._text, self.name = text, name
        self._branches: list[_Branch] = []
        """The open ifs of the file that is being read."""
        self._queued: Place | None = None

    def __iter__(self) -> Iterator[Queue]:
        yield from self._statements(self._text, self.name, depth=0)

    def _statements(self, text: str, file: str, depth: int) -> Iterator[Queue]:
        lines, outer, self._branches = logical_lines(text, file, self.remarks), self._branches, []
        for place, line in lines:
            if not line or line.startswith("#"):
                continue
            try:
                yield from self._statement(place, line, lines, depth)
            except Problem as problem:
                raise SubmitError.at(place, problem) from None
        if self._branches:
            raise SubmitError(*self._branches[-1].place, "this if has no endif", "Add a line `endif`.")
        self._branches = outer

    def _statement(self, place: Place, line: str, lines: Lines, depth: int) -> Iterator[Queue]:
        if self._queued and self._profile.single_queue:
            raise Problem(
                f"HTCondor {self._profile.version} accepts nothing after the queue statement",
                "Put it above the queue statement; for more jobs, write `queue N` or a list of items.",
            )
        if self._branches:
            line = line.removeprefix(":")
        if condition := _CONDITION.fullmatch(line):
            self.macros.refer(line)
            self._branch(place, condition[1].lower(), condition[2] or "")
        elif not all(branch.taken for branch in self._branches):
            return
        elif directive := _DIRECTIVE.fullmatch(line):
            yield from self._directive(place, directive, depth)
        elif queue := _QUEUE.fullmatch(line):
            if depth:
                raise Problem("a queue statement in an included file", "Move it to the submit file.")
            self.macros.refer(line)
            for branch in self._branches:
                text = "this if has no endif above the queue statement, which HTCondor takes as its end"
                self.remarks.append(Remark(*branch.place, text, CAUTION))
            self._branches = []
            if self._queued:
                text = "several queue statements in a file are deprecated: HTCondor 25 accepts only one"
                self.remarks.append(Remark(*place, text, CAUTION))
            yield self._queue(place, queue["arguments"] or "", lines)
            self._queued = place
        else:
            self._assignment(place, line, lines)

    def _assignment(self, place: Place, line: str, lines: Lines) -> None:
        match = _ASSIGNMENT.fullmatch(line)
        if match is None and _DAG.fullmatch(line) and not self.macros.places:
            raise Problem("this is a DAG file", "Name a node's submit file: the one behind its JOB.")
        foreign = (":",) if self._profile.appends else (":", "+=")
        if match is None or match["operator"] in foreign or match["name"].lower() == "queue":
            raise Problem(f"{line[:60]!r} is neither `command = value` nor a queue statement", _remedy(line))
        name, value = self.macros.expand(match["name"]), match["value"]
        appends = match["operator"] == "+="
        if name[:1] in ("+", "-") and not appends:
            name, value = "MY." + name[1:], value if name[0] == "+" else ""
        if not re.fullmatch(r"[\w./]+", name, re.ASCII):
            raise Problem(
                f"{name!r} can't be the name of a command", "Names are made of letters, digits, underscores and dots."
            )
        if match["operator"] == "@=":
            value = _here_document(value, lines)
        elif appends:
            value = f"{self.macros.get(name) or ''} {value}".strip()
        self.macros.refer(value)
        self.macros.define(name, value, place)

    def _queue(self, place: Place, text: str, lines: Lines) -> Queue:
        arguments = Arguments.parse(self.macros.expand(text), self._profile.tables)
        rows = []
        if arguments.open:
            for _, row in lines:
                if row.startswith(")"):
                    break
                if not row.startswith("#"):
                    self.macros.refer(row)
                    rows.append(row)
            else:
                raise Problem("the list has no end", "Add a line with `)` alone.")
        return Queue(place, arguments, tuple(rows))

    def _directive(self, place: Place, match: re.Match[str], depth: int) -> Iterator[Queue]:
        self.macros.refer(match[3])
        word, options, value = match[1].lower(), match[2].rstrip(), self.macros.expand(match[3])
        if word == "warning":
            self.remarks.append(Remark(*place, value, CAUTION))
            return
        if word == "error":
            raise Problem(value, "The submit file itself stops here.")
        if word == "use":
            raise Problem(f"`use{options} : {value}` is not simulated", "Write the lines that it stands for.")
        name = self._included(options.split(), value)
        if name is None:
            return
        if depth >= _DEEPEST_INCLUDE:
            raise Problem("includes nested too deep", "Let no file include itself.")
        file = self.folder.get(name)
        if isinstance(file, File):  # from a directory nothing can be read
            yield from self._statements(file.text, name, depth + 1)

    def _included(self, options: list[str], source: str) -> str | None:
        """The file that `include [ifexist] [command [into FILE]] : source` reads; None for none. No command is run: a
        submit file is data here."""
        match = _INCLUDE_OPTIONS.fullmatch(" ".join(options))
        if match is None:
            raise Problem(
                f"{' '.join(options)!r} is not an option of include",
                "Write ifexist, or command [into FILE], in lower case.",
            )
        command = source.rstrip(" |") if match["command"] or source.endswith("|") else ""
        name = self.macros.expand(match["into"] or "") if command else source
        if name and self.folder.get(name) is not None:
            return name
        if command:
            raise Problem(
                f"condor_submit runs `{command}` here and reads its output; no command of a submit file is run here",
                f"Run it yourself, `{command} > FILE`, and write `include : FILE`.",
            )
        if not match["ifexist"]:
            raise Problem(f"there is no file {source} to include", "Check the name.")
        return None

    def _branch(self, place: Place, word: str, condition: str) -> None:
        """Handle if, elif, else or endif. Conditions that can't matter are not evaluated."""
        if word == "if":
            alive = all(branch.taken for branch in self._branches)
            taken = alive and self._holds(condition)
            self._branches.append(_Branch(place, taken, done=taken or not alive))
            return
        if not self._branches or (word != "endif" and self._branches[-1].last):
            raise Problem(f"{word} without an if", "Add the if above it, or delete this line.")
        before = self._branches.pop()
        if word == "endif":
            return
        taken = not before.done and (word == "else" or self._holds(condition))
        self._branches.append(_Branch(before.place, taken, before.done or taken, last=word == "else"))

    def _holds(self, condition: str) -> bool:
        """The value of a condition: True, False, a number, `defined NAME`, `version >= 8.1`, a macro; ! negates."""
        if compared := _VERSION.fullmatch(condition.strip()):
            return self._is_version(compared["operator"], compared["version"])
        text = self.macros.expand(condition).strip()
        if text.startswith("!"):
            return not self._holds(text[1:])
        if not text and condition.strip():
            return False
        if match := re.fullmatch(r"defined(?:\s+([\w./]*))?", text, re.IGNORECASE | re.ASCII):
            name = match[1] or ""
            return bool(re.fullmatch(r"[\d.]+|true|false", name, re.IGNORECASE) or self.macros.get(name))
        if re.match(r"version\b", text, re.IGNORECASE):
            raise Problem(
                f"{text!r} is not a comparison that HTCondor reads",
                "Write `version >= 8.1`, for example: with a space after the word, and a major and a minor number.",
            )
        if text.lower() in ("yes", "t", "no", "f"):
            return text.lower() in ("yes", "t")
        try:
            return boolean(text)
        except Problem:
            raise Problem(
                f"{text!r} is a condition that is not simulated",
                "Use True, False, a number or `defined NAME`; comparisons are not supported.",
            ) from None

    def _is_version(self, comparison: str, version: str) -> bool:
        """Compare HTCondor's version as HTCondor does: only as many numbers as are given."""
        given = [int(number) for number in version.split(".")]
        own = [int(number) for number in self._profile.version.split(".")]
        return _COMPARISONS[comparison](own[: len(given)], given)


class _Branch(NamedTuple):
    """An open if: whether its present part is read (`taken`), and whether no further part may be (`done`)."""

    place: Place
    taken: bool
    done: bool
    last: bool = False


def _remedy(line: str) -> str:
    """What to do about a line that is not a statement."""
    if (match := _ASSIGNMENT.fullmatch(line)) and match["operator"] == "+=":
        return f"This HTCondor has no +=: write {match['name']} = $({match['name']}) {match['value']}."
    name, equals, _ = line.partition("=")
    meant = "_".join(name.split())
    if equals and meant.lower() in commands.ALL:
        return f"Write {meant}, with underscores."
    name, colon, _ = line.partition(":")
    if colon and name.strip().lower() in commands.ALL:
        return "Write = in place of the colon."
    return "Check the line for a missing = sign or a missing \\ above it."


def _here_document(tag: str, lines: Lines) -> str:
    """`name @=TAG`: the lines up to `@TAG`."""
    body: list[str] = []
    for _, line in lines:
        if line == "@" + tag:
            return "\n".join(body)
        if line and not line.startswith("#"):
            body.append(line)
    raise Problem(f"no line @{tag} ends this value", f"Add a line `@{tag}`.")
