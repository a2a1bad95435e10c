"""Predictions: the truth comes from the simulator, and every wrong value gets an answer that helps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.course import explanation
from grader.course.catalogue import EXERCISES
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import CRASHED, NOT_TRIED, PASSED, WRONG
from grader.tree import Tree
from grader.view.steps import in_steps, step_of

PREDICTIONS = [name for name, exercise in EXERCISES.items() if exercise.literal]
KNOWN = {
    "badput_minutes": ["15", "15.0"],
    "missing_file": ["'b'", "' B '"],
    "seconds_lost": ["45", "45.0", "  45  "],
    "lines_elsewhere": ["3"],
    "step_three": ["'b'", "'B'"],
    "step_five": [
        "{'my_output.txt', 'temp-dir/42.txt', 'temp-dir/43.txt', 'temp-file.txt'}",
        "['temp-file.txt', 'temp-dir', 'my_output.txt']",
        "{'./my_output.txt', 'temp-dir/', 'temp-file.txt'}",
    ],
    "step_seven": [
        "{'my_input.txt', 'my_software', 'my_output.txt', 'temp-dir/42.txt', 'temp-dir/43.txt', 'temp-file.txt'}",
        "['_condor_stdout', 'my_software', 'my_input.txt', 'temp-file.txt', 'temp-dir/43.txt', "
        "'temp-dir/42.txt', 'my_output.txt', '_condor_stderr']",
    ],
    "zzz_out": ["[0, 43]", "(0, 43)", "{0, 43}", "['starting after iteration 0', 'starting after iteration 43']"],
    "must_be_saved": [
        "{'lattice', 'random', 'sums'}",
        "['sums', 'random', 'lattice']",
        "{'Lattice', 'RANDOM', 'sums'}",
    ],
    "wrong_lines": ["3"],
    "minutes_safe": ["0", "0.0"],
    "checkpoint_seconds": ["240"],
}
"""Worked out by hand; the course reads the truth off the simulator."""
REVEALING = {
    ("missing_file", "'a'"): "listed-file-missing",
    ("seconds_lost", "0"): "sigterm-saves",
    ("lines_elsewhere", "5"): "relies-on-leftovers",
    ("lines_elsewhere", "0"): "output-not-in-checkpoint",
    ("step_five", "{'temp-dir', 'temp-file.txt'}"): "output-not-in-checkpoint",
    ("step_five", "{'my_output.txt'}"): "checkpoint-not-transferred",
    ("step_five", "{'my_output.txt', 'temp-dir', 'temp-file.txt', 'trash.txt'}"): "relies-on-leftovers",
    ("step_seven", "{'my_input.txt', 'my_software'}"): "checkpoint-not-transferred",
    ("step_seven", "{'my_output.txt', 'temp-dir/51.txt', 'temp-dir/52.txt', 'temp-file.txt'}"): "relies-on-leftovers",
    (
        "step_seven",
        "{'my_input.txt', 'my_software', 'temp-dir/42.txt', 'temp-dir/43.txt', 'temp-file.txt'}",
    ): "output-not-in-checkpoint",
    ("zzz_out", "[0, 43, 52]"): "sigterm-saves",
    ("must_be_saved", "{'lattice', 'sums'}"): "rng-not-saved",
    ("must_be_saved", "{'random', 'sums', 'energy'}"): "state-incomplete",
    ("must_be_saved", "{'lattice', 'random'}"): "state-incomplete",
    ("wrong_lines", "0"): "state-incomplete",
    ("minutes_safe", "180"): "sigterm-saves",
    ("minutes_safe", "90"): "no-progress",
}
LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
        | st.sets(st.text(max_size=3), max_size=3)
    ),
)


def judged(name, text, executor):
    return EXERCISES[name].judge(Tree.files({name: text}), executor)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in KNOWN for text in KNOWN[name]])
def test_the_right_value_gets_full_points(name, text, executor):
    report = judged(name, text, executor)
    assert (report.status, report.points) == (PASSED, EXERCISES[name].maximum), report.headline


@pytest.mark.parametrize(("name", "text"), REVEALING)
def test_a_distractor_reveals_its_misconception_and_is_shown_the_story(name, text, executor):
    report = judged(name, text, executor)
    assert (report.status, report.points) == (WRONG, 0)
    assert report.failure.misconception is MISCONCEPTIONS[REVEALING[name, text]]
    assert report.failure.job is not None and report.failure.schedule is not None
    story = in_steps(list(explanation.story_of(report, executor)))
    assert step_of(story, *report.failure.decisive) > 1, "there is no such moment"


@pytest.mark.parametrize(("name", "text"), REVEALING)
def test_a_wrong_prediction_gets_hints_about_the_prediction_only(name, text, executor):
    report, exercise = judged(name, text, executor), EXERCISES[name]
    assert report.hints == exercise.hints
    sections = dict(explanation.sections_text(exercise, Tree.files({name: text}), report))
    assert explanation.BEHIND not in sections


@pytest.mark.parametrize(("name", "text"), [*REVEALING, ("step_five", "{'trash.txt'}"), ("zzz_out", "[1]")])
def test_the_headline_of_a_wrong_value_does_not_give_the_right_one_away(name, text, executor):
    report = judged(name, text, executor)
    right = judged(name, KNOWN[name][0], executor).headline
    assert right not in report.headline and right in report.failure.solution
    assert report.failure.decisive is not None


@pytest.mark.parametrize(
    "name, wrong, right",
    [
        ("missing_file", "'a'", '"b"'),
        ("badput_minutes", "7", "15"),
        ("minutes_safe", "90", "0"),
        ("checkpoint_seconds", "7", "240"),
        ("zzz_out", "[0, 43, 52]", "[0, 43]"),
        ("torn_file", "'a'", '"d"'),
    ],
)
def test_the_solution_begins_with_the_right_answer_as_it_is_written(name, wrong, right, executor):
    report = EXERCISES[name].judge(Tree.files({name: wrong}), executor)
    assert report.failure.solution.startswith(f"The right answer is {right}. "), report.failure.solution


def test_of_a_set_the_headline_counts_names_and_the_solution_tells_them(executor):
    report = judged("step_seven", "{'my_input.txt', 'x.txt'}", executor)
    assert report.failure.solution.startswith("my_output.txt, my_software, temp-dir/42.txt")
    report = judged("must_be_saved", "4", executor)
    assert report.failure.solution == ""


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("seconds_lost", "'45'", "The answer is a number, without quotes."),
        ("seconds_lost", "{45}", "The answer is a number."),
        ("seconds_lost", "None", "The answer is a number."),
        ("seconds_lost", "True", "The answer is a number."),
        ("step_five", "4", 'The answer is a set of names, like {"a.txt", "b.txt"}.'),
        ("kept_when_vacated", "'ab'", 'The answer is a set of letters, like {"a", "b"}.'),
        ("missing_file", "'held'", 'The answer is one of the letters, in quotes, like "a".'),
        ("missing_file", "2", 'The answer is one of the letters, in quotes, like "a".'),
        ("zzz_out", "'0, 43'", "The answer is a list, like [1, 2]."),
        ("zzz_out", "43", "The answer is a list, like [1, 2]."),
    ],
)
def test_a_value_of_another_kind_is_told_the_kind_not_the_answer(name, text, wanted, executor):
    report = judged(name, text, executor)
    assert report.headline == wanted and report.failure.job is None


@pytest.mark.parametrize(
    ("name", "text", "begins"),
    [
        ("step_five", "{'my-output.txt', 'temp-dir'}", "There is no file my-output.txt. Did you mean my_output.txt?"),
        ("step_five", "{'trash.txt' 'temp-file.txt'}", "A comma is missing between trash.txt and temp-file.txt."),
        ("step_seven", "{'my_software.py'}", "There is no file my_software.py. Did you mean my_software?"),
        ("step_seven", "{'temp-dir/44.txt', 'my_output.txt'}", "What is in the spool directory is put into every"),
        ("must_be_saved", "{'lattice' 'random', 'sums'}", "There are random, lattice, sums, temperature, energy"),
    ],
)
def test_a_misspelt_name_is_named_before_all_else(name, text, begins, executor):
    assert judged(name, text, executor).headline.startswith(begins)


@pytest.mark.parametrize(("name", "seconds"), [("badput_minutes", "900"), ("collatz_minutes", "1140")])
def test_seconds_where_minutes_are_asked_for_are_told_apart(name, seconds, executor):
    assert judged(name, seconds, executor).headline == "The question asks for minutes, not seconds."


def test_the_solution_is_shown_for_the_htcondor_that_was_asked_about(executor):
    exercise, answer = EXERCISES["step_five"], Tree.files({"step_five": "{'my_output.txt'}"})
    report = exercise.judge(answer, executor)
    moments = explanation.story_of(report, executor)
    spool = next(moment for moment in moments if moment.kind == "checkpoint").spool
    assert spool.listing() == ["my_output.txt", "temp-dir/42.txt", "temp-dir/43.txt", "temp-file.txt"]
    sections = dict(explanation.sections_html(exercise, answer, report, moments))
    (title,) = (title for title in sections if title.startswith(explanation.TRUTH))
    assert "(step 8 of 8)" in sections[title] and "my_software" in sections[title]


def test_slots_that_always_last_an_hour_do_so_to_the_end_of_the_story(executor):
    exercise, answer = EXERCISES["minutes_safe"], Tree.files({"minutes_safe": "90"})
    report = exercise.judge(answer, executor)
    moments = explanation.story_of(report, executor)
    starts, evictions = ([now.time for now in moments if now.kind == kind] for kind in ("started", "evicted"))
    assert len(evictions) >= 3 and {end - start for start, end in zip(starts, evictions)} == {3600}
    assert moments[-1].kind == "never finishes"
    assert "What really happens: slots that last 1 h" in dict(
        explanation.sections_text(exercise, answer, report, moments)
    )


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_prediction_that_is_not_there_is_not_tried(name, executor):
    assert EXERCISES[name].judge(Tree(), executor).status == NOT_TRIED


@pytest.mark.parametrize(
    "text", ["open('x')", "seconds_lost", "1 +", "[" * 3000, "0x" + "f" * 6000, "__import__('os')"]
)
def test_what_is_no_plain_value_is_said_to_be_none(text, executor):
    report = judged("seconds_lost", text, executor)
    assert report.points == 0 and report.status in (CRASHED, WRONG)
    assert report.headline


@given(value=LITERALS)
@settings(max_examples=60)
def test_any_plain_value_gets_a_report(value, executor):
    for name in PREDICTIONS:
        report = judged(name, repr(value), executor)
        assert 0 <= report.points <= EXERCISES[name].maximum
        assert report.headline.isprintable()
