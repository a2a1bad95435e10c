"""The code is as docs/architecture.md says: imports run one way, and what the page names is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "grader"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = re.search(r"```\n(.*?)```", PAGE, re.DOTALL)[1]
FLOORS = [re.match(r" +(\w+(?:, \w+)*)", line)[1].split(", ") for line in PICTURE.splitlines()]
"""The rooms, from the top floor down."""
FLOOR = {room: len(FLOORS) - number for number, rooms in enumerate(FLOORS) for room in rooms}
INSIDE = PACKAGE / "execute" / "inside"
"""What runs in jobs' processes: these files import each other by their bare names."""


def imported(path: Path) -> Iterator[str]:
    """The rooms that a file of the package imports."""
    here = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            parts = (*base, *(node.module or "").split(".")) if node.module else base
            if parts[:1] == ("grader",):
                yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("grader."))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def test_the_page_shows_all_rooms():
    assert set(map(room_of, FILES)) - {"payload"} == set(FLOOR)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_downwards(path):
    upwards = {room for room in imported(path) if FLOOR.get(room, 0) > FLOOR[room_of(path)]}
    assert not upwards, f"{path.name} is in {room_of(path)}, which is below {', '.join(upwards)}"


@pytest.mark.parametrize("path", sorted(INSIDE.rglob("*.py")), ids=lambda path: path.name)
def test_what_runs_with_a_job_imports_nothing_of_the_judge(path):
    assert set(imported(path)) <= {"execute"}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/]+\.py(?:::\w+)?)`", PAGE))))
def test_what_the_page_names_is_there(name):
    file, _, definition = name.partition("::")
    path = next(path for path in (PACKAGE / file, ROOT / file) if path.exists())
    tree = ast.parse(path.read_text(encoding="utf-8"))
    targets = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert not definition or definition in names | {target.id for target in targets if isinstance(target, ast.Name)}
