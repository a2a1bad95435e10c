"""The commands of one job, as they are given: each value with its macros expanded, and remarks at its place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..problems import CAUTION, Place, Problem, Remark, SubmitError
from ..rules.job import Job
from . import commands
from .macros import Macros

T = TypeVar("T")


@dataclass
class Cluster:
    """The jobs of one submission."""

    number: int
    variables: Mapping[str, str]
    """What is known of the submitter's environment."""
    jobs: list[Job] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    """The values of the first job's commands."""


_OF_EACH_JOB = ("initialdir", "transfer_executable")
"""Commands that are not taken from the first job if they are empty."""


@dataclass
class Commands:
    """The commands of one job."""

    macros: Macros
    queued: Place
    cluster: Cluster

    def place(self, command: str) -> Place:
        """The place of a command; the queue statement's if it is not given."""
        return self.macros.places.get(self._spelling(command).lower(), self.queued)

    def read(self, command: str, convert: Callable[[str], T], default: T) -> T:
        """A command's value, converted by `convert`; `default` if it is not given or empty.

        Raises SubmitError at the command's place for any Problem.
        """
        text = ""
        try:
            raw = self.macros.get(self._spelling(command))
            text = self._as_the_first(command, "" if raw is None else self._expanded(command, raw))
            return convert(text) if text else default
        except Problem as error:
            likely = difflib.get_close_matches(command, commands.NAMES, 1, 0.75) if command not in commands.ALL else []
            meant = f" Did you mean {likely[0]}?" if likely else ""
            comment = " A comment needs a line of its own." if "#" in text else ""
            problem = Problem(f"{command}: {error.problem}", error.remedy + comment + meant)
            raise SubmitError.at(self.place(command), problem) from None

    def text(self, command: str) -> str | None:
        """A command's value, or None if it is not given or empty."""
        return self.read(command, str, None)

    def misspelt(self, command: str) -> str | None:
        """A given name that looks like a misspelling of this command, which is missing; None if there is none."""
        names = [name for name in self.macros.places if name not in commands.ALL]
        return next(iter(difflib.get_close_matches(command, names, 1, 0.75)), None)

    def error(self, command: str, problem: str, remedy: str) -> SubmitError:
        """The error for a problem with a command."""
        return SubmitError(*self.place(command), problem, remedy)

    def remark(self, command: str, text: str, kind: str = CAUTION, *, decides: bool = False) -> None:
        """Add a remark on a command."""
        self.cluster.remarks.append(Remark(*self.place(command), text, kind, decides))

    def remarks_on(self, command: str) -> Callable[..., None]:
        """A function that adds a text, preceded by the command's name, as a remark on it."""
        return lambda text, kind=CAUTION, **fields: self.remark(command, f"{command}: {text}", kind, **fields)

    def _as_the_first(self, command: str, text: str) -> str:
        """A command's value; if it is empty, that of the first job, as HTCondor queues later jobs as changes to it."""
        if command in _OF_EACH_JOB or command.startswith("My."):
            return text
        if not self.cluster.jobs:
            self.cluster.values[command] = text
        elif not text and (text := self.cluster.values.get(command, "")):
            instead = f"HTCondor gives it that of the first job, {text!r}"
            self.remark(command, f"{command} is empty for a later job: {instead}")
        return text

    def _spelling(self, command: str) -> str:
        names = (command, *commands.OTHERS.get(command, ()))
        return next((name for name in names if name in self.macros), command)

    def _expanded(self, command: str, raw: str) -> str:
        remark = self.remarks_on(command)
        self.macros.undefined.clear()
        self.macros.random.clear()
        text = self.macros.expand(raw)  # HTCondor keeps the white space that an empty macro leaves
        for function in sorted(self.macros.random):
            remark(f"${function}() is random at each submission; here it is always {text}")
        for name in sorted(self.macros.undefined):
            remark(f"nothing defines $({name}), so it counts as empty")
        if command in commands.SPELLINGS and (later := re.search(r"\$\$\(.*?\)", text)):
            stands = "HTCondor puts in what it stands for when the job has a slot"
            remark(f"{later[0]} is left as it is here; {stands}", decides=True)
        if left := re.search(r"(?<!\$)\$\(.*", text):
            allowed = "letters, digits, spaces and _ . , / \\ : $"
            remark(f"HTCondor leaves {left[0]} as it is; a default may contain only {allowed}")
        return text
