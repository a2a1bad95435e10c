"""What a student of a class gets: the hand-in, its stored grade, and what an instructor has changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..text import plain
from .adjustments import Adjustment
from .assignment import Assignment
from .collect import HandIn
from .judge import Grade
from .roster import full_name
from .store import StoreEntry, read_grade

AGAIN = "The next run grades it again."


@dataclass
class StudentResult:
    """One student's line in the table of grades."""

    handed: HandIn
    outcome: StoreEntry
    _store: Path = field(repr=False, default=Path())
    adjustments: Sequence[Adjustment] = ()
    """What an instructor has changed by hand."""
    assignment: Assignment = field(repr=False, default_factory=Assignment.of)

    @property
    def student(self) -> str:
        """The student's name as it is in the names of the files handed in, with a number if two students share it."""
        return self.handed.student

    @property
    def name(self) -> str:
        """The student's name, from the roster if that has it. Two students may share a name."""
        who = self.handed.identity
        return full_name(who) or self.student.removesuffix(f" ({plain(who.id)})")

    def grade(self) -> Grade | None:
        """The grade for the exercises that count, read from its file, with the changes made by hand."""
        grade = read_grade(self._store / self.outcome.key) if self.outcome.key else None
        return self.assignment.counted(grade, self.adjustments) if grade else None

    def comments(self) -> list[str]:
        """The instructor's comments and changes, a sentence each."""
        return [str(adjustment) for adjustment in self.adjustments]

    def problems(self) -> list[str]:
        """Sentences on what could not be graded."""
        grade = self.grade()
        unsure = [*grade.unsure, *[AGAIN] * bool(grade.doubts)] if grade else []
        return [*filter(None, [self.outcome.problem]), *unsure]
