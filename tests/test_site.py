"""The course as a folder of static pages (`python3 lab.py site`): built once, looked at as files, and opened in Chromium
below a path, where every request is watched."""

from __future__ import annotations

import csv
import fcntl
import functools
import hashlib
import http.server
import importlib.util
import inspect
import json
import os
import random
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
from chromium import CHROMIUM, QUIET, needs_browser
from classroom import ANSWERS, ROOT, solved, source
from classroom import NOTEBOOKS as SOLVED
from firefox import FIREFOX, Firefox

from grader.course.catalogue import COURSE, EXERCISES
from grader.course.shell import takes_shell
from grader.tree import Tree

NOTEBOOKS = sorted((ROOT / "exercises" / "self-checkpointing").glob("*.ipynb"))
SECONDS = 1000  # in milliseconds, as Playwright counts
UNREACHABLE = ("cannot be reached", "takes npm")
"""What lab.py says on a machine on which a site can't be built."""

sys.path.insert(0, str(ROOT / "site"))
build = importlib.import_module("build")
pages = importlib.import_module("pages")
runtime = importlib.import_module("runtime")
sys.path.pop(0)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built once: by the first process of pytest that asks for it."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = root / "host" / "below" / "a path" / "course"
    with open(root / "site.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
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
    """An ordinary static server, which notes what it is asked for. It has the solved notebooks in the place of those
    without answers, and a lab that scripts of these tests can talk to."""

    asked: list[str]

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        path = urlsplit(self.path).path
        name = path.rpartition("/")[2]
        if path == BELOW + "files/" + name and name in SOLVED:
            self._send(solved(name))
        elif name == build.SIGN:
            settings = json.loads(Path(self.translate_path(path)).read_text("utf-8"))
            settings.setdefault("jupyter-config-data", {})["exposeAppInBrowser"] = True
            self._send(settings)
        else:
            super().do_GET()

    def _send(self, value):
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


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
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(viewport={"width": 1200, "height": 900}, accept_downloads=True)
        context.set_default_timeout(120 * SECONDS)
        yield context
        browser.close()


SHELL = {"pipe_lines", "behind_a_pipe"}
"""What takes a shell."""
DONE_HERE = [name for name in SOLVED if name[:2] in ("01", "02", "03", "04", "05", "06", "07", "09")]
IDLE = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
"""Not by the status bar, which leaves this out where the window is narrow."""
NOTEBOOK = "() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON()"


class Lab:
    """JupyterLite in a browser's tab. All notebooks share one kernel, as starting one takes most of the time."""

    def __init__(self, context, server):
        self.requested = []
        self.origin = f"http://127.0.0.1:{server.server_port}"
        context.on("request", lambda request: self.requested.append(request.url))
        context.route("**/*", self._answer)
        self.page = context.new_page()
        self.page.goto(self.origin + BELOW)
        self.started = time.monotonic()
        self.page.get_by_role("link", name="Start", exact=True).click()
        self.page.wait_for_selector(".jp-Notebook")
        self.page.wait_for_function(IDLE, timeout=300 * SECONDS)
        self.say("kernel idle")
        self.kernel = self.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")

    def _answer(self, route):
        """Nothing from elsewhere."""
        if route.request.url.startswith((self.origin + "/", "data:", "blob:")):
            route.fallback()
        else:
            route.abort()

    def say(self, what):
        print(f"{what} after {time.monotonic() - self.started:.1f} s")

    def open(self, name):
        self.page.evaluate(
            """async ([path, id]) => {
                const widget = await jupyterapp.commands.execute('docmanager:open', {path, kernel: {id}});
                await widget.context.ready; await widget.sessionContext.ready; await widget.revealed; }""",
            [name, self.kernel],
        )

    def run_all(self):
        assert self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')"), self.errors()

    def ask(self, program):
        """What a Python program prints in the kernel."""
        return self.page.evaluate(
            """async code => {
                const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({code}); let said = '';
                future.onIOPub = ({header, content}) => {
                    said += header.msg_type === 'stream' ? content.text : (content.traceback ?? []).join('\\n'); };
                await future.done; return said; }""",
            program,
        )

    def errors(self):
        outputs = [output for cell in self.cells() for output in cell.get("outputs", ())]
        return [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]

    def cells(self):
        return self.page.evaluate(NOTEBOOK)["cells"]

    def points(self):
        """Exercise → points, as the checks of the notebook have returned them."""
        checks = [(re.match(r'check\("(\w+)"', source(cell)), cell) for cell in self.cells()]
        return {
            found[1]: float("".join(output["data"]["text/plain"]))
            for found, cell in checks
            for output in cell.get("outputs", ())
            if found and output["output_type"] == "execute_result"
        }

    def download(self, folder):
        """Save the notebook and download it, as the menu does."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        with self.page.expect_download() as download:
            self.page.click("#jp-MainMenu li:has-text('File')")
            self.page.click(".lm-Menu-item[data-command='docmanager:download']:not(.lm-mod-disabled)")
        download.value.save_as(folder / download.value.suggested_filename)

    def run(self, first, text):
        """Type a text into the cell that begins with `first`, run it, and return its outputs as plain text."""
        number = next(number for number, cell in enumerate(self.cells()) if source(cell).startswith(first))
        cell = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(number)
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        assert self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-cell')") is not False
        outputs = self.cells()[number]["outputs"]
        return "\n".join(
            "".join(output["data"]["text/plain"]) for output in outputs if output["output_type"] == "display_data"
        )


def card_here(answer, tmp_path):
    """What check("save") shows of an answer on this machine, as text."""
    program = "import grader\ngrader.check('save')"
    (tmp_path / "save").mkdir()
    (tmp_path / "save" / "checkpoint.py").write_text(answer)
    shutil.copyfile(ROOT / "payload" / "sweep" / "sweep.py", tmp_path / "save" / "sweep.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout


@needs_browser
def test_the_whole_course_in_a_browser_that_reaches_nothing_else(context, server, tmp_path, executor):
    lab = Lab(context, server)
    handed_in = tmp_path / "handed-in" / "anna"
    handed_in.mkdir(parents=True)
    earned = {}
    for name in DONE_HERE:
        lab.open(name)
        lab.run_all()
        assert lab.errors() == [], name
        earned |= lab.points()
        lab.download(handed_in)
        lab.say(f"{name} done")
    due = {
        one.name: one.maximum for chapter in COURSE for one in chapter.exercises if f"{chapter.name}.ipynb" in DONE_HERE
    }
    assert earned == {name: points for name, points in due.items() if name not in SHELL}

    table = tmp_path / "grades.csv"
    command = [sys.executable, "-m", "grader", "grade", str(handed_in.parent), "--out", str(table)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [row] = csv.DictReader(table.open())
    assert {name: float(row[name] or 0) for name in due} == due, "what takes a shell is graded from the file, here"

    wrong_and_endless(lab, tmp_path)
    the_same_verdicts(lab, executor)
    by_keyboard(lab)
    on_a_narrow_screen(lab)
    assert [url for url in lab.requested if not url.startswith((lab.origin, "data:", "blob:"))] == []
    assert [path for path in server.asked if not path.startswith((BELOW, "/favicon.ico"))] == []
    assert any("pyodide.asm.wasm" in url for url in lab.requested), "what the kernel's own thread requests is seen, too"


def wrong_and_endless(lab, tmp_path):
    """A wrong answer gets the card that it gets elsewhere; one that never ends is told so, and the next check works."""
    lab.open("03-save.ipynb")
    magic, check = "%%writefile save/checkpoint.py\n", 'check("save")'
    right = next(source(cell) for cell in lab.cells() if source(cell).startswith(magic))
    wrong = next(iter(ANSWERS["save"][1]["exit-zero-after-save"].values()))["checkpoint.py"]
    lab.run(magic, magic + wrong)
    assert lab.run(check, check).split() == card_here(wrong, tmp_path).split()
    define = "def save_checkpoint(iteration):\n"
    assert define in right
    lab.run(magic, right.replace(define, define + "    while True: pass\n"))
    begun = time.monotonic()
    card = " ".join(lab.run(check, check).split())
    seconds = time.monotonic() - begun
    print(f"an endless loop is told after {seconds:.1f} s")
    assert "Is there a loop that does not end?" in card and seconds < 60, card
    lab.run(magic, right)
    assert "passed, 10 of 10 points" in lab.run(check, check)
    said = lab.ask("simulate('save', evict@2)")
    assert 'A schedule is written in quotes: "evict@2".' in said


def verdict(report):
    """What both executors have to agree on, for JSON."""
    from grader.rules.schedule import render

    failure = report.failure
    misconception = failure.misconception.id if failure and failure.misconception else None
    return [report.exercise, report.points, misconception, render(failure.schedule or ()) if failure else ""]


def drawn():
    """An answer to each Python exercise, right or wrong: (exercise, files)."""
    draw = random.Random("in a browser")
    for name, (right, wrong) in ANSWERS.items():
        if not takes_shell(EXERCISES[name]) and name != "for_real":
            answers = [*right.values(), *(answer for styles in wrong.values() for answer in styles.values())]
            yield name, draw.choice(answers)


def the_same_verdicts(lab, executor):
    """Answers get the same points, misconception and shortest schedule as from processes."""
    begun, answers = time.monotonic(), list(drawn())
    assert len(answers) >= 12
    program = f"""
import json
from grader.course.budgeted import LIMITS
from grader.course.catalogue import EXERCISES
from grader.execute.here import LocalExecutor
from grader.tree import Tree
{inspect.getsource(verdict)}
with LocalExecutor(LIMITS) as executor:
    judged = [verdict(EXERCISES[name].judge(Tree.files(files), executor)) for name, files in {answers!r}]
print(type(executor).__name__, json.dumps(judged))
"""
    kind, _, there = lab.ask(program).partition(" ")
    assert kind == "InterpreterExecutor", there
    lab.say(f"{len(answers)} verdicts within {time.monotonic() - begun:.1f} s")
    assert json.loads(there) == [verdict(EXERCISES[name].judge(Tree.files(files), executor)) for name, files in answers]


def by_keyboard(lab):
    """Cells are run, hints opened and steps taken without a mouse."""
    keys = lab.page.keyboard
    lab.open("03-save.ipynb")
    lab.page.evaluate(
        "() => { const {content} = jupyterapp.shell.currentWidget; content.activeCellIndex = 0; content.activate(); }"
    )
    keys.press("Escape")
    numbers = [cell.get("execution_count") for cell in lab.cells()]
    for _ in range(3):
        keys.press("Shift+Enter")
    code = next(number for number, cell in enumerate(lab.cells()) if cell["cell_type"] == "code")
    lab.page.wait_for_function(
        f"before => jupyterapp.shell.currentWidget.content.widgets[{code}].model.executionCount > before",
        arg=numbers[code],
    )
    lab.open("05-step-by-step.ipynb")
    steps = lab.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .steps").first
    steps.scroll_into_view_if_needed()
    steps.locator("input[type=radio]").first.focus()
    keys.press("ArrowRight")
    assert steps.locator("input[type=radio]").nth(1).is_checked()


def on_a_narrow_screen(lab):
    """The list of files closes, and stories and steps show one directory at a time."""
    lab.page.set_viewport_size({"width": 400, "height": 800})
    lab.open("05-step-by-step.ipynb")
    lab.page.wait_for_function("document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)').clientWidth > 300")
    unfolded = lab.page.evaluate(
        """() => [...document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .dirs:has(input)')].filter(
            each => each.checkVisibility()).map(each => [...each.querySelectorAll('.dir')].filter(
                dir => dir.offsetHeight > dir.querySelector('.name').offsetHeight + 12).length)"""
    )
    assert unfolded and set(unfolded) == {1}


@pytest.mark.browser
@pytest.mark.skipif(FIREFOX is None, reason="no firefox-esr or firefox on PATH")
def test_a_check_runs_in_firefox(server, tmp_path):
    pytest.importorskip("websocket")
    with Firefox(tmp_path / "profile") as browser:
        browser.go(f"http://127.0.0.1:{server.server_port}{BELOW}")
        browser.evaluate("document.querySelector('a.button').click()")
        browser.wait("document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]') !== null")
        # Without a window there is no focus, by which JupyterLab knows the current notebook.
        browser.evaluate("document.querySelector('.jp-NotebookPanel').dispatchEvent(new FocusEvent('focus'))")
        browser.wait(IDLE)
        assert browser.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')") is True
        cells = browser.evaluate("(%s)()" % NOTEBOOK)["cells"]
    outputs = [output for cell in cells if source(cell).startswith("check(") for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert any("passed" in "".join(output["data"]["text/plain"]) for output in outputs)


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
    with pytest.raises(runtime.BuildError, match="is not a site of this course"):
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
