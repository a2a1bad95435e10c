#!/usr/bin/env python3
"""Starts the course on a fresh machine with nothing but Python 3.11 or newer.

usage: python3 lab.py [COMMAND] [ARGUMENTS]

  lab      open JupyterLab at the first exercise (the default); arguments go to JupyterLab
  test     run the project's tests; arguments go to pytest
  run      run the environment's Python; arguments go to it
  pool     a small HTCondor on this machine: pool up, pool status, pool down (Linux, as root)
  site     build the course as a folder of static pages that need only a browser: site [DIR], by default .lab/site
  gradescope  write an autograder to upload to Gradescope: gradescope [FILE.zip], by default autograder.zip
  doctor   report what this machine lacks for the course, and what to do about it
  setup    only set up; with --pip, use pip even where uv is installed
  clean    remove everything that was installed

examples:
  python3 lab.py
  python3 lab.py --no-browser --port 9999
  python3 lab.py test -k livelock
  python3 lab.py run -m grader --help
  python3 lab.py site public

The first start creates an environment in the folder .lab, beside this file, and installs the course there; later
starts use it again. This file knows nothing of the course itself. It uses only the standard library, and only
syntax that Python 3.6 can parse, so that an old Python shows a message instead of a SyntaxError.
"""

import difflib
import functools
import hashlib
import importlib.util
import json
import os
import platform
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
EXERCISES = ROOT / "exercises" / "self-checkpointing"
LAB = ROOT / ".lab"
LOG = LAB / "setup.log"
WINDOWS = os.name == "nt"

# The first confuses students, who take it for a way to write exercises; the second asks about news at the first start.
HIDDEN_EXTENSIONS = ("@jupyter/nbgrader:create-assignment", "@jupyterlab/apputils-extension:announcements")
IN_PARALLEL = ["-n", "auto", "--maxprocesses", "4"]  # tests often wait for something other than a processor
say = functools.partial(print, flush=True)  # `become` would lose unflushed output


class LabError(SystemExit):
    """An error that the user can fix. Python prints the message, which says how, and exits with 1."""


class Environment:
    """A virtual environment in .lab."""

    def __init__(self, folder, stamp):
        self.folder = LAB / folder
        self.stamp = LAB / stamp  # records what is installed; absent during changes
        self.bin = self.folder / ("Scripts" if WINDOWS else "bin")
        self.python = self.bin / ("python.exe" if WINDOWS else "python")

    def variables(self):
        """The environment variables for its programs, without settings for other Pythons."""
        others = ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
        variables = {name: value for name, value in os.environ.items() if name not in others}
        variables["PATH"] = os.pathsep.join([str(self.bin), variables.get("PATH", os.defpath)])
        variables["VIRTUAL_ENV"] = str(self.folder)
        variables["JUPYTER_PREFER_ENV_PATH"] = "1"  # otherwise a kernel in the home folder hides the course's
        return variables


COURSE = Environment("env", "stamp")
SITE = Environment("site-env", "site-stamp")  # separate, as the packages in COURSE would end up on the site


def newer_pythons():
    """Commands that start a new enough Python, newest first. Each is tried, as a name on PATH may be a pyenv shim."""
    commands = [["python3.%d" % minor] for minor in range(19, OLDEST[1] - 1, -1)] + [["py", "-3"]]
    check = ["-c", "import sys; sys.exit(sys.version_info < %r)" % (OLDEST,)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return [" ".join(c) for c in commands if shutil.which(c[0]) and subprocess.call(c + check, **quiet) == 0]


def too_old(version, newer, uv, arguments):
    """The message for a Python that is too old. `newer`: other Pythons on this machine; `uv`: whether uv is installed."""
    again = " ".join(["lab.py"] + list(arguments))
    message = "This course needs Python %d.%d or newer; this is Python %s.\n" % (OLDEST + (version,))
    if newer:
        return message + "This machine also has %s. Run:\n    %s %s" % (", ".join(newer), newer[0], again)
    if uv:
        return message + "uv can install a newer Python. Run:\n    uv run --no-project --python 3.12 " + again
    return (
        message + "There is no newer Python on PATH. Get it from https://www.python.org/downloads/ and run this again."
    )


if sys.version_info < OLDEST:
    sys.exit(too_old(platform.python_version(), newer_pythons(), shutil.which("uv"), sys.argv[1:]))


def make_stamp(python, system, folder, project, extra):
    """What an environment depends on, as strings: Python, platform, its folder (a virtual environment can't be
    moved), the text of pyproject.toml, and what is installed: "course", "test" (the course and more), or "site"."""
    return [python, system, folder, hashlib.sha256(project.encode()).hexdigest(), extra]


def compare(present, required):
    """What to do with an environment whose stamp is `present` ([]: none) to reach `required`: "nothing", "update" or
    "rebuild"."""
    if present[:3] != required[:3]:
        return "rebuild"
    return "nothing" if present in (required, required[:4] + ["test"]) else "update"


def choose_installer(uv, ensurepip, pip):
    """The best available way to install: uv is the fastest, a download the last resort."""
    return "uv" if uv else "ensurepip" if ensurepip else "pip" if pip else "download"


def installer(way, env):
    """Prepares this way to install. Returns its command, without the requirements."""
    python = str(env.python)
    quiet = ["install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    if way == "uv":
        return [shutil.which("uv"), "pip", "install", "--compile-bytecode", "--python", python]
    if way == "pip":
        return [sys.executable, "-m", "pip", "--python", python] + quiet
    if way == "download":
        return [python, str(download_pip() / "pip")] + quiet  # Python can run a wheel without installing it
    follow([python, "-Im", "ensurepip"], "pip", env)
    follow([python, "-m", "pip"] + quiet + ["--upgrade", "pip"], "pip", env)  # takes 3 s, saves 15 s
    return [python, "-m", "pip"] + quiet


def newest_pip(files, python):
    """The newest wheel for Python `python`, a pair like (3, 11), among the files that an index lists for pip (PEP 691)."""
    wheels = []
    for file in files:
        version = re.match(r"pip-([\d.]+)-py3-none-any\.whl$", file["filename"])
        least = re.search(r">=\s*3\.(\d+)", file.get("requires-python") or "")
        if version and not file.get("yanked") and (not least or (3, int(least.group(1))) <= python):
            wheels.append(([int(part) for part in version.group(1).split(".")], file))
    return max(wheels, key=lambda wheel: wheel[0])[1]


def download_pip():
    """Downloads pip's wheel to .lab and checks its hash. Returns its path."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    try:
        request = urllib.request.Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            file = newest_pip(json.load(reply)["files"], sys.version_info[:2])
        with urllib.request.urlopen(urllib.parse.urljoin(index, file["url"]), timeout=30) as reply:
            wheel = reply.read()
        if hashlib.sha256(wheel).hexdigest() != file["hashes"]["sha256"]:
            raise ValueError("its hash is not the one in the index")
    except (OSError, ValueError, KeyError) as error:
        remedy = "Check the network, or install it: on Debian and Ubuntu, sudo apt install python3-venv"
        raise LabError("This Python has no pip, and downloading it failed (%s).\n%s" % (error, remedy)) from None
    (LAB / file["filename"]).write_bytes(wheel)
    return LAB / file["filename"]


def progress(log):
    """A short message on an installer's progress, from its output so far."""
    packages = len(re.findall(r"^(?:Collecting|Processing) ", log, re.MULTILINE))
    last = (log.strip() or "starting").splitlines()[-1].strip()
    return "%d packages. %s" % (packages, last) if packages else last


def explain(log):
    """A sentence on why an installer failed, from its output."""
    network = (
        "Connect|Max retries|NameResolution|ProxyError|SSLError|Failed to fetch|error sending|timed out"
        "|unreachable|versions: none"
    )
    if re.search(network, log):
        return "The package index cannot be reached. Check the network (and the proxy), then run this again."
    reasons = [line.strip() for line in log.splitlines() if re.search("error|×", line, re.IGNORECASE)]
    return reasons[0] if reasons else "The installer stopped without a reason."


def follow(command, what, env):
    """Runs an installer with its output in the log, and shows its progress. Raises LabError if it fails."""
    period, width, end = (0.2, 78, "\r") if sys.stdout.isatty() else (15, 0, "\n")
    start = time.monotonic()
    with open(LOG, "wb") as log:
        process = subprocess.Popen(
            command,
            cwd=str(ROOT),
            env=env.variables(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        while process.poll() is None:
            try:
                process.wait(period)
            except subprocess.TimeoutExpired:
                words = "  %3d s  %s" % (time.monotonic() - start, progress(LOG.read_text("utf-8", "replace")))
                print(words[:78].ljust(width), end=end, flush=True)
    finally:
        process.kill()
        process.wait()
        print(" " * width, end=end if width else "")
    if process.returncode:
        reason = explain(LOG.read_text("utf-8", "replace"))
        raise LabError("Could not install %s. %s\nThe full output is in %s" % (what, reason, LOG))


def only_one():
    """Waits until no other lab.py is changing .lab. Returns the lock, which the caller closes. (SQLite's
    lock works everywhere.)"""
    import sqlite3

    LAB.mkdir(exist_ok=True)
    lock = sqlite3.connect(str(LAB / "lock"), timeout=0, isolation_level=None)
    while True:
        try:
            lock.execute("BEGIN EXCLUSIVE")
            return lock
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                return lock  # a network file system without locks: continue unlocked
            say("Another lab.py is setting up this folder; waiting for it.")
            time.sleep(5)


def make_environment(env):
    """Creates an empty virtual environment, in place of any existing one."""
    try:
        from venv import EnvBuilder

        EnvBuilder(clear=True, symlinks=not WINDOWS, with_pip=False).create(str(env.folder))
    except ImportError:
        raise LabError("Python's venv is missing. On Debian and Ubuntu: sudo apt install python3-venv") from None
    except ValueError as error:  # the folder's name has a character that PATH can't contain
        raise LabError("%s Move the course to another folder." % error) from None


def hide_extensions():
    """Disables HIDDEN_EXTENSIONS in the course's JupyterLab, and leaves all other settings alone."""
    path = COURSE.folder / "etc" / "jupyter" / "labconfig" / "page_config.json"
    config = json.loads(path.read_text()) if path.exists() else {}
    config.setdefault("disabledExtensions", {}).update(dict.fromkeys(HIDDEN_EXTENSIONS, True))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config, indent=2))


def needs(env, required):
    """What the environment on disk needs; see `compare`."""
    exists = env.stamp.exists() and env.python.exists()
    return compare(env.stamp.read_text("utf-8", "replace").splitlines() if exists else [], required)


def requirements(extra):
    """The requirements to install. They include pip for `%pip install`, whichever installer is used here."""
    if extra == "site":  # without the course itself, as its wheel is built there
        import tomllib

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return project["optional-dependencies"]["site"] + ["pip"]
    return ["--editable", ".[test]" if extra == "test" else ".", "pip"]


def set_up(extra="course", use_uv=True, env=COURSE):
    """Makes sure that the environment is ready, and installs what is missing."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    system = sys.platform + platform.machine()
    required = make_stamp(sys.implementation.cache_tag, system, str(env.folder), project, extra)
    if needs(env, required) != "nothing":
        lock = only_one()
        install(env, required, needs(env, required), use_uv)  # checked again: another lab.py may have done it meanwhile
        lock.close()


def install(env, required, change, use_uv):
    """Brings an environment to `required`. The stamp is removed first and written last, so that an interrupted
    installation is repeated."""
    if change == "nothing":
        return
    start = time.monotonic()
    find = importlib.util.find_spec
    way = choose_installer(use_uv and shutil.which("uv"), find("ensurepip"), find("pip"))
    say("Setting up in .lab, with %s. The first time takes seconds to minutes." % ("uv" if way == "uv" else "pip"))
    env.stamp.unlink(missing_ok=True)
    if change == "rebuild":
        make_environment(env)
    what = "what builds the site" if env is SITE else "the course"
    follow(installer(way, env) + requirements(required[-1]), what, env)
    if env is COURSE:
        hide_extensions()
    env.stamp.write_text("\n".join(required), "utf-8")
    say("Ready after %.0f s." % (time.monotonic() - start))


def become(arguments, folder, env=COURSE):
    """Runs the environment's Python; on POSIX in this process, so that it gets the signals and sets the exit status."""
    os.chdir(str(folder))
    if not WINDOWS:
        os.execve(str(env.python), [str(env.python)] + arguments, env.variables())
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is for the other program
    return subprocess.call([str(env.python)] + arguments, env=env.variables())


# Run by the environment's Python beside JupyterLab: prints the address when the server is up, after JupyterLab's output.
ANNOUNCE = """
import os, sys, time
from jupyter_server.serverapp import list_running_servers

root, page, before = sys.argv[1], sys.argv[2], sys.argv[3].split()
until = time.monotonic() + 60
while time.monotonic() < until:
    for server in list_running_servers():
        if os.path.realpath(server["root_dir"]) == os.path.realpath(root) and str(server["pid"]) not in before:
            time.sleep(0.5)
            token = "?token=" + server["token"] if server["token"] else ""
            print("\\nOpen this address in a browser. Ctrl-C here stops JupyterLab.\\n\\n    %s%s%s\\n"
                  % (server["url"].rstrip("/"), page, token), flush=True)
            sys.exit()
    time.sleep(0.2)
"""


def announce(page):
    """Prints the address of the JupyterLab that is about to start, in the background. Returns options that silence
    JupyterLab's log, where the address would be lost among thirty lines."""
    known = "from jupyter_server.serverapp import list_running_servers as l; print(*(s['pid'] for s in l()))"
    before = subprocess.check_output([str(COURSE.python), "-c", known], env=COURSE.variables()).decode()
    os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    subprocess.Popen([str(COURSE.python), "-c", ANNOUNCE, str(ROOT), page, before], env=COURSE.variables())
    return ["--log-level=ERROR"]


def lab(arguments):
    set_up()
    notebook = min(EXERCISES.glob("*.ipynb"), default=None)
    page = "/lab/tree/" + notebook.relative_to(ROOT).as_posix() if notebook else "/lab"
    options = ["--ServerApp.root_dir=%s" % ROOT, "--LabApp.default_url=" + urllib.parse.quote(page)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # otherwise Jupyter refuses to run as root, the usual user in a container
    os.environ["COURSE_LAB"] = str(ROOT / "lab.py")  # so that the course's messages show commands that work here
    if "--no-browser" in arguments:
        say("Starting JupyterLab.")
        options += announce(urllib.parse.quote(page))
    else:
        say("Opening %s. Ctrl-C here stops JupyterLab." % (notebook.name if notebook else "JupyterLab"))
    return become(["-m", "jupyterlab"] + options + arguments, ROOT)


def test(arguments):
    set_up("test")
    return become(["-m", "pytest"] + IN_PARALLEL + arguments, ROOT)


def run(arguments):
    set_up()
    if arguments[:2] == ["-m", "grader"]:
        os.environ["COURSE_LAB"] = str(ROOT / "lab.py")
    return become(arguments, os.getcwd())


def doctor(arguments):
    set_up()
    return become(["-m", "grader", "doctor"] + arguments, os.getcwd())


def gradescope(arguments):
    set_up()
    return become(["-m", "grader.grading.gradescope", "pack"] + arguments, os.getcwd())


def setup(arguments):
    set_up(use_uv="--pip" not in arguments)
    say("The environment is ready. Start the course with: python3 lab.py")


def site(arguments):
    set_up("site", env=SITE)
    return become([str(ROOT / "site" / "build.py")] + arguments, os.getcwd(), SITE)


def pool(arguments):
    """The personal pool. It needs only the standard library, so no environment is set up."""
    return subprocess.call([sys.executable, str(ROOT / "grader" / "real_pool" / "personal_pool.py")] + arguments)


def clean(arguments):
    for folder in LAB.glob("pool*"):
        os.environ["POOL_SUITE"] = folder.name.partition("-")[2]
        if pool(["down"]):
            return 1
    lock = only_one()
    for env in (COURSE, SITE):
        env.stamp.unlink(missing_ok=True)
        if env.folder.exists():
            shutil.rmtree(str(env.folder))
    lock.close()  # Windows can't remove an open file
    shutil.rmtree(str(LAB))
    say("Removed %s" % LAB)
    return None


COMMANDS = {
    "lab": lab,
    "test": test,
    "run": run,
    "pool": pool,
    "site": site,
    "gradescope": gradescope,
    "doctor": doctor,
    "setup": setup,
    "clean": clean,
}
OPTIONS = {
    "setup": ["--pip"],
    "doctor": ["--json"],
    "pool": ["up", "status", "down"],
    "clean": [],
}  # the arguments of other commands are passed on


GRADER = ("simulate", "verify", "submit", "grade", "board", "exercise")
"""The grader's commands that lab.py does not have itself."""


def parse(arguments):
    """The command and its arguments, from the command line. Raises ValueError if they make no sense."""
    name, rest = "lab", list(arguments)
    if rest and not rest[0].startswith("-"):
        name = rest.pop(0)
    if name == "help" or (name not in ("test", "run") and {"-h", "--help"} & set(rest)):
        return "help", []
    if name in GRADER + ("grader", "nbgrader"):
        again = " ".join(map(shlex.quote, ["grader"] * (name in GRADER) + [name] + rest))
        raise ValueError("%s belongs to the course's Python: `python3 lab.py run -m %s`." % (name, again))
    if name not in COMMANDS:
        near = "".join(" Did you mean %r?" % name for name in difflib.get_close_matches(name, COMMANDS, 1))
        raise ValueError("there is no command %r.%s" % (name, near))
    if name == "run" and rest[:1] in (["grader"], ["grader/"]):
        again = " ".join(map(shlex.quote, ["grader"] + rest[1:]))
        raise ValueError("grader is a module, and takes a -m: `python3 lab.py run -m %s`." % again)
    for option in rest:
        if option not in OPTIONS.get(name, rest):
            raise ValueError("%s does not take %r." % (name, option))
    return name, rest


def main(arguments):
    sys.stdout.reconfigure(errors="replace")  # a terminal may not be able to show all of an installer's output
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        name, rest = parse(arguments)
    except ValueError as error:
        print("lab.py: %s All commands: python3 lab.py --help" % error, file=sys.stderr)
        return 2
    try:
        return COMMANDS[name](rest) if name != "help" else say(__doc__.split("\n\n", 1)[1].rpartition("\n\n")[0])
    except KeyboardInterrupt:
        print("\nStopped. Run it again to continue; unfinished work is repeated.", file=sys.stderr)
        return 130
    except OSError as error:
        raise LabError("Could not continue: %s" % error) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
