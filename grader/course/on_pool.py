"""Judges a run on a real HTCondor like a run in the simulator: by the known answer, or by the simulator's run without
faults. The simulator also provides the explanation.

It looks only at the last moment of a job; real_pool/following.py follows jobs.
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
from ..tree import Tree
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
    """Judges runs of one job, by what the simulator says about it."""

    def __init__(
        self, job: Job, executor: Executor, faults: Schedule = (), known: Tree | None = None, profile: Profile = MODERN
    ):
        """`faults` are those planned for the job. `known` is the right output, if it is known."""
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
        """The right output; None if it is unknown."""
        if self.known is not None:
            return self.known
        if self.free.exit is None or self.free.exit.code != self.job.success_exit_code:
            return None
        files = self.free.returned_files.regular()
        results = Tree({path: files[path] for path in files if path not in (self.job.output, self.job.error)})
        return results or self.free.returned_files  # a job without other output gives its result on stdout

    def endless(self, execution: int) -> bool:
        """Whether, according to the simulator, a job that is in this execution will never end."""
        return self.foreseen.status == "never finishes" and execution >= self.foreseen.executions

    def missing(self, faults: Sequence[Fault]) -> tuple[str, ...]:
        """The missing files for which the job is held after these faults, according to the simulator."""
        end = self._simulated(tuple(faults))
        return end.hold.missing if end.hold else ()

    def judge(self, last: Moment, faults: Sequence[Fault]) -> Judgement:
        """The verdict on a run with this last moment, after these faults."""
        failure = self.failure(last, faults)
        if failure is None:
            return Judgement(self._good(last, faults))
        facts: list[Evidence] = []
        if failure == "wrong output" and self.expected is not None:
            facts += differences(self.expected, last.returned_files)
        seen = explore(self.job, self.executor, self.profile, self.known)
        if failure == "lost progress" != seen.failure:  # it may depend on the clock: the simulator's verdict is certain
            return Judgement(self._good(last, faults))
        same = seen.failure == failure
        if same and not facts:
            facts += evidence(self.job, seen)
        elif isinstance(last.next, Held):
            facts += [
                Evidence("not there", f"{path!r} is listed and not in the sandbox", path) for path in last.next.missing
            ]
        return Judgement(
            Exploration(UNSAFE, failure, schedule=tuple(faults)),
            tuple(facts),
            diagnose(self.job, seen, self.executor) if same else None,
        )

    def failure(self, last: Moment, faults: Sequence[Fault]) -> str | None:
        """The failure of a run with this last moment, after these faults; None if it is right."""
        if last.kind == "removed":
            return "the job was removed from the queue"
        if last.kind != "ended":
            return {"held": "held", "never finishes": "never finishes"}[last.kind]
        assert isinstance(last.next, Ended)
        if last.next.exit.code != self.job.success_exit_code:
            return "failed"
        if self.expected is not None and any(
            last.returned_files.get(path) != entry for path, entry in self.expected.items()
        ):
            return "wrong output"
        # An eviction costs one execution. A run with more executions has gone back to before a checkpoint.
        went_back = self.free.exit is not None and last.execution > self.free.executions + len(faults)
        return "lost progress" if went_back else None

    def _good(self, last: Moment, faults: Sequence[Fault]) -> Exploration:
        if self.expected is None:
            return Exploration(
                UNKNOWN,
                "it succeeded, but in the simulator the run without faults does not, so "
                "there is nothing to compare its output with",
            )
        names, lost = " and ".join(self.expected.listing()), last.activation - 1
        how = "evicted" if all(fault.kind in ("evict", "vacate") for fault in faults) else "moved to a new sandbox"
        moved = f"{how} {count(lost, 'time')}, " if lost else f"never {how}, "
        right = "right" if self.known is not None else "the same as without a fault, in the simulator"
        return Exploration(RIGHT, f"{moved}and {names} is {right}", schedule=tuple(faults))
