"""The notation of schedules: what is written is read back, and what can't be read is explained."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.rules.schedule import FAULTS, TIMED, Fault, ScheduleError, parse, render

moments = st.none() | st.integers(0, 10**6).map(float) | st.integers(0, 10**7).map(lambda ms: ms / 1000)


@st.composite
def schedules(draw):
    """A schedule with at most one fault to an execution."""
    faults = []
    for execution in sorted(draw(st.sets(st.integers(1, 500), max_size=6))):
        kind = draw(st.sampled_from([kind for kind in FAULTS if kind != "look"]))
        faults.append(Fault(kind, execution, draw(moments) if kind in TIMED else None))
    return tuple(faults)


@given(schedules())
def test_what_is_rendered_is_read_back(schedule):
    assert parse(render(schedule)) == schedule


@given(schedules(), st.sampled_from([" ", ",", ", ", "\n", " ,\t"]))
def test_any_joint_and_any_order_will_do(schedule, joint):
    assert parse(joint + joint.join(str(fault) for fault in reversed(schedule)) + joint) == schedule


@pytest.mark.parametrize(
    "text, schedule",
    [
        ("", ()),
        ("  ", ()),
        ("evict@2", (Fault("evict", 2),)),
        ("evict@2+90s", (Fault("evict", 2, 90.0),)),
        ("evict@2+90", (Fault("evict", 2, 90.0),)),
        ("vacate@12+0.25s", (Fault("vacate", 12, 0.25),)),
        ("hold@2, requeue@1 upload-fails@3", (Fault("requeue", 1), Fault("hold", 2), Fault("upload-fails", 3))),
        ("look@2+5s evict@2", (Fault("look", 2, 5.0), Fault("evict", 2))),
        ("look@2+5s look@2+6s", (Fault("look", 2, 5.0), Fault("look", 2, 6.0))),
        ("evict@2 hold-idle@2+9s hold-idle@2", (Fault("hold-idle", 2, 9.0), Fault("hold-idle", 2), Fault("evict", 2))),
    ],
)
def test_the_notation(text, schedule):
    assert parse(text) == schedule


@pytest.mark.parametrize(
    "fault, text",
    [
        (Fault("evict", 2), "evict@2"),
        (Fault("evict", 4, 90.0), "evict@4+90s"),
        (Fault("vacate", 1, 0.5), "vacate@1+0.5s"),
        (Fault("evict", 3, 1_000_000.0), "evict@3+1000000s"),
        (Fault("evict", 3, 12345.678), "evict@3+12345.678s"),
        (Fault("evict", 3, 0.00001), "evict@3+0.00001s"),
    ],
)
def test_a_fault_is_written_as_it_is_read(fault, text):
    assert str(fault) == text and parse(text) == (fault,)


@pytest.mark.parametrize(
    "text, part, remedy",
    [
        ("evict", "'evict'", "as in evict@2, or evict@4+90s for 90 seconds after"),
        ("evict@1 boom!", "'boom!'", "evict@2"),
        ("evict@two", "'evict@two'", "evict@4+90s"),
        ("evict@2+1h", "'evict@2+1h'", "hours are given in seconds; did you mean evict@2+3600s?"),
        ("evict@2+1.5 min", "'evict@2+1.5 min'", "minutes are given in seconds; did you mean evict@2+90s?"),
        ("evict@2+90 sec", "'evict@2+90 sec'", "seconds are written as in +90s; did you mean evict@2+90s?"),
        ("evict@-1", "'evict@-1'", "evict@2"),
        ("evict@2-5s", "'evict@2-5s'", "evict@4+90s"),
        ("Evict@2", "'Evict@2'", "small letters; did you mean evict@2?"),
        ("evict 1", "'evict 1'", "@ belongs before the number of the execution; did you mean evict@1?"),
        ("evict at 1, hold:2", "'evict at 1, hold:2'", "did you mean evict@1 hold@2?"),
        ("evict@2 + 130s", "'evict@2 + 130s'", "no space belongs around @ and +; did you mean evict@2+130s?"),
        ("evict 1 3", "'3'", "evict@2"),
        ("evict 0", "'evict@0'", "counted from 1"),
        ("evcit 2", "'evcit@2'", "did you mean evict?"),
        ("evcit@2", "'evcit@2'", "did you mean evict?"),
        ("upload-fail@2", "'upload-fail@2'", "did you mean upload-fails?"),
        ("quux@2", "'quux@2'", "there are evict, vacate, hold"),
        ("evict@0", "'evict@0'", "counted from 1"),
        ("requeue@2+5s", "'requeue@2+5s'", "takes no seconds"),
        ("upload-fails@2+5s", "'upload-fails@2+5s'", "at the end of an execution"),
        ("look@3", "'look@3'", "look@3+60s"),
        ("evict@2 hold@2", "evict@2 and hold@2", "only one fault"),
        ("evict@2+5s hold@1 evict@2+9s", "evict@2+5s and evict@2+9s", "only one fault"),
    ],
)
def test_what_can_not_be_read_is_named_with_what_could_stand_there(text, part, remedy):
    with pytest.raises(ScheduleError) as error:
        parse(text)
    assert part in str(error.value) and remedy in str(error.value)


@given(st.text(alphabet="evict@ +0123.smnh:#()\n,", max_size=40))
def test_whatever_is_typed_is_read_or_explained_in_a_line(text):
    try:
        parse(text)
    except ScheduleError as error:
        assert "\n" not in str(error)
        for example in re.findall(r"did you mean ([a-z@+.\d -]*)\?", str(error)):
            assert example in FAULTS or parse(example)
