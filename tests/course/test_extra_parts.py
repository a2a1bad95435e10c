"""The exercises of notebooks 11 and 12: what the simulator shows decides, and hidden is not repaired."""

from __future__ import annotations

import pytest

from grader.course import explanation
from grader.course.catalogue import COURSE, EXERCISES
from grader.course.exercises.not_there_yet.answers import EMPTY, changed
from grader.course.exercises.told_to_stop.answers import bash
from grader.course.exercises.told_to_stop.exercise import NOT_STARTED, SET_UP
from grader.course.misconceptions import MISCONCEPTIONS
from grader.course.report import CRASHED, NOT_TRIED, PARTLY, PASSED, WRONG
from grader.tree import Tree

LISTED = "transfer_checkpoint_files = checkpoints, latest, my_output.txt"
EXTRA = {exercise.name: exercise for chapter in COURSE[10:] for exercise in chapter.exercises}


@pytest.fixture
def judged(executor):
    """judged(name, files) is the report on an answer; a text is the value of a literal."""

    def judged(name, answer):
        return EXERCISES[name].judge(Tree.files({name: answer} if isinstance(answer, str) else answer), executor)

    return judged


def test_all_of_them_are_extra():
    assert {chapter.name for chapter in COURSE[10:]} == {"11-in-practice", "12-machine-learning"}
    assert all(exercise.optional for exercise in EXTRA.values())


@pytest.mark.parametrize("name", [name for name, exercise in EXTRA.items() if not exercise.literal])
def test_the_given_files_are_no_answer(name, executor):
    assert EXTRA[name].judge(EXTRA[name].given(), executor).status == NOT_TRIED


RIGHT = {
    "kept_when_vacated": "{'b', 'd'}",
    "placeholder": "'d'",
    "kept_states": "{'state-2.json', 'state-4.json'}",
    "latest_link": "'c'",
    "launcher_code": "3",
}
REVEALING = {
    ("kept_when_vacated", "{'a', 'b', 'd'}"): "sigterm-saves",
    ("kept_when_vacated", "{'b', 'c', 'd'}"): "signal-not-passed-on",
    ("kept_when_vacated", "{'b'}"): None,
    ("kept_when_vacated", "{'d'}"): None,
    ("placeholder", "'a'"): "listed-file-missing",
    ("placeholder", "'b'"): None,
    ("placeholder", "'c'"): "checkpoint-not-transferred",
    ("kept_states", "{'state-4.json'}"): "relies-on-leftovers",
    ("kept_states", "{'state-4.json', 'state-6.json'}"): None,
    ("latest_link", "'a'"): "link-in-checkpoint",
    ("latest_link", "'b'"): "link-in-checkpoint",
    ("latest_link", "'d'"): None,
    ("launcher_code", "7"): "wrong-exit-code",
    ("launcher_code", "6"): "wrong-exit-code",
    ("launcher_code", "0"): None,
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_value_gets_its_point(name, judged):
    assert judged(name, RIGHT[name]).points == EXTRA[name].maximum == 1


@pytest.mark.parametrize(("name", "value"), REVEALING)
def test_a_nudge_does_not_give_the_right_value_away(name, value, judged):
    report = judged(name, value)
    behind = report.failure.misconception
    assert (report.status, behind and behind.id) == (WRONG, REVEALING[name, value])
    assert RIGHT[name] not in report.headline and not report.headline.startswith(("It is not", "Of the names"))
    assert report.failure.job is not None and len(report.hints) == 3


@pytest.mark.parametrize(
    "value, way, execution",
    [("{'b'}", "d", 3), ("{'d'}", "b", 1), ("{'b', 'c', 'd'}", "c", 1), ("{'a', 'b', 'c'}", "a", 1), ("set()", "a", 1)],
)
def test_a_nudge_about_one_of_several_jobs_is_shown_by_that_job(value, way, execution, judged, executor):
    report = judged("kept_when_vacated", value)
    moments = explanation.story_of(report, executor)
    (spool,) = (set(now.spool) for now in moments if now.kind == "evicted")
    assert ("glacier.save" in spool) == (way in "bd")
    sections = dict(explanation.sections_text(EXERCISES["kept_when_vacated"], Tree(), report, moments))
    assert sections[explanation.LOOK].endswith(f"what really happens in way {way}: Execution {execution}: evicted.")
    title = f"What really happens in way {way}: schedule vacate@{execution}+{150 if way == 'd' else 550}s"
    assert sections[title].count(f"way_{way}.log") == 1


@pytest.mark.parametrize("limit", ["84", "126", "128.0", "140"])
def test_a_limit_soon_after_a_save_is_right_on_a_slower_machine_too(limit, judged):
    report = judged("time_limit", limit)
    assert (report.status, report.points) == (PASSED, 2), report.headline


@pytest.mark.parametrize("limit", ["78", "116"])
def test_a_limit_right_after_a_save_is_too_early_on_a_slower_machine(limit, judged):
    report = judged("time_limit", limit)
    assert (report.status, report.points) == (PARTLY, 1) and "10% longer" in report.headline


@pytest.mark.parametrize(
    ("limit", "words"), [("40", "5 checkpoints"), ("73", "140 s"), ("100", "48 s"), ("200", "140 s")]
)
def test_a_limit_at_a_bad_moment_is_wrong_and_its_cost_is_reported(limit, words, judged):
    report = judged("time_limit", limit)
    assert (report.status, report.points) == (WRONG, 0) and words in report.headline


def test_a_limit_before_the_first_save_gets_nowhere(judged):
    report = judged("time_limit", "30")
    assert report.failure.misconception is MISCONCEPTIONS["no-progress"] and report.points == 0


@pytest.mark.parametrize("value", ["'128'", "-3", "0", "True", "[128]", "10**9"])
def test_what_is_no_number_of_seconds_is_said_to_be_none(value, judged):
    assert judged("time_limit", value).status == CRASHED


@pytest.mark.parametrize("style", EMPTY)
def test_an_empty_placeholder_fails_where_it_is_read(style, judged):
    report = judged("not_there_yet", EMPTY[style])
    assert report.points == 0 and report.failure.misconception is None
    assert any(fact.file in ("science.py", "search.py") for fact in report.failure.evidence if fact.kind == "traceback")


def test_an_error_before_anything_is_saved_is_not_said_to_follow_a_save(judged):
    before_all = ("star, best = saved(", "open('best.json', 'a').close()\nstar, best = saved(")
    report = judged("not_there_yet", changed(before_all))
    assert report.points == 0 and report.failure.misconception is None


@pytest.mark.parametrize("value", ["None", "'3'"])
def test_a_restart_after_no_number_of_epochs_is_said_to_be_one(value, judged):
    given = EXERCISES["launched"].given().file("checkpoint.py").text
    lines = "transfer_checkpoint_files = checkpoint.pickle, my_output.txt"
    files = {
        "checkpoint.py": given.replace("return epoch", f"return {value}"),
        "train.sub": EXERCISES["learn"].given().file("train.sub").text.replace(LISTED, lines),
    }
    assert (
        judged("learn", files | {"checkpoint.py": given.replace("return epoch", "return float(epoch)")}).status
        == PASSED
    )
    report = judged("learn", files)
    assert report.headline.endswith(f"restore_checkpoint has to return how many epochs are done, and not {value}.")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("exec glacier", "exec: glacier: not found (the file in the sandbox is ./glacier)"),
        (
            "exec export CLIMATE=1.9",
            "exec: export: not found (export is a command of bash itself, and exec takes a program)",
        ),
        ("exec CLIMATE=1.9 ./glacier", "exec: CLIMATE=1.9: not found (CLIMATE=1.9 is written before exec)"),
    ],
)
def test_a_program_that_is_not_started_is_shown_with_its_line(line, said, judged):
    report = judged("told_to_stop", bash(line))
    [shown] = [fact for fact in report.failure.evidence if fact.kind == "stderr"]
    assert (shown.file, shown.line, shown.text) == ("start.sh", 2, said)
    assert "does not start glacier" in report.headline and report.hints == NOT_STARTED


@pytest.mark.parametrize(
    "lines", ["./glacier", "exec ./glacier", "python3 glacier", "cp glacier g\n./g", "./glacier & wait $!"]
)
def test_a_program_that_starts_in_vain_is_not_said_to_be_left_out(lines, judged):
    report = judged("told_to_stop", bash(lines))
    assert report.points == 0 and "does not start" not in report.headline and report.hints == SET_UP


def test_a_trap_with_one_wait_is_not_said_to_swallow_the_signal(judged):
    once = "export CLIMATE=1.9\n./glacier &\npid=$!\ntrap 'kill $pid' TERM\nwait $pid"
    report = judged("told_to_stop", bash(once))
    assert report.points == 0 and report.failure.misconception is not MISCONCEPTIONS["signal-not-passed-on"]
    assert "exit code 143" in report.headline


@pytest.mark.parametrize("told", ["kill -9 $!; exit 85", "exit 85"])
def test_a_script_that_leaves_before_the_save_is_told_who_writes_it(told, judged):
    report = judged("told_to_stop", bash(f"export CLIMATE=1.9\n./glacier &\ntrap '{told}' TERM\nwait"))
    assert report.failure.misconception is MISCONCEPTIONS["listed-file-missing"]
    assert report.hints[0] == "Who writes glacier.save, and when?"


def test_a_wrapper_has_to_call_the_launcher(judged):
    report = judged("launched", {"run": "#!/bin/bash\nexec python3 train.py\n"})
    assert report.points == 0 and "launcher is not called" in report.headline


def test_a_wrapper_that_believes_an_old_log_is_not_said_to_have_failed(judged):
    old = './launch train.py 2>> log\nif grep -q "exitcode: 85" log; then exit 85; fi\n'
    report = judged("launched", {"run": f"#!/bin/bash\n{old}"})
    assert report.failure.misconception is MISCONCEPTIONS["always-85"] and "has failed" not in report.hints[0]
