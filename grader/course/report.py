"""The vocabulary of a judged answer. Values only: judging is in exercise.py, drawing in view/."""

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
    """What a learner believes or forgot, and three hints that each say a little more."""

    id: str
    sentence: str
    hints: tuple[str, str, str]


@dataclass(frozen=True)
class Trial:
    """One question that an answer is asked, and what came of it."""

    name: str
    points: float
    maximum: float
    passed: bool | None
    """None: not asked, because an earlier one failed on which it rests."""
    text: str
    """One sentence: what was tried and what happened."""


@dataclass(frozen=True)
class Failure:
    """The first trial that failed, with all that explains it."""

    text: str
    job: Job | None = None
    schedule: tuple[Fault, ...] | None = None
    """With `job`: the shortest schedule that shows it, to be told as a story; None if there is none to tell."""
    evidence: tuple[Evidence, ...] = ()
    misconception: Misconception | None = None
    hints: tuple[str, ...] = ()
    """Where no misconception is behind it: three that are about this failure. Without any, those of the exercise count."""
    crashed: bool = False
    """The program did not get anywhere at all."""
    over: bool = False
    """A limit has ended an execution."""
    pace: Pace = Pace()
    """How long the story's transfers take, and its slots last."""
    profile: Profile = MODERN
    """The HTCondor with which it fails."""
    solution: str = ""
    """Of a wrong prediction: the sentences that give the right value away, for those who ask for them."""
    decisive: tuple[str, int] | None = None
    """The moment of the story to look at first: its kind, and which activation it is in."""


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
        """What the answer earns: the sum over the trials, rounded to a tenth of a point."""
        return round(sum(trial.points for trial in self.trials), 1)

    @property
    def maximum(self) -> float:
        """What a right answer earns."""
        return sum(trial.maximum for trial in self.trials)
