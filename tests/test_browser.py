"""JupyterLab as a student sees it: notebook 3 in a browser, run as it is handed out, then with the right
answer typed into its cell.

One server on the loopback interface, one headless Chromium, one test. Left out with `-m "not browser"`.
"""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import time

import pytest

from classroom import ASSIGNMENT, ROOT, environment, is_solution, solved, source

NAME = "03-save.ipynb"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]
SECONDS = 1000  # in milliseconds, as Playwright counts

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on PATH"),
    pytest.mark.skipif(importlib.util.find_spec("playwright") is None, reason="playwright is not installed"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab over a copy of exercises/."""
    scratch = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "exercises", scratch / "exercises")
    # All cells are in the page, not only those in sight; and nobody asks for news.
    _set(scratch, "notebook-extension/tracker", '{"windowingMode": "none"}')
    _set(scratch, "apputils-extension/notification", '{"fetchNews": "false"}')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
               f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
               f"--ServerApp.root_dir={scratch / 'exercises'}"]
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
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


@pytest.fixture
def page(tmp_path):
    """A page of a browser without a past; what its console says is in `page.complaints`."""
    from playwright.sync_api import sync_playwright
    with sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, headless=True, args=QUIET,
            viewport={"width": 1250, "height": 1000})
        page = browser.new_page()
        page.set_default_timeout(60 * SECONDS)
        page.complaints = []
        page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        yield page
        browser.close()


def run_all(page, before=0):
    """Run > Run All Cells; returns the last cell's number once every cell has one above `before`."""
    page.locator(".jp-Notebook .jp-MarkdownCell").first.click()
    page.click('#jp-MainMenu li:has-text("Run")')
    page.click('.lm-Menu-item[data-command="runmenu:run-all"]:not(.lm-mod-disabled)')
    last = page.wait_for_function("""before => {
        const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
        const numbers = prompts.map(prompt => parseInt(prompt.textContent.replace('[', '')));
        return numbers.length && numbers.every(number => number > before) && Math.max(...numbers);
    }""", arg=before, polling=100).json_value()
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")
    return last


def errors(page):
    """The texts of all error and stderr outputs."""
    return page.locator('[data-mime-type="application/vnd.jupyter.error"], '
                        '[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts()


def answer_cell(page):
    return page.locator('.jp-CodeCell:has-text("%%writefile save/checkpoint.py")').first


def check_card(page):
    cell = page.locator('.jp-CodeCell:has(.jp-InputArea:has-text("check(\\"save\\")"))').first
    cell.scroll_into_view_if_needed()
    return cell.locator(".jp-OutputArea").first.inner_text()


def test_notebook_3_in_the_browser_as_handed_out_and_with_the_right_answer(lab, page):
    page.goto(f"{lab}/doc/tree/{ASSIGNMENT}/{NAME}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached")

    last = run_all(page)
    assert errors(page) == []
    card = check_card(page)
    assert "not tried yet" in card and "0 of 10 points" in card

    right = next(source(cell) for cell in solved(NAME)["cells"] if is_solution(cell))
    answer_cell(page).scroll_into_view_if_needed()
    answer_cell(page).locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(right)
    run_all(page, last)
    assert errors(page) == []
    card = check_card(page)
    assert "passed" in card and "10 of 10 points" in card

    assert [text for text in page.complaints if "favicon" not in text] == []
