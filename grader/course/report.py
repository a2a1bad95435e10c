"""The values that describe a judged answer. Judging is in exercise.py, drawing in view/."""

from __future__ import annotations

from dataclasses import dataclass

from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.schedule import Fault
from ..rules.simulation import Pace
from ..verify.evidence import Evidence

PASSED = "passed"
PARTLY = "partly right"
WRONG = "wrong"
CRASHED = "could not run"
NOT_TRIED = "not tried yet"


@dataclass(frozen=True)
class Misconception:
    """What a learner believes or has forgotten, and three hints, each of which says a little more."""

    id: str
    sentence: str
    hints: tuple[str, str, str]


@dataclass(frozen=True)
class Trial:
    """The result of one question about an answer."""

    name: str
    points: float
    maximum: float
    passed: bool | None
    """None: not asked, because an earlier question that it rests on failed."""
    text: str
    """One sentence: what was tried and what happened."""


@dataclass(frozen=True)
class Failure:
    """The first trial that failed, with its explanation."""

    text: str
    job: Job | None = None
    schedule: tuple[Fault, ...] | None = None
    """The shortest schedule on which `job` shows it, for the story; None if there is no story."""
    evidence: tuple[Evidence, ...] = ()
    misconception: Misconception | None = None
    hints: tuple[str, ...] = ()
    """Three hints about this failure, if no misconception is behind it; if empty, those of the exercise are used."""
    crashed: bool = False
    """The program crashed at once."""
    sentence: str = ""
    """The misconception's sentence, as far as it is true of this job; "" for the general one."""
    over: bool = False
    """A limit has ended an execution."""
    pace: Pace = Pace()
    """How long transfers take and slots last in the story."""
    profile: Profile = MODERN
    """The version of HTCondor with which it fails."""
    solution: str = ""
    """For a wrong prediction: the sentences that reveal the right value, shown on request."""
    decisive: tuple[str, int] | None = None
    """The moment of the story to look at first: its kind and its activation."""
    plays: str = ""
    """Which of several jobs `job` is, in the learner's words, like "way d"; '' if there is only one."""


@dataclass(frozen=True)
class Report:
    """An answer, judged."""

    exercise: str
    title: str
    status: str
    """One of passed, partly right, wrong, could not run, not tried yet."""
    headline: str
    trials: tuple[Trial, ...]
    failure: Failure | None
    hints: tuple[str, ...]

    @property
    def points(self) -> float:
        """The points that the answer earns: the sum over the trials, rounded to a tenth of a point."""
        return round(sum(trial.points for trial in self.trials), 1)

    @property
    def maximum(self) -> float:
        """The points of a right answer."""
        return sum(trial.maximum for trial in self.trials)
