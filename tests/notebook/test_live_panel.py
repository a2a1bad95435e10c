"""The live panel without a browser: its buttons pressed, its slider moved, its clock run in no time."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from grader.execute.startd import MachineTrouble
from grader.execute.temporary import LOCKED
from grader.notebook.live import EVICT, HELD, HOLD, OVER, POWER_LOSS, UPLOAD_FAILS, WAITING, Live, LivePosition
from grader.rules.schedule import parse, render
from grader.tree import Tree

sys.path.append(str(Path(__file__).parents[1] / "view"))
from view_helpers import Page, tiny

live_panel = pytest.importorskip("grader.notebook.live_panel", reason="ipywidgets is not installed")


@pytest.fixture
def panel(executor):
    return live_panel.LivePanel(Live(tiny(), executor), Tree.of(notes="mine"))


@pytest.fixture
def hasty(monkeypatch):
    """A clock that runs a second with each look at it, and nobody who waits for it."""
    seconds = iter(range(10**6))
    monkeypatch.setattr(live_panel, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(live_panel, "TICK", 0)
    monkeypatch.setattr(live_panel, "DWELL", 0)
    monkeypatch.setattr(live_panel, "LONGEST_TICK", 1)


def text(widget):
    return " ".join(Page(widget.value).text.split())


def played(panel):
    """Press Play, and wait until the panel stops by itself. Returns all that it said."""
    said = []
    panel.status.observe(lambda change: said.append(" ".join(Page(change["new"]).text.split())), "value")

    async def play():
        panel.play.click()
        while panel.playing:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(play(), 60))
    return said


def test_what_the_panels_of_a_killed_kernel_have_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / f"execute-left{LOCKED}"
    left.mkdir()
    with live_panel.executor.__wrapped__():
        assert not left.exists()


def test_a_panel_begins_before_the_first_start(panel):
    assert panel.at == LivePosition() and "Submitted" in text(panel.status) and "idle" in text(panel.frame)
    assert "notes" in text(panel.frame)


def test_play_tells_every_event_and_stops_at_the_end(panel, hasty):
    said = played(panel)
    assert [line.split()[0] for line in said] == ["+0:01:00", "+0:02:00", "+0:03:00", "+0:04:00"]
    assert "the job has ended" in said[-1]
    assert panel.live.phase(panel.at) == OVER and panel.play.description == "Play"


def test_play_at_the_end_tells_the_same_story_again(panel, hasty):
    panel.go(LivePosition(parse("evict@2"), 10000))
    assert "Execution 2: evicted" in " ".join(played(panel))


def test_play_shows_the_job_while_it_runs(panel, hasty):
    panel.speed.value = 10
    shown = []
    panel.frame.observe(lambda change: shown.append(change["new"]), "value")
    played(panel)
    assert any("running, 20 s into it" in Page(html).text for html in shown)
    assert any("20 s at risk" in Page(html).text for html in shown)


def test_pause_stops_the_clock(panel):
    async def press_twice():
        panel.play.click()
        assert panel.playing and panel.play.description == "Pause"
        panel.play.click()
        await asyncio.sleep(0)

    asyncio.run(press_twice())
    assert not panel.playing and panel.play.description == "Play" and panel.at == LivePosition()


@pytest.mark.parametrize(
    ("what", "schedule", "said"),
    [
        (EVICT, "vacate@1+30s", "Execution 1: evicted. The job was vacated 30 s into it"),
        (POWER_LOSS, "evict@1+30s", "Execution 1: evicted. The slot was lost 30 s into it, without a signal"),
        (HOLD, "hold@1+30s", "Execution 1: held."),
        (UPLOAD_FAILS, "upload-fails@1", "The upload of the next checkpoint will fail."),
    ],
)
def test_each_button_does_what_it_says(panel, what, schedule, said):
    panel.go(LivePosition((), 90))
    panel.actions[what].click()
    assert render(panel.at.schedule) == schedule and said in text(panel.status)
    assert f'simulate(..., "{schedule}")' in text(panel.history)


def test_hold_becomes_release_and_back(panel, hasty):
    panel.go(LivePosition((), 90))
    button = panel.actions[HOLD]
    button.click()
    assert button.description == "Release"
    panel.play.click()
    assert not panel.playing and "Release it first" in text(panel.status)
    assert button.tooltip.startswith("condor_release") and not button.disabled
    button.click()
    assert button.description == "Hold" and "Released" in text(panel.status)


def test_hold_holds_an_idle_job_too(panel):
    panel.actions[HOLD].click()
    assert panel.live.phase(panel.at) == HELD and panel.actions[HOLD].description == "Release"
    assert "Held while idle" in text(panel.status) and "nothing is lost" in text(panel.status)
    panel.actions[HOLD].click()
    assert panel.live.phase(panel.at) == WAITING and 'simulate(..., "hold-idle@1+0s")' in text(panel.history)


def test_a_button_that_can_do_nothing_says_why(panel):
    panel.actions[EVICT].click()
    assert panel.at == LivePosition() and "idle" in text(panel.status)


def refused(panel):
    """The buttons that can't be pressed, and why."""
    buttons = [panel.play, panel.back, panel.next, panel.restart, *panel.actions.values()]
    return {button.description: button.tooltip for button in buttons if button.disabled}


def test_what_does_nothing_now_is_disabled_and_its_tooltip_says_why(panel):
    idle = "The job is idle: nothing is running."
    begun = {"Evict": idle, "Power loss": idle, "Upload fails": idle}
    assert refused(panel) == {
        "Back": "This is the beginning.",
        "Start over": "Nothing was done to the job yet.",
        **begun,
    }
    panel.go(LivePosition((), 90))
    assert refused(panel) == {} and panel.actions[EVICT].tooltip.startswith("condor_vacate_job")
    panel.go(LivePosition((), 190))
    assert refused(panel) == {"Upload fails": "Execution 3 does not end with a checkpoint, so no upload can fail."}
    panel.actions[HOLD].click()
    assert set(refused(panel)) == {"Play", "Next", "Evict", "Power loss", "Upload fails"}
    assert refused(panel)["Play"] == "The job is held. Release it first."
    panel.go(LivePosition((), 10000))
    assert set(refused(panel)) == {"Next", "Evict", "Power loss", "Upload fails", "Hold"}
    assert set(refused(panel).values()) == {"The story is over. Start over, or go back in time."}


def test_a_promised_failure_outlives_a_hold(panel):
    panel.go(LivePosition((), 90))
    panel.actions[UPLOAD_FAILS].click()
    panel.actions[HOLD].click()
    panel.actions[HOLD].click()
    assert render(panel.at.schedule) == "hold@1+30s upload-fails@2"
    panel.next.click()
    panel.next.click()
    assert "checkpoint not saved" in text(panel.status)


def test_next_and_back_go_from_event_to_event_and_start_over_forgets(panel):
    panel.next.click()
    panel.next.click()
    assert panel.at.time == 120 and "checkpoint saved" in text(panel.status)
    panel.back.click()
    assert panel.at.time == 60
    panel.actions[EVICT].click()
    panel.restart.click()
    assert panel.at == LivePosition()


def test_the_slider_moves_time_and_time_moves_the_slider(panel):
    panel.slider.value = 90
    assert panel.at.time == 90 and "running, 30 s into it" in text(panel.frame)
    panel.slider.value = 115
    assert panel.at.time == 115
    panel.next.click()
    assert panel.slider.value == panel.at.time == 120


def test_the_slider_stands_on_its_own_steps_lest_the_browser_moves_it(panel):
    for time in range(240):
        panel.go(LivePosition(panel.at.schedule, time))
        assert panel.slider.value % panel.slider.step == 0 and panel.at.time == time
    panel.go(LivePosition(parse("evict@3"), 0))
    assert panel.slider.max >= panel.live.story(panel.at.schedule).end


def test_the_page_is_told_of_an_event_once(panel):
    said = []
    panel.status.observe(lambda change: said.append(change["new"]), "value")
    for time in range(61, 120, 10):
        panel.go(LivePosition((), time))
    assert len(said) == 1


def test_progress_is_told_to_those_who_do_not_see_it(panel):
    panel.go(LivePosition((), 150))
    page = Page(panel.frame.value)
    assert "progressbar" in page.values("role") and page.values("aria-valuenow") == ["50"]
    assert page.values("aria-valuetext") == ["60 s saved, 30 s at risk, 0 s lost"]
    assert not any(key.startswith("on") for key, _ in page.attributes)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import time; time.sleep(9); raise SystemExit(1)", "fails by itself"),
        ("pass", "0 s to compute"),
        ("import time; time.sleep(9)", "9 s to compute"),
    ],
)
def test_how_the_job_ends_by_itself_is_told(executor, python_job, program, said):
    assert said in text(live_panel.LivePanel(Live(python_job(program), executor), Tree()).frame)


def test_what_programs_write_and_callers_name_is_escaped(executor, python_job):
    job = python_job("open('<b>x', 'w').write('<script>alert(1)</script>')\nimport time; time.sleep(9)")
    panel = live_panel.LivePanel(Live(job, executor), Tree(), call=lambda schedule: "<i>")
    panel.next.click()
    panel.next.click()
    frame, history = Page(panel.frame.value), Page(panel.history.value)
    assert "<b>x" in frame.text and "<script>" in frame.text and "script" not in frame.tags
    assert "<i>" in history.text and "i" not in history.tags
    assert "<b>x" in Page(panel.status.value).text


def test_processes_that_can_not_be_started_are_told_and_end_nothing(panel, monkeypatch):
    def fail(at):
        raise MachineTrouble("There are no processes.")

    monkeypatch.setattr(panel.live, "present", fail)
    panel.next.click()
    assert "There are no processes." in text(panel.status)


def test_two_panels_share_an_executor_that_keeps_students_code_confined(monkeypatch):
    made = []
    monkeypatch.setattr(live_panel, "confinement", lambda: "confined")
    monkeypatch.setattr(
        live_panel, "LocalExecutor", lambda confine: made.append(confine) or type("E", (), {"close": 1})
    )
    monkeypatch.setattr(live_panel.atexit, "register", lambda close: None)
    live_panel.executor.cache_clear()
    assert live_panel.executor() is live_panel.executor() and made == ["confined"]
    live_panel.executor.cache_clear()
