"""A headless Firefox, driven by WebDriver BiDi: the few commands that a test needs, as Playwright drives only its own
builds of Firefox."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
SECONDS = 600
"""Seconds to wait for something before it counts as missing, on any machine."""


class Firefox:
    """One tab of a browser with a new profile. As a context manager, it ends the browser."""

    def __init__(self, profile: Path):
        import websocket

        profile.mkdir()
        command = [FIREFOX, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            server = json.loads(_eventually((profile / "WebDriverBiDiServer.json").read_text, OSError, ValueError))
            address = f"ws://{server['ws_host']}:{server['ws_port']}/session"
            self._socket = websocket.create_connection(address, timeout=SECONDS, suppress_origin=True)
            self._asked = 0
            self.ask("session.new", capabilities={})
            self._tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Firefox:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self.close()

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(60)

    def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command, and return its result. Raises RuntimeError if the browser refuses."""
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._asked:
            pass  # an event
        if answer["type"] != "success":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def go(self, address: str) -> None:
        """Open a page."""
        self.ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page, or of its promise, as far as JSON can express it."""
        whole = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        target = {"context": self._tab}
        reply = self.ask("script.evaluate", expression=whole, target=target, awaitPromise=True)
        if reply["type"] != "success":
            raise RuntimeError(reply["exceptionDetails"]["text"])
        return json.loads(reply["result"]["value"])

    def wait(self, expression: str) -> Any:
        """The value of an expression, once it is true."""
        return _eventually(lambda: self.evaluate(expression) or _missing(expression), LookupError)


def _missing(what: str) -> None:
    raise LookupError(what)


def _eventually(get: Any, *problems: type[Exception]) -> Any:
    end = time.monotonic() + SECONDS
    while True:
        try:
            return get()
        except problems:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
