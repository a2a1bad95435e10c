"""The board for the screen counts who is where, by the results that checks have saved. Other files do no harm."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest
from test_batch import RIGHT, SAVE, UNTOUCHED, lay_out

from grader.cli.main import main
from grader.course.catalogue import EXERCISES
from grader.course.report import NOT_TRIED, PARTLY, PASSED, WRONG
from grader.grading import board

NAMES = list(EXERCISES)
NOTES = "self-checkpointing/.progress.json"


def notes(**states: str) -> str:
    return json.dumps({name: [status, 1.0] for name, status in states.items()})


@pytest.fixture
def hub(tmp_path):
    return lay_out(
        tmp_path / "home",
        {
            f"anna/course/{NOTES}": notes(split=PASSED, submit=PASSED, save=PARTLY),
            f"ben/{NOTES}": notes(**dict.fromkeys(NAMES, PASSED)),
            f"cem/{NOTES}": notes(save=PASSED),
            f"dora/{NOTES}": notes(save=WRONG),
            "emil/notes.txt": "x",
        },
    )


def test_it_counts_who_is_where(hub):
    old = time.time() - 3600
    os.utime(hub / "cem" / NOTES, (old, old))
    found = board.look(hub)
    assert (found.learners, found.active, found.done) == (4, 3, 1)
    assert found.states["save"] == {PASSED: 2, PARTLY: 1, WRONG: 1}
    assert found.here == {"save": 2, NAMES[NAMES.index("save") + 1]: 1}
    assert found.states["split"] == {PASSED: 2, NOT_TRIED: 2}


def test_what_nobody_has_begun_takes_no_room(tmp_path):
    page = board.html(board.look(lay_out(tmp_path, {f"anna/{NOTES}": notes(submit=PARTLY)})), 0, "")
    assert EXERCISES["submit"].title in page and EXERCISES["wrapper"].title not in page and "nobody yet" in page


def test_what_is_collected_tells_who_has_begun(tmp_path):
    lay_out(tmp_path, {f"anna/{SAVE}": RIGHT, "ben-03-save.ipynb": UNTOUCHED, f"cem/{NOTES}": notes(save=PASSED)})
    found = board.look(tmp_path)
    assert found.learners == 3
    assert found.states["save"] == {board.BEGUN: 1, PASSED: 1, NOT_TRIED: 1}


def test_nobody_s_name_is_on_it_and_it_looks_again_by_itself(hub):
    page = board.html(board.look(hub), 15, "12:00")
    assert '<meta http-equiv="refresh" content="15">' in page and "<script" not in page
    assert not re.search(r"\b(?:anna|ben|cem|dora|emil)\b", page)
    assert "refresh" not in board.html(board.look(hub), 0, "12:00")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[",
        b"[]",
        b"[" * 20_000,
        b'{"save": "passed"}',
        b'{"save": []}',
        b'{"save": [["passed"]]}',
        b'{"<script>": ["passed", 1], "save": ["<script>", 1]}',
        b"\xff\xfe",
        b"9" * 5000,
        b'{"save": ["passed", 1]}' + b" " * 100_000,
    ],
)
def test_notes_that_are_none_are_nobody_s_harm(tmp_path, data):
    lay_out(tmp_path, {f"eve/{NOTES}": data, f"anna/{NOTES}": notes(save=PASSED)})
    found = board.look(tmp_path)
    assert found.states["save"][PASSED] == 1 and "<script" not in board.html(found, 0, "")


def test_links_and_pipes_are_not_followed(tmp_path):
    lay_out(tmp_path / "elsewhere", {NOTES: notes(save=PASSED)})
    (tmp_path / "home/eve").mkdir(parents=True)
    (tmp_path / "home/eve/x").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "home/eve/.progress.json").symlink_to(tmp_path / "elsewhere" / NOTES)
    (tmp_path / "home/mal").mkdir()
    os.mkfifo(tmp_path / "home/mal/.progress.json")
    assert board.look(tmp_path / "home").learners == 0


def test_a_home_full_of_files_is_given_up_on(tmp_path, monkeypatch):
    monkeypatch.setattr(board, "MOST_LOOKED_INTO", 50)
    lay_out(tmp_path, {f"eve/{number}/x": "x" for number in range(200)} | {f"anna/{NOTES}": notes(save=PASSED)})
    assert board.look(tmp_path).learners == 1


def test_the_command_writes_the_page_and_the_terminal(hub, tmp_path, capsys):
    page = tmp_path / "board.html"
    assert main(["board", str(hub), "--once", "--out", str(page)]) == 0
    assert "<b>4</b> learners" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().out == f"Open {page} in a browser.\n", "it is not updated"
    assert main(["board", str(hub), "--once", "--text"]) == 0
    assert "4 learners, 4 active in the last ten minutes, 1 through" in capsys.readouterr().out
    assert main(["board", str(tmp_path / "none"), "--once", "--text"]) == 2
    assert "can't be read: No such file or directory" in capsys.readouterr().err
    assert main(["board", str(tmp_path / "none"), "--out", str(page)]) == 2
    assert capsys.readouterr().out == ""


def test_it_goes_on_until_it_is_stopped_and_sees_what_is_new(hub, tmp_path):
    page = tmp_path / "board.html"
    command = [sys.executable, "-m", "grader", "board", str(hub), "--every", "1", "--out", str(page)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        assert wait_for(page, "<b>4</b> learners")
        lay_out(hub, {f"emil/{NOTES}": notes(save=WRONG)})
        assert wait_for(page, "<b>5</b> learners")
    finally:
        process.terminate()
        process.wait(30)


def wait_for(page, text: str) -> bool:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        if page.exists() and text in page.read_text(encoding="utf-8"):
            return True
        time.sleep(0.1)
    return False
