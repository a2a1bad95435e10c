"""How problems with a submit description are reported: errors, which stop it, and remarks, which do not.

A function that finds a problem says what is wrong and what to do; its caller adds file and line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a file; `line` counts from 1, and is None for the whole file."""

    file: str
    line: int | None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Problem(Exception):
    """What is wrong, and what to do about it, from a function that does not know the line."""

    def __init__(self, problem: str, remedy: str):
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy


class SubmitError(Exception):
    """A submit description that can't be used. Its text is `FILE:LINE: problem. remedy`."""

    def __init__(self, file: str, line: int | None, problem: str, remedy: str):
        super().__init__(file, line, problem, remedy)
        self.file, self.line, self.problem, self.remedy = file, line, problem, remedy

    @classmethod
    def at(cls, place: Place, problem: Problem) -> SubmitError:
        """The error for a problem at this place."""
        return cls(place.file, place.line, problem.problem, problem.remedy)

    def __str__(self) -> str:
        return f"{Place(self.file, self.line)}: {self.problem}. {self.remedy}"


UNKNOWN, NO_EFFECT, CAUTION, HELD = "unknown command", "no effect", "caution", "held"


@dataclass(frozen=True)
class Remark:
    """Something noteworthy in a submit description, which can be used nevertheless."""

    file: str
    line: int | None
    text: str
    kind: str
    """UNKNOWN: no such command. NO_EFFECT: known, but ignored by this simulator. CAUTION: simulated,
    but probably not what the user means. HELD: the job is held for it when it starts."""
    decides: bool = False
    """Whether the ignored command might change how the job ends."""

    def __str__(self) -> str:
        return f"{Place(self.file, self.line)}: {self.text}"
