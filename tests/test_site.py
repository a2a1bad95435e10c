"""The course as a folder of static pages (`python3 lab.py site`): built once, looked at as files, and opened in Chromium
below a path, where every request is watched."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "exercises" / "self-checkpointing").glob("*.ipynb"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SECONDS = 1000  # in milliseconds, as Playwright counts
UNREACHABLE = ("cannot be reached", "takes npm")
"""What lab.py says on a machine on which a site can't be built."""

sys.path.insert(0, str(ROOT / "site"))
build = importlib.import_module("build")
pages = importlib.import_module("pages")
runtime = importlib.import_module("runtime")
sys.path.pop(0)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host") / "below" / "a path" / "course"
    command = [sys.executable, str(ROOT / "lab.py"), "site", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode and any(words in done.stderr for words in UNREACHABLE):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    return folder


# The folder


def test_it_has_at_most_45_mb(site):
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert 10e6 < size <= 45e6, f"{size / 1e6:.1f} MB"


def test_nothing_half_made_lies_beside_it(site):
    assert [path.name for path in site.parent.iterdir()] == [site.name]


def test_every_package_is_the_one_that_the_lock_names(site):
    folder = site / "static" / "pyodide"
    packages = json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    for package in packages.values():
        assert hashlib.sha256((folder / package["file_name"]).read_bytes()).hexdigest() == package["sha256"]
    assert {package["file_name"] for package in packages.values()} == {path.name for path in folder.glob("*.whl")}
    assert packages["self-checkpointing-course"]["imports"] == ["grader"]


def test_the_course_has_its_bytecode_with_it_and_what_jobs_get_has_none(site):
    [wheel] = (site / "static" / "pyodide").glob("self_checkpointing_course-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"grader/__init__.py", "grader/__pycache__/__init__.cpython-314.pyc"} <= names
    assert "grader/payload/sweep/sweep.py" in names
    assert not [name for name in names if "/payload/" in name and "__pycache__" in name]


def test_the_notebooks_are_those_that_students_get(site):
    assert sorted(path.name for path in (site / "files").iterdir()) == [path.name for path in NOTEBOOKS]
    for path in NOTEBOOKS:
        given, there = json.loads(path.read_text("utf-8")), json.loads((site / "files" / path.name).read_text("utf-8"))
        assert [cell["source"] for cell in there["cells"]] == [cell["source"] for cell in given["cells"]]
        assert not any(cell.get("outputs") for cell in there["cells"])


class Links(HTMLParser):
    """What a page links to or loads, and the anchors that it has."""

    def __init__(self, text: str):
        super().__init__()
        self.targets, self.loaded, self.anchors = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id"))
        self.targets += [attributes["href"]] if tag == "a" else []
        self.loaded += [attributes[key] for key in ("src", "href") if key in attributes and tag != "a"]


def own_pages(site):
    return [site / "index.html", site / "about.html", *(site / "docs").rglob("*.html")]


def test_every_link_leads_somewhere(site):
    links = {page: Links(page.read_text("utf-8")) for page in own_pages(site)}
    assert len(links) == 2 + len(list(ROOT.glob("docs/**/*.md")))
    for page, found in links.items():
        assert not any(urlsplit(url).netloc for url in found.loaded), "loaded from elsewhere"
        for url in map(urlsplit, found.targets + found.loaded):
            target = (page.parent / unquote(url.path)).resolve() if url.path else page
            assert url.netloc or target.is_file(), f"{page} links to {url.geturl()}"
            assert not url.fragment or target not in links or url.fragment in links[target].anchors, url.geturl()
            if url.query:
                assert (site / "files" / url.query.removeprefix("path=")).is_file()


def test_the_start_page_leads_to_the_notebooks_and_the_docs(site):
    targets = Links((site / "index.html").read_text("utf-8")).targets
    assert targets[0] == "lab/index.html?path=01-evicted.ipynb"
    assert {f"lab/index.html?path={path.name}" for path in NOTEBOOKS} <= set(targets)
    assert {"about.html", "docs/grading.html", "docs/instructors/about.html"} <= set(targets)


# In a browser


class Quiet(http.server.SimpleHTTPRequestHandler):
    """An ordinary static server, which notes what it is asked for."""

    asked: list[str]

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()


BELOW = "/below/a%20path/course/"


@pytest.fixture
def server(site):
    handler = type("Handler", (Quiet,), {"asked": []})
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=site.parents[2])
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.asked = handler.asked
        yield server
        server.shutdown()


@pytest.fixture
def context():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_context(viewport={"width": 1200, "height": 900})
        browser.close()


IDLE = "document.querySelector('#jp-main-statusbar')?.innerText.includes('| Idle')"
FIRST_CELL = "from grader import check, exercise, hint, progress, simulate\nprint('imported', check.__module__)"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on PATH")
def test_a_notebook_opens_and_imports_the_course_without_any_other_server(context, server):
    requested = []
    origin = f"http://127.0.0.1:{server.server_port}/"
    context.on("request", lambda request: requested.append(request.url))
    page = context.new_page()
    page.goto(origin.removesuffix("/") + BELOW)
    start = time.monotonic()
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_selector(".jp-Notebook", timeout=120 * SECONDS)
    page.wait_for_function(IDLE, timeout=300 * SECONDS)
    print(f"kernel idle after {time.monotonic() - start:.1f} s")
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(FIRST_CELL)
    page.keyboard.press("Shift+Enter")
    output = page.locator(".jp-CodeCell").first.locator(".jp-OutputArea-output")
    output.first.wait_for(timeout=120 * SECONDS)
    print(f"course imported after {time.monotonic() - start:.1f} s")
    assert re.fullmatch(r"imported grader\.\S+\s*", output.inner_text())
    assert [url for url in requested if not url.startswith((origin, "data:", "blob:"))] == []
    assert [path for path in server.asked if not path.startswith((BELOW, "/favicon.ico"))] == []
    assert any("pyodide.asm.wasm" in url for url in requested), "what the kernel's own thread requests is seen, too"


# What can go wrong


def test_without_npm_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(runtime.BuildError, match=r"sudo apt install npm.*npm pack pyodide@"):
        runtime.pyodide(tmp_path)


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm")
def test_without_a_network_it_says_so(tmp_path, monkeypatch):
    closed = "http://127.0.0.1:9/"  # port 9, discard: nothing listens
    monkeypatch.setenv("npm_config_registry", closed)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(runtime.BuildError, match="cannot be reached. Check the network"):
        runtime.pyodide(tmp_path)


def test_a_second_build_downloads_nothing(site, monkeypatch):
    monkeypatch.setattr(runtime, "_download", lambda *_: pytest.fail("something is downloaded again"))
    assert runtime.pyodide(build.CACHE).is_file() and all(wheel.is_file() for wheel in runtime.wheels(build.CACHE))


def test_a_file_that_is_not_the_promised_one_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "_download", lambda *_: (tmp_path / f"pyodide-{runtime.PYODIDE}.tgz").touch())
    monkeypatch.setattr(runtime.shutil, "which", lambda name: name)
    with pytest.raises(runtime.BuildError, match="sent another file"):
        runtime.pyodide(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(runtime.BuildError, match="is no site of this course"):
        build.check_target(tmp_path)
    (tmp_path / "thesis.tex").rename(tmp_path / build.SIGN)
    build.check_target(tmp_path)
    build.check_target(tmp_path / "new")


def test_a_link_that_leads_nowhere_ends_the_build():
    there = {"README.md": pages.Page("README.md", "# A\n[b](docs/b.md)")}
    with pytest.raises(ValueError, match=r"README.md links to docs/b.md"):
        pages._render(there["README.md"], there)


def test_links_between_pages_are_rewritten():
    there = {path: pages.Page(path, f"# {path}") for path in ("README.md", "docs/b.md", "docs/more/README.md")}
    page = pages.Page("docs/b.md", "[up](../README.md#start) [down](more/README.md) [out](https://example.org/x.md)")
    targets = Links(pages._render(page, there)).targets
    assert targets == ["../about.html#start", "more/about.html", "https://example.org/x.md"]
    assert page.links == [("about.html", "start"), ("docs/more/about.html", "")]


def test_the_workflow_runs_a_command_of_lab_py():
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "site.yml").read_text())["jobs"]
    steps = jobs["build"]["steps"]
    [command] = [step["run"] for step in steps if "run" in step]
    [upload] = [
        step["with"]["path"] for step in steps if step.get("uses", "").startswith("actions/upload-pages-artifact")
    ]
    assert command == f"python3 lab.py site {upload}"
