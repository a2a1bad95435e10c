"""What only the whole graph shows, on graphs of a few states that are written down by hand."""

from __future__ import annotations

import pytest

from grader.rules.execution import Exit, Run
from grader.rules.job import Job
from grader.rules.livelock import Livelock
from grader.rules.profile import MODERN, PROFILES
from grader.rules.schedule import Fault, render
from grader.rules.step import Ended, Held, Kind, NotSaved, Saved, Situation
from grader.tree import Tree
from grader.verify.liveness import FinishedGraph
from grader.verify.states import State

V25 = PROFILES["v25"]
LIVELOCK = Livelock(Job(executable="job"), lambda *_: None, 100)
END, HELD, CUT = "end", "held", "not executed"
"""What a state can lead to instead of a checkpoint."""


def graph(profile=MODERN, rate=0.0, **edges):
    """A finished graph and its states. Name → (seconds, the state that follows, the state elsewhere), or an end."""
    states = {
        name: State(Situation(Kind.STARTED, execution=number), LIVELOCK, key=((name,), Tree()))
        for number, name in enumerate(edges, 1)
    }
    for name, what in edges.items():
        state = states[name]
        seconds, follower, elsewhere = what if isinstance(what, tuple) else (10.0, what, None)
        state.run = Run(Exit(85 if follower in states else 0), Tree(), seconds, "", "")
        if follower == CUT:
            continue
        then = {END: Ended(Exit(0), Tree()), HELD: Held(36, -1, "")}.get(follower, Saved(Tree()))
        state.then = Situation(Kind.CHECKPOINT, next=then)
        state.follower, state.elsewhere = states.get(follower), states.get(elsewhere)
    return FinishedGraph(list(states.values()), lambda state: states[state.key[0][0]], profile, rate), states


# -- one state ---------------------------------------------------------------------------------


def test_a_state_is_reached_by_a_fault_in_a_new_sandbox_and_else_in_place():
    _, states = graph(a=(1.0, "b", "b"), b=END)
    fault = Fault("evict", 1)
    moved, restarted = (states["b"].reached(states["a"], how) for how in (fault, None))
    assert (moved.moved, moved.now.execution, moved.schedule) == (True, 2, (fault,))
    assert (restarted.moved, restarted.now.execution, restarted.schedule) == (False, 2, ())
    assert moved.way() == [states["a"], moved] and moved.length() == (1, 2, [1]) > restarted.length() == (0, 2, [])


def test_a_state_is_expanded_if_it_is_known_what_comes_of_it():
    _, states = graph(a=(1.0, "b", "b"), b=END, c=CUT)
    assert [state.expanded for state in states.values()] == [True, True, False]
    assert states["c"].next is None and states["b"].then.end == Ended(Exit(0), Tree())
    states["c"].endless = True
    assert states["c"].expanded


# -- without a fault ------------------------------------------------------------------------------


def test_what_remains_is_the_seconds_and_the_executions_to_the_end():
    finished, states = graph(a=(10.0, "b", "a"), b=(20.0, "c", "a"), c=(30.0, END, None), d=(1.0, "b", None), e=HELD)
    remaining = {name: finished.remaining[state] for name, state in states.items()}
    assert remaining == {"a": (60.0, 3), "b": (50.0, 2), "c": (30.0, 1), "d": (51.0, 3), "e": (10.0, 1)}
    assert not any(state.endless for state in states.values()) and list(finished.never_finishing()) == []


def test_what_leads_into_a_circle_is_endless_and_nothing_remains():
    finished, states = graph(
        into=(1.0, "a", None), a=(1.0, "b", None), b=(1.0, "a", None), c=END, d=(1.0, "cut", None), cut=CUT
    )
    assert {name for name, state in states.items() if state.endless} == {"into", "a", "b"}
    assert {name for name, state in states.items() if finished.remaining[state] is None} == {
        "into",
        "a",
        "b",
        "d",
        "cut",
    }
    found = list(finished.never_finishing())
    assert found == [states["a"], states["a"], states["b"]], "the first that comes again, from each of them"


# -- lost progress -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "rate", "here", "there", "lost"),
    [
        (10.0, 0.0, (20.0, 2), (21.1, 2), 1.1),  # a tenth of an execution may be done again
        (10.0, 0.0, (20.0, 2), (21.0, 9), None),
        (10.0, 0.0, (20.0, 2), (15.0, 9), None),
        (0.0, 0.0, (0.0, 2), (0.0, 3), 0.0),  # where it takes no time, executions count
        (0.0, 0.0, (0.0, 2), (0.0, 2), None),
        (0.0, 0.0, (0.0, 2), (0.0, 1), None),
        (10.0, 1.0, (0.0, 2), (5.5, 2), 5.5),  # where times are measured, half of it ...
        (10.0, 1.0, (0.0, 2), (5.0, 2), None),
        (10.0, 1.0, (90.0, 2), (116.0, 2), None),  # ... or a quarter of what remains ...
        (10.0, 1.0, (90.0, 2), (124.0, 2), 34.0),
        (1.0, 50.0, (0.0, 2), (5.0, 2), None),  # ... or a tenth of a second of processor time
        (1.0, 50.0, (0.0, 2), (5.5, 2), 5.5),
    ],
)
def test_what_counts_as_lost(seconds, rate, here, there, lost):
    finished, states = graph(rate=rate, a=(seconds, "b", "b"), b=END)
    assert finished.lost(states["a"], here, there) == (lost and pytest.approx(lost))


@pytest.mark.parametrize(("profile", "schedule"), [(MODERN, "evict@3"), (V25, "requeue@2")])
def test_the_restart_that_loses_progress_comes_right_after_the_checkpoint(profile, schedule):
    """`b` is worth nothing elsewhere; before it is a state without a checkpoint, which hides nothing."""
    finished, states = graph(profile, first=END, b=(50.0, "c", "again"), c=(10.0, END, None), again=(60.0, END, None))
    [(state, seconds)] = finished.losing_progress()
    assert (render(state.schedule), seconds) == (schedule, 50.0)
    assert state.way()[0] is states["b"] and state.ran is states["again"].ran and state.next is states["again"].next


def test_a_checkpoint_that_is_worth_as_much_elsewhere_loses_nothing():
    finished, _ = graph(a=(50.0, "b", "b"), b=(10.0, END, None), c=(50.0, "d", None), d=CUT)
    assert list(finished.losing_progress()) == []


# -- with nothing but requeues ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edges", "schedule"),
    [
        ({"a": (1.0, "b", "a"), "b": END}, "requeue@1"),
        ({"a": (1.0, "b", "x"), "b": (1.0, "x", "a"), "x": END}, "requeue@2"),
        ({"a": (1.0, "x", "b"), "b": (1.0, "x", "a"), "x": END}, "requeue@1 requeue@2"),
        # A shorter one that begins later is found, too.
        ({"a": (1.0, "x", "b"), "b": (1.0, "x", "a"), "c": (1.0, "x", "c"), "x": END}, "requeue@3"),
        # Not the first way on that comes to mind, and not back into a branch that was seen.
        (
            {"a": (1.0, "b", "c"), "b": (1.0, "d", "c"), "c": (1.0, "d", "b"), "d": (1.0, "x", "a"), "x": END},
            "requeue@3",
        ),
    ],
)
def test_a_lap_with_the_fewest_requeues_is_found(edges, schedule):
    finished, _ = graph(V25, **edges)
    [lap] = finished.never_finishing()
    assert render(lap.schedule) == schedule
    assert finished.known(lap) is lap.way()[0] and lap is not lap.way()[0]
    assert list(graph(MODERN, **edges)[0].never_finishing()) == [], "which happens since 25.10.1 only"


@pytest.mark.parametrize(
    "edges",
    [
        {"a": (1.0, "b", "b"), "b": (1.0, "c", "c"), "c": END},
        {"a": (1.0, "b", "cut"), "b": (1.0, "cut", "b2"), "b2": END, "cut": CUT},
    ],
)
def test_a_job_that_gets_on_wherever_it_is_restarted_has_no_lap(edges):
    assert list(graph(V25, **edges)[0].never_finishing()) == []


def test_an_execution_that_saved_nothing_is_no_part_of_a_lap():
    finished, states = graph(V25, a=(1.0, "b", "a"), b=END)
    states["a"].then = Situation(Kind.CHECKPOINT_FAILED, next=NotSaved(("n",)))
    assert finished.lap() is None
