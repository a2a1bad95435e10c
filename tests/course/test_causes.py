"""That the cause which is named is the true one, with its line, and that answers of a similar shape are right."""

from __future__ import annotations

import ast

import pytest
from causes import RIGHT, WRONG
from classroom import ANSWERS

from grader.course.budgeted import BudgetedExecutor
from grader.course.catalogue import EXERCISES
from grader.course.cures import restoring, submitting
from grader.course.exercises.behind_a_pipe.answers import script
from grader.course.exercises.restore import exercise as restore
from grader.course.exercises.save import exercise as save
from grader.course.exercises.save.answers import save as save_answer
from grader.course.exercises.told_to_stop.answers import bash
from grader.course.exercises.wrapper.answers import wrapper
from grader.course.report import PASSED
from grader.tree import Tree

CURES = {
    "save": save.SAVING,
    "restore": (*restore.SAVING, *restoring.CHOOSING, *restoring.RENEWING),
    "submit": submitting.CURES,
}


@pytest.mark.parametrize(("exercise", "style"), [(name, style) for name, styles in WRONG.items() for style in styles])
def test_the_true_cause_is_named_with_its_line(judged, exercise, style):
    wrong = WRONG[exercise][style]
    report = judged(exercise, wrong.files)
    assert report.points < report.maximum and report.status != PASSED
    causes = [fact for fact in report.failure.evidence if fact.kind == "cause"]
    assert wrong.words in " ".join([report.headline, *(fact.text for fact in causes)])
    assert [fact.line for fact in causes] == [wrong.line] * bool(wrong.line)
    behind = report.failure.misconception
    assert (behind and behind.id) == wrong.misconception and len(report.hints) == 3


@pytest.mark.parametrize(("exercise", "style"), [(name, style) for name, styles in RIGHT.items() for style in styles])
def test_a_right_answer_that_looks_like_a_wrong_one_gets_full_points(judged, exercise, style):
    report = judged(exercise, RIGHT[exercise][style])
    assert (report.status, report.points) == (PASSED, report.maximum), report.headline


@pytest.mark.parametrize("exercise", CURES)
def test_a_cure_leaves_files_that_python_and_people_can_read(exercise):
    given = EXERCISES[exercise].given()
    answers = [files for styles in ANSWERS[exercise][1].values() for files in styles.values()]
    for files in [*answers, *(wrong.files for wrong in WRONG[exercise].values())]:
        for cure in CURES[exercise]:
            for remedy in cure.tried_on(given | Tree.files(files)):
                assert remedy.files != given | Tree.files(files)
                ast.parse(remedy.files["checkpoint.py"].content)
                assert remedy.cause and remedy.file in remedy.files and remedy.line >= 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def save_checkpoint(",
        "\0",
        "x = " + "(" * 5000,
        "def save_checkpoint(): pass",
        "save_checkpoint = restore_checkpoint = None",
        "def restore_checkpoint(*a): return 1",
        "def save_checkpoint(i): save_checkpoint(i)\ndef restore_checkpoint(s): return f'{s!r:>{s}}'",
    ],
)
def test_whatever_stands_in_a_module_no_cure_raises(text):
    files = EXERCISES["restore"].given() | Tree.files({"checkpoint.py": text})
    for cure in CURES["restore"]:
        list(cure.tried_on(files))


def test_no_cause_is_named_where_no_cure_helps(judged):
    files = {
        "checkpoint.py": "import sys\nfrom given import restore_checkpoint\n\ndef save_checkpoint(iteration):\n"
        "    if iteration % 10 == 0:\n        return\n    open('cp.txt', 'w').write('nothing')\n"
        "    sys.exit\n"
    }
    report = judged("save", files)
    assert report.failure.misconception is None
    assert not [fact for fact in report.failure.evidence if fact.kind == "cause"]


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        (
            "try:\n    with open('checkpoint.txt', 'w') as file:\n        json.dump(file, iteration)\nexcept Exception:\n    pass\n"
            "sys.exit(85)",
            8,
            "TypeError: Object of type TextIOWrapper",
        ),
        (
            "try:\n    with open('checkpoint.txt', 'w') as file:\n        file.write(iteration)\nfinally:\n    sys.exit(85)",
            8,
            "TypeError: write() argument must be str, not int",
        ),
    ],
)
def test_an_error_that_is_hidden_in_saving_is_shown_with_its_line(judged, body, line, said):
    report = judged("save", save_answer(body, "import json, sys"))
    (fact,) = (fact for fact in report.failure.evidence if fact.kind == "swallowed")
    assert (fact.file, fact.line) == ("checkpoint.py", line) and said in fact.text and "checkpoint.txt" in fact.text


@pytest.mark.parametrize(
    ("body", "hidden"),
    [
        ("open('checkpoint.txt', 'w').write(iteration)\nsys.exit(85)", False),
        ("with suppress(TypeError):\n    open('checkpoint.txt', 'w').write(iteration)\nsys.exit(85)", True),
        (
            "def put():\n    open('checkpoint.txt', 'w').write(iteration)\ntry:\n    put()\nfinally:\n    sys.exit(85)",
            True,
        ),
        ("try:\n    n = 1\nfinally:\n    n = 2\nopen('checkpoint.txt', 'w').write(iteration)\nsys.exit(85)", False),
    ],
)
def test_an_error_of_write_is_called_hidden_only_where_it_may_be(judged, body, hidden):
    report = judged("save", save_answer(body, "import sys\nfrom contextlib import suppress"))
    (cause,) = (fact.text for fact in report.failure.evidence if fact.kind == "cause")
    assert "its argument is not text" in cause and ("The error is hidden" in cause) == hidden


@pytest.mark.parametrize(
    ("exercise", "files", "left"),
    [
        ("wrapper", wrapper("#!/bin/bash\n./waves &\n"), "waves was"),
        ("wrapper", wrapper("#!/bin/bash\ntimeout $1 ./waves &\ncode=$?\nexit $code\n"), "timeout was"),
        ("told_to_stop", bash("export CLIMATE=1.9\n./glacier & disown"), "glacier was"),
        ("launched", {"run": "#!/bin/bash\n./launch train.py &\n"}, "launch and train.py were"),
    ],
)
def test_what_a_script_does_not_wait_for_is_named(judged, exercise, files, left):
    report = judged(exercise, files)
    (fact,) = (fact for fact in report.failure.evidence if fact.kind == "cut short")
    assert f"{left} still running" in fact.text and "goes on at once" in report.hints[1]
    assert report.points == 0 and report.failure.misconception is None


def test_no_pipe_is_named_where_pipefail_is_set(judged):
    text = "set -o pipefail\npython3 model.py 2>&1 | tee -a model.log\nexit 0"
    report = judged("behind_a_pipe", script(text))
    (fact,) = (fact for fact in report.failure.evidence if fact.kind == "saved in vain")
    assert "pipe" not in fact.text


def test_a_watcher_that_is_left_is_not_named_as_cut_short(judged):
    report = judged("wrapper", wrapper("#!/bin/bash\n(sleep $1; kill $$) &\n./waves\nexit 3\n"))
    assert report.failure and "cut short" not in {fact.kind for fact in report.failure.evidence}


def test_a_copy_that_runs_into_a_limit_ends_the_search():
    files = {
        "checkpoint.py": "import sys\nfrom given import restore_checkpoint\n\ndef save_checkpoint(iteration):\n"
        "    if iteration:\n        return\n    while True:\n        pass\n"
    }
    with BudgetedExecutor(None, 60) as executor:
        EXERCISES["save"].judge(Tree.files(files), executor)
        assert not executor.spent
