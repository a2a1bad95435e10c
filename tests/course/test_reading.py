"""Reading an answer without running it: what still is as the exercise began, whatever else is in the file."""

from __future__ import annotations

import pytest

from grader.course.catalogue import EXERCISES
from grader.course.reading import syntax_error, unwritten_functions
from grader.course.report import NOT_TRIED
from grader.tree import File, Tree

DEEP = "(" * 80 + "1" + ")" * 80
NESTED = "raise f" + "(1)" * 4000


def unwritten(body: str) -> set[str]:
    return unwritten_functions(File(f"def save_checkpoint(iteration):\n    {body}\n".encode()))


@pytest.mark.parametrize(
    "body",
    [
        "raise NotImplementedError()",
        "raise NotImplementedError",
        "'what to do'\n    raise NotImplementedError('later')",
    ],
)
def test_a_function_that_only_raises_not_implemented_is_unwritten(body):
    assert unwritten(body) == {"save_checkpoint"}


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "raise RuntimeError('NotImplementedError')",
        f"raise SystemExit({DEEP})",
        "x = 1\n    raise NotImplementedError()",
        NESTED,
    ],
)
def test_anything_else_is_written(body):
    assert unwritten(body) == set()


def test_a_deeply_nested_answer_is_judged_and_not_called_untried(executor):
    answer = Tree.files({"checkpoint.py": f"def save_checkpoint(iteration):\n    {NESTED}\n"})
    report = EXERCISES["save"].judge(answer, executor)
    assert report.points == 0
    assert report.status != NOT_TRIED


def test_a_question_of_pythons_ends_with_its_own_mark():
    failure = syntax_error("checkpoint.py", File(b"if x = 1:\n    pass\n"))
    assert failure and failure.text.endswith("instead of '='?"), failure
    assert failure.evidence[0].text.endswith("instead of '='? In: if x = 1:")
