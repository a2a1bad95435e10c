"""Reading an answer without running it: what still is as the exercise began, whatever else is in the file."""

from __future__ import annotations

import pytest

from grader.course.catalogue import EXERCISES
from grader.course.reading import end_without_a_value, literal, syntax_error, unwritten_functions
from grader.course.report import NOT_TRIED
from grader.tree import File, Tree

DEEP = "(" * 80 + "1" + ")" * 80
NESTED = "raise f" + "(1)" * 4000


def unwritten(body: str) -> set[str]:
    return unwritten_functions(File(f"def save_checkpoint(iteration):\n    {body}\n".encode()))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40 + 5", 45),
        ("-(2 - 5) * 15", 45),
        ("(2 * 4 * 90) ** 0.5", 720**0.5),
        ("math.sqrt(2 * 4 * 90)", 720**0.5),
        ("round(sqrt(720), 1)", 26.8),
        ("12**2 // 3 / 2", 24.0),
        ("[1 + 1, 'evict@' '2']", [2, "evict@2"]),
    ],
)
def test_a_number_may_be_computed_from_others(text, value):
    assert literal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "9**9**9",
        "2**-1",
        "sqrt(-1)",
        "(-1) ** 0.5",
        "1e308 * 10 // 0",
        "9" * 999 + " / 3",
        "(" * 300 + "9" + "**2)" * 300,
        "(" * 60 + "9**9" + ")" * 60,
        "[1] * 10**9",
        "'a' * 9",
        "True + 1",
        "int()('x')",
        "round('4')",
        "open(3)",
    ],
)
def test_anything_else_that_is_computed_is_no_plain_value(text):
    with pytest.raises(ValueError, match="not a plain value"):
        literal(text)


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


@pytest.mark.parametrize(
    "body, line",
    [
        ("since >= 5", 2),
        ("save = since >= 5\n    print(save)", 3),
        ("def inner():\n        return True\n    inner()", 4),
        ("if since:\n        return\n    lambda: 1", 4),
        ("return since >= 5", None),
        ("if since >= 5:\n        return True", None),
        ("for x in y:\n        try:\n            pass\n        finally:\n            return x", None),
        ("yield since", None),
        (NESTED[6:], None),
        ("(", None),
    ],
)
def test_a_function_that_returns_no_value_is_known_by_its_end(body, line):
    assert end_without_a_value(File(f"def rule(since):\n    {body}\n".encode()), "rule") == line
    assert end_without_a_value(File(f"def rule(since):\n    {body}\nasync def rule(): pass\n".encode()), "rule") is None


def test_a_question_of_pythons_ends_with_its_own_mark():
    failure = syntax_error("checkpoint.py", File(b"if x = 1:\n    pass\n"))
    assert failure and failure.text.endswith("instead of '='?"), failure
    assert failure.evidence[0].text.endswith("instead of '='? In: if x = 1:")
