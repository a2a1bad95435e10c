"""grades.csv in a spreadsheet: no text of a student's is a formula in it, whichever character separates the columns,
and the next run still knows who is who."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from grader.grading import grades_table
from grader.text import no_formula

NAMES = [
    "=1+1",
    "x;=1+1;",
    "x\t=1+1\t",
    "x|=1+1|",
    "x,=1+1,",
    'x";=1+1;"',
    'x;"=1+1"',
    "x\n=1+1",
    "x\r\n@SUM(1)",
    ";;;-2+3",
    " =1+1",
    "x;  +1",
    "\xa0=1+1",
    "x;\u3000=1",
    "x;\u2003=1",
    "\ufeff=1",
    "＝1+1",
    "x;＋1",
    "－1;＠a",
    "x;−1",
    "x \u2028=1",
    "x =1+1 y",
    "'=1",
    "''=1",
    "x;'=1",
    '"=1+1"',
    "=",
    "-",
    "x; = 1 ;",
    "=cmd|' /C calc'!A0",
    "\x0b=1",
    "x;\v=1",
]
RIGHT = [
    "Anna Berg",
    "Anna-Lena O'Hara",
    "Berg, Anna",
    "anna@example.org",
    "Li (李) Wei",
    "Anna - Berg",
    "a+b",
    "x=1",
    "José “Pepe” Ruiz",
    "群-1",
]
FORMULA = ("=", "+", "-", "@", "\u2212")


def cells(text: str):
    """All cells of a table, for each character that a reader may take for the separator."""
    for separator in ",;\t| ":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for row in csv.reader(text.splitlines(), delimiter=separator, quoting=quoting):
                yield from ((separator, cell) for cell in row)


def is_formula(separator: str, cell: str) -> bool:
    inner = unicodedata.normalize("NFKC", cell).strip().strip('"').strip()
    return inner.startswith(FORMULA) and (separator != " " or len(inner) > 1)


def written(**row: str) -> str:
    return grades_table.as_csv({row.get("student", "x"): {"student": "x", **row}}).decode()


@pytest.mark.parametrize("column", ["student", "remarks", "save misconception", "save status", "submission"])
@pytest.mark.parametrize("text", NAMES)
def test_no_text_is_a_formula_whatever_separates_the_columns(text, column):
    table = written(**{column: text})
    assert [found for found in cells(table) if is_formula(*found)] == []
    assert len(table.splitlines()) == 2, "a row is a line"


@settings(max_examples=400)
@given(some.text(alphabet="=+-@;,|\t\n\r \"'x1\xa0\u3000＝−", max_size=12))
def test_no_text_at_all_is_one(text):
    assert [found for found in cells(written(student=text, remarks=text)) if is_formula(*found)] == []


@pytest.mark.parametrize("name", RIGHT)
def test_a_name_that_is_none_stays_as_it_is(name):
    assert no_formula(name) == name


def test_different_names_stay_different():
    assert len(set(map(no_formula, NAMES))) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES + RIGHT)
def test_the_next_run_knows_who_it_was(tmp_path: Path, name):
    path = tmp_path / "grades.csv"
    before = {
        student: dict.fromkeys(grades_table.columns(), "") | {"student": student, "points": "3", "save": "3"}
        for student in (name, "y")
    }
    path.write_bytes(grades_table.as_csv(before))
    now = {name: before[name] | {"points": "5", "save": "5", "submission": "a"}, "y": before["y"]}
    assert list(grades_table.changes(grades_table.read(path), now)) == [
        f"{name}: 3 → 5 points (save 3 → 5; another submission)"
    ]


def test_who_is_no_longer_in_the_table_is_named():
    row = {"points": "3", "submission": "a"}
    assert list(grades_table.changes({"'=x": row, "y": row, "z": row}, {"y": row})) == [
        "No longer in the table, as they are not in what was graded now: '=x and z."
    ]


def test_a_regrade_of_other_notebooks_is_said():
    before = {"x": {"points": "23", "save": "3", "restore": "20", "submission": "a"}}
    now = {"x": {"points": "3", "save": "3", "submission": "a"}}
    assert list(grades_table.changes(before, now)) == ["x: 23 → 3 points (restore 20 → none; other notebooks count)"]
