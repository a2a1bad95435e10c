"""axe-core, which npm installs into a temporary folder, and the violations that it finds on a page."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from chromium import CHROMIUM, QUIET

VERSION = "4.10.3"
"""Fixed, so that no test fails because axe-core has a new rule."""
RUN = """async ([include, rules]) => (await axe.run(include, {rules, resultTypes: ['violations']})).violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.html.slice(0, 200)).join(' | ')}`)"""


@pytest.fixture(scope="module")
def browser():
    """A Chromium for one module of tests: as long as Playwright runs, tests can't run an event loop of their own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture(params=[("light", 1200), ("dark", 400)], ids=["light and wide", "dark and narrow"])
def look(browser, request):
    """A function: HTML of a page → violations. The page's own content security policy, which would keep axe-core out,
    is bypassed."""
    theme, width = request.param
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, bypass_csp=True)

    def at(html, script, include="html"):
        page = context.new_page()
        page.set_content(html)
        return violations(page, script, include)

    yield at
    context.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The path of axe-core's script."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm on PATH, which installs axe-core")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-save", "--silent", "--ignore-scripts", "--prefix", str(folder)]
    try:
        done = subprocess.run([*command, f"axe-core@{VERSION}"], capture_output=True, text=True, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("npm can't install axe-core")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if done.returncode or not script.exists():
        pytest.skip("npm can't install axe-core: " + done.stderr.strip()[-200:])
    return script


def violations(page, script, include="html", without=()) -> list[str]:
    """The violations that axe-core finds in a part of a page, each with the elements that it is about."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=str(script))
    selector = [[one] for one in page.evaluate(_MARK, include)] if include != "html" else None
    return page.evaluate(
        RUN, [{"include": selector} if selector else "html", {rule: {"enabled": False} for rule in without}]
    )


_MARK = """selector => [...document.querySelectorAll(selector)].map((node, index) => {
    node.dataset.axe = index; return `[data-axe="${index}"]`; })"""
"""Gives every element that matches a selector a selector of its own, as axe-core takes only the first match."""


def below_headings(parts) -> str:
    """A page of outputs, below headings as a notebook has them."""
    inside = "".join(f"<div>{part}</div>" for part in parts)
    return (
        f'<!doctype html><html lang="en"><head><title>x</title></head><body><main><h1>x</h1><h2>y</h2>{inside}</main>'
        "</body></html>"
    )
