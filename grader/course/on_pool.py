"""What a run on a real HTCondor shows, judged as in the simulator: by the known answer, or the run there
that nothing befalls; and explained by what the simulator knows and HTCondor does not say.

What it is not: a follower of jobs. It sees the last moment of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..execute.executor import Executor
from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.schedule import Fault, Schedule
from ..rules.simulation import Ended, Held, Moment, Outcome, outcome, simulate
from ..text import count
from ..tree import File, Tree
from ..verify.evidence import Evidence, differences, evidence
from ..verify.explore import RIGHT, UNKNOWN, UNSAFE, Exploration, explore
from .diagnosis import diagnose
from .known import known_output
from .report import Misconception


@dataclass(frozen=True)
class Judgement:
    """A verdict on one run, with the facts behind it."""

    exploration: Exploration
    facts: tuple[Evidence, ...] = ()
    misconception: Misconception | None = None


class Judge:
    """Knows what has to come of a job, from the simulator."""

    def __init__(
        self,
        job: Job,
        executor: Executor,
        faults: Schedule = (),
        known: Tree | None = None,
        profile: Profile = MODERN,
    ):
        """`faults`: what is going to happen to the job. `known`: what has to come home, if that is known."""
        self.job, self.executor, self.profile = job, executor, profile
        self.known = known_output(job) if known is None else known
        self.foreseen = self._simulated(faults)

    def _simulated(self, faults: Schedule) -> Outcome:
        return outcome(simulate(self.job, self.executor, self.profile, faults))

    @cached_property
    def free(self) -> Outcome:
        """The run without faults, in the simulator."""
        return self._simulated(())

    @cached_property
    def expected(self) -> Tree | None:
        """What has to come home; None if that can't be known."""
        if self.known is not None:
            return self.known
        if self.free.exit is None or self.free.exit.code != self.job.success_exit_code:
            return None
        streams = (self.job.output, self.job.error)
        results = Tree(
            {path: entry for path, entry in self.free.home.items() if path not in streams and isinstance(entry, File)}
        )
        return results or self.free.home  # a job that brings nothing else gives its result on stdout

    def endless(self, execution: int) -> bool:
        """Whether a job that is in this execution will never end, by what the simulator has seen of it."""
        return self.foreseen.status == "never finishes" and execution >= self.foreseen.executions

    def missing(self, faults: Sequence[Fault]) -> tuple[str, ...]:
        """The listed files that are not there when the job is held, after these faults."""
        end = self._simulated(tuple(faults))
        return end.hold.missing if end.hold else ()

    def judge(self, last: Moment, faults: Sequence[Fault]) -> Judgement:
        """The verdict on a run that ended so, after these faults."""
        failure = self.failure(last, faults)
        if failure is None:
            return Judgement(self._good(last, faults))
        facts: list[Evidence] = []
        if failure == "wrong output" and self.expected is not None:
            facts += differences(self.expected, last.home)
        seen = explore(self.job, self.executor, self.profile, self.known)
        if failure == "lost progress" != seen.failure:  # it may go by the clock: the simulator tells for certain
            return Judgement(self._good(last, faults))
        alike = seen.failure == failure
        if alike and not facts:
            facts += evidence(self.job, seen)
        elif isinstance(last.next, Held):
            facts += [
                Evidence("not there", f"{path!r} is listed and not in the sandbox", path) for path in last.next.missing
            ]
        return Judgement(
            Exploration(UNSAFE, failure, schedule=tuple(faults)),
            tuple(facts),
            diagnose(self.job, seen, self.executor) if alike else None,
        )

    def failure(self, last: Moment, faults: Sequence[Fault]) -> str | None:
        """What is wrong with a run that ended so, after these faults; None if nothing is."""
        if last.kind == "removed":
            return "the job was removed from the queue"
        if last.kind != "ended":
            return {"held": "held", "never finishes": "never finishes"}[last.kind]
        assert isinstance(last.next, Ended)
        if last.next.exit.code != self.job.success_exit_code:
            return "failed"
        if self.expected is not None and any(last.home.get(path) != entry for path, entry in self.expected.items()):
            return "wrong output"
        # An eviction costs one execution. What took more of them went back behind a checkpoint.
        went_back = self.free.exit is not None and last.execution > self.free.executions + len(faults)
        return "lost progress" if went_back else None

    def _good(self, last: Moment, faults: Sequence[Fault]) -> Exploration:
        if self.expected is None:
            return Exploration(
                UNKNOWN,
                "it ended well; but in the simulator the run without faults does not, so "
                "there is nothing to compare its output with",
            )
        names = " and ".join(self.expected.listing())
        evicted = f"evicted {count(len(faults), 'time')}, " if faults else "never evicted, "
        return Exploration(RIGHT, f"{evicted}and {names} is what it should be", schedule=tuple(faults))
