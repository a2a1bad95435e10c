"""What docs for instructors say of times and commands agrees with itself, and with what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from classroom import NOTEBOOKS, notebook, source

from grader.cli.main import parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ("grading.md", "hand-out-and-collect.md", "security.md")),
    *sorted((ROOT / "docs/instructors").glob("*.md")),
]
TABLE = (ROOT / "docs/instructors/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name.removesuffix(".ipynb") for name in NOTEBOOKS])
def test_times_are_the_same_in_the_table_and_in_the_notes(name):
    [(in_class, alone)] = re.findall(rf"^\| `{name}` \|.*\| (\d+) min \| (\d+) min \|$", TABLE, re.MULTILINE)
    notes = (ROOT / f"docs/instructors/{name}.md").read_text(encoding="utf-8")
    told = re.search(r"\*\*Time\*\*: (\d+) minutes in a class(?:[^.]*?)(\d+) alone", notes)
    assert told and told.groups() == (in_class, alone)


def test_what_the_times_are_estimated_from_is_so():
    words, cells = [], []
    for name in NOTEBOOKS:
        content = notebook("exercises", name)["cells"]
        words.append(sum(len(re.findall(r"\w+", source(c))) for c in content if c["cell_type"] == "markdown"))
        cells.append(sum(c["cell_type"] == "code" for c in content))
    told = re.search(r"words \((\d+) to ([\d,]+) .*?cells to run \((\d+) to (\d+),", TABLE, re.DOTALL)
    assert [int(one.replace(",", "")) for one in told.groups()] == [
        round(min(words), -2),
        round(max(words), -2),
        min(cells),
        max(cells),
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_written_in_one_way_and_can_be_parsed(page):
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^    (?:python|nbgrader).*$", text, re.MULTILINE)
    assert not [line for line in blocks if not line.strip().startswith(("python3 ", "pip "))]
    for line in (line for line in blocks if " -m grader " in line):
        words = re.sub(r'"[^"]*"', "X", line.partition(" -m grader ")[2].partition("#")[0]).split()
        parser().parse_args(words)
