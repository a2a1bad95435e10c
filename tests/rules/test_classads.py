"""ClassAd expressions mean what they mean to HTCondor's own library."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.problems import Problem
from grader.rules.classads import ERROR, UNDEFINED, check, is_true, read

AD = {"ExitCode": 7, "ExitBySignal": False, "Why": "so", "Share": 0.25}
KNOWN = {name.lower(): value for name, value in AD.items()}
ATOMS = st.sampled_from(
    [
        "0",
        "1",
        "7",
        "2.5",
        "1e3",
        "true",
        "FALSE",
        "undefined",
        "error",
        '"so"',
        '"SO"',
        '""',
        "ExitCode",
        "exitbysignal",
        "Why",
        "Share",
        "Missing",
    ]
)
BINARY = "&& || == != < <= > >= =?= =!= is isnt + - * / %".split()


def _longer(shorter):
    return st.one_of(
        st.tuples(shorter, st.sampled_from(BINARY), shorter).map(" ".join),
        st.tuples(st.sampled_from("!-+"), shorter).map("{0[0]} {0[1]}".format),
        shorter.map("({})".format),
        st.tuples(shorter, shorter, shorter).map("{0[0]} ? {0[1]} : {0[2]}".format),
        st.tuples(st.sampled_from(["isUndefined", "isError", "strcat"]), shorter).map("{0[0]}({0[1]})".format),
        st.tuples(shorter, shorter).map("strcat({0[0]}, {0[1]})".format),
    )


EXPRESSIONS = st.recursive(ATOMS, _longer, max_leaves=8)


@pytest.fixture(scope="module")
def told():
    """What HTCondor's library says that an expression is of AD."""
    library = pytest.importorskip("classad2", reason="HTCondor's bindings are not here")
    nothing = {library.Value.Undefined: UNDEFINED, library.Value.Error: ERROR}

    def told(text):
        found = library.ExprTree(text).eval(library.ClassAd(AD))
        return nothing[found] if isinstance(found, library.Value) else found

    return told


# Always the same ones: what the library makes of a division by 0.0 has no rule.
@settings(max_examples=1000, derandomize=True)
@given(EXPRESSIONS)
def test_an_expression_is_what_htcondors_library_says(told, text):
    right, found = told(text), read(text)
    assert found.depends_only_on(frozenset(KNOWN) | {"missing"})
    value = found.value(KNOWN)
    assert type(value) is type(right) and value == right, text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9223372036854775807 + 1", -(2**63)),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("7 / 0", ERROR),
        ("1 - 2 - 3", -4),
        ("2 + 3 * 4 == 14 && true", True),
        ("true || false && false", True),
        ("1 ? 2 ? 3 : 4 : 5", 3),
        ('strcat("code ", ExitCode, 1.5, true)', "code 71.500000000000000E+00true"),
        (r'"a\"b"', 'a"b'),
    ],
)
def test_numbers_and_precedence_are_htcondors(told, text, value):
    assert read(text).value(KNOWN) == value == told(text)


@pytest.mark.parametrize(
    "text",
    [
        "a & 1",
        "~1",
        "{1, 2}",
        "a[0]",
        "[b = 1]",
        "TARGET.ExitCode",
        "time()",
        'regexp("a", b)',
        "1 << 2",
        "a.b",
        "a ?: b",
        "9223372036854775808",
        pytest.param("9" * 5000, id="many digits"),
        pytest.param("+".join("1" * 3000), id="a long sum"),
        pytest.param("!" * 3000 + "1", id="not, again and again"),
    ],
)
def test_what_has_no_meaning_here_is_known_to_have_none(text):
    assert not read(text).depends_only_on(frozenset({"a", "b", "exitcode", "target"}))


def test_an_attribute_of_the_jobs_own_may_be_called_so():
    found = read("MY.ExitCode == 7 && my.exitcode > 6")
    assert found.names == {"exitcode"} and found.value(KNOWN) is True


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        (1.5, True),
        ("true", False),
        (UNDEFINED, False),
        (ERROR, False),
    ],
)
def test_a_policy_holds_if_it_is_true_or_a_number_but_zero(value, holds):
    assert is_true(value) == holds


@pytest.mark.parametrize(("opening", "closing"), ["()", "{}", ("[a=", "]"), ("f(", ")")])
def test_as_many_brackets_in_each_other_are_read_as_by_htcondor(opening, closing):
    text = opening * 165 + "1" + closing * 165
    assert check(text) == text and read(text)
    with pytest.raises(Problem, match="HTCondor accepts at most 165 nested brackets"):
        check(opening + text + closing)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("(" * 165 + "1", "a bracket is not closed"),
        ("(" * 165 + "1" + ")" * 166, r"\) can't be there"),
        ("(1]", r"\) is missing"),
    ],
)
def test_a_bracket_without_another_is_refused_however_deep(text, told):
    with pytest.raises(Problem, match=told):
        check(text)
