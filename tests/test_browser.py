"""JupyterLab as a student sees it: notebook 3 in a browser, run as it is handed out, then with the right
answer typed into its cell; notebook 5, whose steps and live panel are driven by keys and buttons; and the sliders of
notebook 7, moved by keyboard.

One server on the loopback interface, one headless Chromium. Left out with `-m "not browser"`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time

import pytest
from axe import axe, violations  # noqa: F401  (a fixture)
from chromium import CHROMIUM, NEEDS_BROWSER, QUIET
from classroom import ANSWERS, ASSIGNMENT, ROOT, environment, solved, source

NAME, STEPS, SLIDERS = "03-save.ipynb", "05-step-by-step.ipynb", "07-how-often.ipynb"
ANSWERED = {SLIDERS: {"checkpoint_seconds": "240"}}
"""Notebook → variables that a student has set in it."""
SECONDS = 1000  # in milliseconds, as Playwright counts

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab over a copy of exercises/, of someone who has done notebook 4."""
    scratch = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "exercises", scratch / "exercises")
    done = scratch / "exercises" / ASSIGNMENT / "restore"
    done.mkdir()
    for path, text in next(iter(ANSWERS["restore"][0].values())).items():
        (done / path).write_text(text)
    # All cells are in the page, not only those in sight; and nobody asks for news.
    _set(scratch, "notebook-extension/tracker", '{"windowingMode": "none"}')
    _set(scratch, "apputils-extension/notification", '{"fetchNews": "false"}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={scratch / 'exercises'}",
    ]
    with open(scratch / "log", "w+") as log:
        server = subprocess.Popen(command, env=environment(scratch), stdout=log, stderr=log, cwd=scratch)
        try:
            assert _answers(server, port), (scratch / "log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def _set(scratch, plugin: str, settings: str) -> None:
    path = scratch / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(settings)


def _answers(server: subprocess.Popen, port: int) -> bool:
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser without a past."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=CHROMIUM,
            headless=True,
            args=QUIET,
            viewport={"width": 1250, "height": 1000},
        )
        browser.set_default_timeout(600 * SECONDS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(lab, browser, request):
    """A notebook in JupyterLab, run from top to bottom: its tests share it, as loading JupyterLab takes longer than they do.
    What the console says is in `page.complaints`, and the number of the last cell in `page.last`."""
    page = browser.new_page()
    page.complaints = []
    page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    visit(page, lab, request.param)
    for variable, value in ANSWERED.get(request.param, {}).items():
        retype(page, page.locator(f'.jp-CodeCell:has-text("{variable} = ...")').first, f"{variable} = {value}")
    page.last = run_all(page)
    assert errors(page) == []
    yield page
    page.close()


def of_notebook(*names):
    """Marks a test of these notebooks."""
    return pytest.mark.parametrize("page", names, indirect=True)


def run_all(page, before=0):
    """Run > Run All Cells; returns the last cell's number once every cell has one above `before`."""
    from playwright.sync_api import TimeoutError

    for _ in range(3):
        page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
        page.click('#jp-MainMenu li:has-text("Run")')
        page.click('.lm-Menu-item[data-command="runmenu:run-all"]:not(.lm-mod-disabled)')
        try:  # while a page still loads, a click on its menu is lost now and then
            page.wait_for_function(
                """before => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(
                prompt => prompt.textContent.includes('*') || parseInt(prompt.textContent.slice(1)) > before)""",
                arg=before,
                polling=50,
                timeout=15 * SECONDS,
            )
            break
        except TimeoutError:
            pass
    last = page.wait_for_function(
        """before => {
        const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
        const numbers = prompts.map(prompt => parseInt(prompt.textContent.replace('[', '')));
        return numbers.length && numbers.every(number => number > before) && Math.max(...numbers);
    }""",
        arg=before,
        polling=100,
    ).json_value()
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")
    return last


def errors(page):
    """The texts of all error and stderr outputs."""
    return page.locator(
        '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
    ).all_inner_texts()


def visit(page, lab, name):
    """Open a notebook, and wait for its kernel."""
    page.goto(f"{lab}/doc/tree/{ASSIGNMENT}/{name}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(
        """async () => (await (await fetch('/api/kernels')).json())
        .some(kernel => kernel.connections > 0 && kernel.execution_state === 'idle')""",
        polling=200,
    )
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")


def retype(page, cell, text):
    """Put a text in the place of what is in a code cell."""
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(text)


def answer_cell(page):
    return page.locator('.jp-CodeCell:has-text("%%writefile save/checkpoint.py")').first


def check_card(page):
    cell = page.locator('.jp-CodeCell:has(.jp-InputArea:has-text("check(\\"save\\")"))').first
    cell.scroll_into_view_if_needed()
    return cell.locator(".jp-OutputArea").first.inner_text()


@of_notebook(NAME)
def test_notebook_3_in_the_browser_untouched_and_answered(page):
    card = check_card(page)
    assert "not tried yet" in card and "0 / 10 points" in card

    right = next(source(cell) for cell in solved(NAME)["cells"] if source(cell).startswith("%%writefile"))
    retype(page, answer_cell(page), right)
    run_all(page, page.last)
    assert errors(page) == []
    card = check_card(page)
    assert "passed" in card and "10 / 10 points" in card

    assert complaints(page) == []


@of_notebook(NAME)
def test_each_slip_in_a_cell_is_told_at_once_below_it(page):
    body = next(source(cell) for cell in solved(NAME)["cells"] if source(cell).startswith("%%writefile"))
    body = body.partition("\n")[2]
    cell = page.locator(".jp-CodeCell:has-text('def save_checkpoint(iteration)')").first
    for first, said in [
        ("%%writefile restore/checkpoint.py\n", "restore/checkpoint.py is your answer in 04-restore.ipynb"),
        ("%%writefile checkpoint.py\n", "belongs to no job"),
        ("%%writefile saved/checkpoint.py\n", "there is no folder saved/ here"),
        ("%%writefile save/chekpoint.py\n", "If you meant save/checkpoint.py"),
        ("", "this cell is an answer, but it does not begin with %%writefile save/checkpoint.py"),
        ("%%writefile save/checkpoint.py\n", "Overwriting save/checkpoint.py"),
    ]:
        retype(page, cell, first + body)
        page.keyboard.press("ControlOrMeta+Enter")
        page.wait_for_function(
            "([cell, said]) => cell.querySelector('.jp-OutputArea')?.textContent.includes(said)",
            arg=[cell.element_handle(), said],
        )
    assert errors(page) == []


@of_notebook(STEPS, SLIDERS)
def test_axe_finds_nothing_wrong_with_widgets_and_stories(page, axe):  # noqa: F811
    page.wait_for_selector(".noUi-handle[aria-label]")
    assert violations(page, axe, ".jp-OutputArea-output") == []


@of_notebook(SLIDERS)
def test_the_sliders_of_notebook_7_are_moved_by_keyboard(page):
    picture = page.locator(".jp-OutputArea .shares svg[role=img]")
    interval, between = page.locator(".jp-OutputArea .noUi-handle").all()
    picture.scroll_into_view_if_needed()
    assert "At 1 h:" in picture.get_attribute("aria-label")
    interval.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector('.shares svg[aria-label*="At 50 min:"]')
    assert "Young 54 min" in picture.text_content()
    between.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector('.shares svg text:has-text("Young 44 min")')
    page.get_by_label("Slots are lost").select_option("at a time limit")
    page.wait_for_selector(".shares:not(:has(.model))")
    assert complaints(page) == []


# -- notebook 5 --------------------------------------------------------------------


@pytest.fixture(scope="module")
def stepper():
    """The slides' eight steps as a page of their own, which needs no server and no kernel."""
    from grader import submit
    from grader.execute.executor import Executor
    from grader.rules.schedule import parse
    from grader.rules.simulation import simulate
    from grader.view.steps import stepper

    job = submit.read(ROOT / "payload" / "slides" / "my_submit.sub").jobs[0]
    with Executor() as executor:
        return stepper(list(simulate(job, executor, schedule=parse("look@1+60s evict@2+600s"))))


def visible_steps(steps):
    """The numbers of the steps that can be seen."""
    shown = steps.locator(".picture").evaluate_all(
        "all => all.map(each => getComputedStyle(each).visibility === 'visible' && each.offsetHeight > 0)"
    )
    return [number for number, seen in enumerate(shown, 1) if seen]


def test_steps_are_gone_through_by_keys_and_clicks_and_are_all_on_paper(stepper, browser):
    page = browser.new_page()
    page.set_content(f"<!doctype html><body>{stepper}")
    steps = page.locator(".steps")
    assert visible_steps(steps) == [1]
    page.keyboard.press("Tab")
    assert page.locator("input:focus").get_attribute("aria-label").startswith("Step 1 of 8")
    for key, number in [("ArrowRight", 2), ("ArrowDown", 3), ("ArrowLeft", 2), ("ArrowUp", 1), ("ArrowLeft", 8)]:
        page.keyboard.press(key)
        assert visible_steps(steps) == [number]
    steps.get_by_text("6", exact=True).click()
    assert visible_steps(steps) == [6]
    page.emulate_media(media="print")
    assert visible_steps(steps) == [1, 2, 3, 4, 5, 6, 7, 8]


@of_notebook(STEPS)
def test_notebook_5_its_steps_and_its_live_panel(page):
    from playwright.sync_api import expect

    expect.set_options(timeout=600 * SECONDS)
    step_by_keys(page)
    panel = page.get_by_role("region", name="Live panel")
    panel.scroll_into_view_if_needed()
    said, now = panel.get_by_role("status"), panel.get_by_role("group", name="The job now")
    expect(said).to_contain_text("Submitted")
    slide(page, panel, said, now, expect)
    press(page, panel, said, now, expect)
    play(page, panel, said, now, expect)
    assert complaints(page) == []


def step_by_keys(page):
    """The keys step, and JupyterLab does not take them to go to another cell."""
    steps = page.locator(".steps").nth(1)
    steps.scroll_into_view_if_needed()
    active = page.locator(".jp-Cell.jp-mod-active .jp-InputArea")
    steps.get_by_text("3", exact=True).click()
    cell = active.inner_text()
    for key, number in [("ArrowRight", 4), ("ArrowRight", 5), ("ArrowDown", 6), ("ArrowUp", 5), ("ArrowLeft", 4)]:
        page.keyboard.press(key)
        assert visible_steps(steps) == [number]
    assert active.inner_text() == cell


def slide(page, panel, said, now, expect):
    """The slider is moved by its keys, and shows the job while it runs."""
    slider = panel.get_by_role("slider", name="Virtual time in seconds")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("starts in a new sandbox")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(now).to_contain_text("Execution 1 · running, 60 s into it")
    expect(now.get_by_role("progressbar")).to_have_attribute("aria-valuetext", "0 s saved, 60 s at risk, 0 s lost")


def press(page, panel, said, now, expect):
    """Each button, by mouse or by key."""

    def button(name):
        return panel.get_by_role("button", name=name)

    button("Evict").focus()
    page.keyboard.press("Enter")
    expect(said).to_contain_text("Execution 1: evicted. The job was vacated 60 s into it")
    expect(now).to_contain_text("lost: 60 s of computing")
    expect(panel.get_by_text('simulate("restore", "vacate@1+60s")')).to_be_visible()
    button("Next").focus()
    page.keyboard.press("Space")
    expect(said).to_contain_text("Execution 2: starts in a new sandbox")
    button("Upload fails").click()
    expect(said).to_contain_text("The upload of the next checkpoint will fail.")
    button("Next").click()
    expect(said).to_contain_text("checkpoint not saved")
    button("Power loss").click()
    expect(said).to_contain_text("Execution 3: evicted. The slot was lost 0 s into it, without a signal")
    button("Next").click()
    expect(said).to_contain_text("Execution 4: starts in a new sandbox")
    button("Hold").click()
    expect(said).to_contain_text("Execution 4: held.")
    expect(button("Play")).to_be_disabled()
    expect(button("Play")).to_have_attribute("title", "The job is held. Release it first.")
    button("Release").click()
    expect(said).to_contain_text("Released.")
    button("Back").click()
    expect(said).to_contain_text("Execution 4: held.")
    button("Start over").click()
    expect(said).to_contain_text("Submitted")


def play(page, panel, said, now, expect):
    """Virtual time runs to the end, by itself, with the directories changing on the way."""
    panel.get_by_label("Speed").select_option("1 s shows 5 min")
    panel.get_by_role("button", name="Play").focus()
    page.keyboard.press("Space")
    expect(panel.get_by_role("button", name="Pause")).to_be_visible()
    expect(panel.get_by_role("group", name="spool directory")).to_contain_text("my_output.txt")
    expect(said).to_contain_text("the job has ended")
    expect(panel.get_by_role("group", name="submit directory")).to_contain_text("new: my_output.txt")
    expect(panel.get_by_role("button", name="Play")).to_be_visible()


def complaints(page):
    """What the browser's console has to complain of, but for an icon that is not there."""
    return [text for text in page.complaints if "favicon" not in text]
