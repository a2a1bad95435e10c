"""The notebooks themselves, run from top to bottom: as they are handed out and solved, and what they then show, looked at
by axe-core."""

from __future__ import annotations

import asyncio
import json
import os
import re

import pytest
from axe import axe, below_headings, browser, violations  # noqa: F401  (fixtures)
from chromium import NEEDS_BROWSER
from classroom import ANSWERS, NOTEBOOKS, environment, notebook, solved, source
from test_notebook import Tags

from grader.course.catalogue import EXERCISES
from grader.course.report import NOT_TRIED, PASSED

EARLIER = {"05-step-by-step.ipynb": ["restore"], "10-for-real.ipynb": ["restore"]}
"""Notebook → the exercises of earlier notebooks that it looks at."""
SOLVED, RELEASED, AFTER = "solved", "as released", "solved after the earlier ones"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """(kind, notebook) → the notebook, run from top to bottom in a fresh kernel and a directory of its own; as many
    at a time as there are processors, since a kernel that has to wait too long is taken for dead."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    scratch = tmp_path_factory.mktemp("notebooks")
    runs = {
        **{(SOLVED, name): solved(name) for name in NOTEBOOKS},
        **{(RELEASED, name): notebook("exercises", name) for name in NOTEBOOKS},
        **{(AFTER, name): solved(name) for name in EARLIER},
    }
    found = {key: nbformat.reads(json.dumps(content), 4) for key, content in runs.items()}

    async def run(key, content, free):
        directory = scratch / "-".join(key)
        directory.mkdir()
        for before in EARLIER.get(key[1], ()) if key[0] == AFTER else ():
            (directory / before).mkdir()
            for path, text in next(iter(ANSWERS[before][0].values())).items():
                (directory / before / path).write_text(text)
        client = nbclient.NotebookClient(
            content, timeout=600, allow_errors=True, resources={"metadata": {"path": str(directory)}}
        )
        async with free:
            await client.async_execute(env=environment(scratch))

    async def run_all():
        free = asyncio.Semaphore(os.cpu_count() or 1)
        await asyncio.gather(*(run(key, content, free) for key, content in found.items()))

    asyncio.run(run_all())
    return found


def outputs(content):
    return [(cell, output) for cell in content["cells"] for output in cell.get("outputs", [])]


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("kind", [SOLVED, RELEASED])
def test_a_notebook_runs_from_top_to_bottom_without_an_error(executed, kind, name):
    found = outputs(executed[kind, name])
    assert [
        (source(cell), output)
        for cell, output in found
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ] == []
    code = [cell for cell in executed[kind, name]["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("kind", [SOLVED, RELEASED])
def test_no_cell_of_a_notebook_is_taken_for_a_slip(executed, kind, name):
    said = json.dumps([output for _, output in outputs(executed[kind, name])])
    assert "Nothing was written" not in said and "by another cell" not in said and "is not an answer file" not in said


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize(("kind", "status"), [(SOLVED, PASSED), (RELEASED, NOT_TRIED)])
def test_its_check_gives_the_points_and_a_report(executed, kind, status, name):
    for cell in executed[kind, name]["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            shown, result = cell["outputs"]
            assert result["output_type"] == "execute_result"
            exercise = EXERCISES[re.match(r'check\("(\w+)"', source(cell))[1]]
            maximum = exercise.maximum if exercise.optional else cell["metadata"]["nbgrader"]["points"]
            assert float(result["data"]["text/plain"]) == (maximum if status == PASSED else 0)
            assert status in Tags(shown["data"]["text/html"]).text


def test_the_picture_of_notebook_4_is_there_if_the_answer_is_right(executed):
    pictures = {
        kind: [
            output for _, output in outputs(executed[kind, "04-restore.ipynb"]) if "image/png" in output.get("data", {})
        ]
        for kind in (SOLVED, RELEASED)
    }
    assert (len(pictures[SOLVED]), len(pictures[RELEASED])) == (1, 0)


@pytest.fixture(scope="module")
def page(executed, browser):  # noqa: F811
    """A page whose theme and width may change. Its own policy would keep axe-core out."""
    context = browser.new_context(bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", [pytest.param(name, marks=NEEDS_BROWSER) for name in NOTEBOOKS])
def test_what_a_solved_notebook_shows_in_each_theme_and_width(executed, name, page, axe):  # noqa: F811
    """Colors depend on the theme and not on the width, and their contrast takes most of the time: once for each theme.
    (Widgets are looked at in JupyterLab, by test_browser.py.)"""
    told = [output for _, output in outputs(executed[AFTER if name in EARLIER else SOLVED, name])]
    assert [one for one in told if one["output_type"] == "error"] == []
    page.set_content(below_headings(one["data"]["text/html"] for one in told if "text/html" in one.get("data", {})))
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    found = {}
    for theme, width, without in (("light", 1400, ()), ("dark", 700, ["color-contrast"]), ("dark", 400, ())):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 900})
        found[theme, width] = violations(page, axe, without=without)
    assert {look: wrong for look, wrong in found.items() if wrong} == {}
