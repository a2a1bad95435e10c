"""How long the course takes in a browser: from *Start* to the first check, at the first visit and at the next, and what
cells take then. It drives Chromium.

    python3 lab.py site DIR
    python benchmarks/browser.py DIR [ROUNDS]

Prints seconds, as medians of ROUNDS rounds (default 3), each in a browser without history or cache.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import statistics
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 600_000
"""Milliseconds to wait for something before it counts as missing."""
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN = """async code => {
    const future = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code});
    const reply = await future.done;
    if (reply.content.status !== 'ok') throw new Error(reply.content.evalue); }"""


class Server(http.server.SimpleHTTPRequestHandler):
    """A static server that makes JupyterLab accessible to scripts, as window.jupyterapp."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if not self.path.endswith("/jupyter-lite.json"):
            super().do_GET()
            return
        settings = json.loads(Path(self.translate_path(self.path)).read_text("utf-8"))
        settings.setdefault("jupyter-config-data", {})["exposeAppInBrowser"] = True
        content = json.dumps(settings).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def solution(exercise: str, name: str) -> list[str]:
    """The cells that write a right answer of the exercise."""
    return [
        "".join(cell["source"])
        for path in (ROOT / "solutions").rglob(name)
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if "".join(cell["source"]).startswith(f"%%writefile {exercise}/")
    ]


CELLS = {
    'check("restore")': "from grader import check\ncheck('restore')",
    'simulate("restore", "evict@2")': "from grader import simulate\nsimulate('restore', 'evict@2')",
}


def visit(page: Page, address: str) -> Iterator[tuple[str, float]]:
    """(what, seconds since *Start*) of a visit to the first notebook."""
    page.goto(address)
    began = time.perf_counter()
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_function(IDLE, timeout=PATIENCE)
    yield "kernel idle", time.perf_counter() - began
    page.evaluate(RUN, "from grader import check\ncheck('split')")
    yield "first check", time.perf_counter() - began


def one_round(context: Any, address: str) -> Iterator[tuple[str, float]]:
    """Two visits and some cells."""
    page = context.new_page()
    yield from ((f"first visit: {what}", seconds) for what, seconds in visit(page, address))
    page.close()
    page = context.new_page()
    yield from ((f"second visit: {what}", seconds) for what, seconds in visit(page, address))
    page.evaluate(RUN, "from grader import exercise\nexercise('restore')")
    for cell in solution("restore", "04-restore.ipynb"):
        page.evaluate(RUN, cell)
    for what, code in CELLS.items():
        began = time.perf_counter()
        page.evaluate(RUN, code)
        yield what, time.perf_counter() - began


def main(site: str, rounds: int) -> None:
    taken = defaultdict(list)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=site)) as server,
        sync_playwright() as driver,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(rounds):
            context = browser.new_context()
            context.set_default_timeout(PATIENCE)
            for what, seconds in one_round(context, f"http://127.0.0.1:{server.server_port}/"):
                taken[what].append(seconds)
            context.close()
        browser.close()
        server.shutdown()
    for what, seconds in taken.items():
        print(f"{statistics.median(seconds):6.2f} s  {what}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3)
