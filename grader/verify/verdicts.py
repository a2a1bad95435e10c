"""The possible results of trying all schedules, as values, with a sentence for each reason. Nothing is judged here."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on a job."""

    RESTART_SAFE = "restart-safe"
    """Every schedule gives output that is known to be right."""
    CONSISTENT = "consistent"
    """Every schedule gives the same output, but it is not known whether that is right."""
    UNSAFE = "unsafe"
    UNKNOWN = "unknown"
    RIGHT = "right"
    """One run on a real pool gave the right output; nothing is known about others."""


class Unsafe(StrEnum):
    """What makes a job unsafe, the gravest first. If there are several, the gravest is reported."""

    WRONG_OUTPUT = "wrong output"
    HELD = "held"
    FAILED = "failed"
    NEVER_FINISHES = "never finishes"
    LOST_PROGRESS = "lost progress"


class Unknown(StrEnum):
    """Why the verdict on a job is unknown. The last eight are bounds, beyond which there may be a graver failure in any
    case."""

    EVICTION_DRIVEN = "eviction-driven"
    SOFT_EVICTIONS = "soft evictions"
    ONE_SCHEDULE = "one schedule"
    MODULE = "module"
    RELEASED = "released"
    PROGRAM = "program"
    NEVER_SAVED = "never saved"
    NOT_SIMULATED = "not simulated"
    NON_DETERMINISTIC = "non-deterministic"
    GOES_BY_TIME = "goes by time"
    STATE_OUTSIDE = "state outside"
    WRITES_OUTSIDE = "writes outside"
    LEFT_RUNNING = "left running"
    LEFT_UNSEEN = "left unseen"
    LIMIT = "limit"
    LIMIT_OF_TIME = "limit of time"
    STATES = "states"
    EXECUTIONS = "executions"
    SECONDS = "seconds"
    INTERRUPTED = "interrupted"

    def sentence(self, what: object = "") -> str:
        """The reason in words. `what`: a bound's number, a limit's text, or whatever else the sentence names."""
        return _SENTENCES[self].format(what, " was" if what == 1 else "s were")


_LEFT = (
    "what the program leaves running when it exits with the checkpoint exit code goes on beside the restarted program"
)
_LIMIT = "an execution used more than {0}, which is a limit of this simulator"
_SENTENCES = {
    Unknown.EVICTION_DRIVEN: "eviction-driven: what is saved depends on the very moment of an eviction",
    Unknown.SOFT_EVICTIONS: "eviction-driven: hard evictions do no harm, nor do soft ones in the middle and at the end of an "
    "execution; but what a soft eviction saves depends on its very moment",
    Unknown.ONE_SCHEDULE: "only this schedule was tried: {0}",
    Unknown.MODULE: "it needs the Python module {0}, which is not installed here. Run this with a PATH whose python3 has it, "
    "or name such a Python in the first line of the program",
    Unknown.RELEASED: "HTCondor puts the job on hold, and what becomes of it depends on when periodic_release is checked",
    Unknown.PROGRAM: "it needs the program {0}, which is not found here. Check its name, and run this with a PATH that has it",
    Unknown.NEVER_SAVED: "it never made a checkpoint, so no restart was exercised",
    Unknown.NOT_SIMULATED: "{0}",
    Unknown.NON_DETERMINISTIC: "non-deterministic",
    Unknown.GOES_BY_TIME: "what comes home depends on when it is run: it differs if all restarts are days later, on "
    "the schedule {0}",
    Unknown.STATE_OUTSIDE: "its state is outside of its sandbox, in {0}: a restart finds it only on the same machine, "
    "or on one that shares these files, and whether there is one is not known here",
    Unknown.WRITES_OUTSIDE: "it writes outside of its sandbox, to {0}. Whether a restart needs that can be tried only where "
    "bubblewrap is installed, which keeps such files apart (--allow-outside treats them as harmless)",
    Unknown.LEFT_RUNNING: f"{_LEFT}, and was not followed further than {{0}} restarts in place",
    Unknown.LEFT_UNSEEN: f"{_LEFT}, and what it does there can't be determined",
    Unknown.LIMIT: _LIMIT,
    Unknown.LIMIT_OF_TIME: _LIMIT,
    Unknown.STATES: "{0:g} state{1} not enough",
    Unknown.EXECUTIONS: "{0:g} execution{1} not enough",
    Unknown.SECONDS: "{0:g} s of real time were not enough",
    Unknown.INTERRUPTED: "interrupted",
}
