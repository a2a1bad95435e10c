"""Python for the browser: Pyodide, the packages that the notebooks import there, and the lock file that lists them.

npm and pip make the downloads, as they are configured on this machine. Each download is compared with its hash, below
or in browser.txt, and kept, so that a second build needs no network.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYODIDE = "314.0.6"
PYTHON = "3.14"
PLATFORM = "manylinux2014_x86_64"
"""The platform of a wheel of which only the part in Python is used. The other wheels are for any platform."""
INTEGRITY = "sha512-BKDTJyIqFxC4BExLqeRS3f5xvXZIjOt8C3zGLN/Cc7tFxSwvKVhVkchQQ2AGLOtR4YrVOIFxbV8poyDOOmWwxQ=="
FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"

# Packages that Pyodide's lock does not have, and what each needs. (No circles: Pyodide would wait for ever.)
ADDED = {
    "comm": ["traitlets"],
    "piplite": ["micropip"],
    "ipykernel": [],
    "pyodide-kernel": ["comm", "ipykernel", "ipython", "jedi"],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    "self-checkpointing-course": ["ipywidgets", "jinja2"],
}
UNUSED = (
    "jedi/third_party/django-stubs/",
    "jedi/third_party/typeshed/stdlib/2/",
    "jedi/third_party/typeshed/third_party/2/",
    "jedi/third_party/typeshed/third_party/2and3/",
    "markupsafe/_speedups.",
)
"""Files that are left out: what completion knows of packages that can't be imported here, a third of all files, each of
which takes time to unpack at every start; and MarkupSafe's part in C, as markupsafe/_native.py does the same."""
PRELOADED = ["micropip", *ADDED]
"""Packages to load all at once, before the kernel starts, which would fetch them one after the other."""


class BuildError(SystemExit):
    """A problem that the user can fix. Python prints the message, which says how, and exits with 1."""


def pyodide(cache: Path) -> Path:
    """Pyodide's npm package in the cache, downloaded if it is not there yet."""
    archive = cache / f"pyodide-{PYODIDE}.tgz"
    if archive.exists() and _integrity(archive) == INTEGRITY:
        return archive
    npm = shutil.which("npm")
    if npm is None:
        raise BuildError(
            "Building the site takes npm, which downloads Pyodide. On Debian and Ubuntu: sudo apt install npm. Or put "
            f"the file that `npm pack pyodide@{PYODIDE}` makes elsewhere into {cache}, and run this again."
        )
    _download([npm, "pack", f"pyodide@{PYODIDE}", "--pack-destination", str(cache)], "Pyodide", "npm's registry")
    if _integrity(archive) != INTEGRITY:
        archive.unlink()
        raise BuildError(f"npm's registry sent another file than Pyodide {PYODIDE}. Nothing of it is used.")
    return archive


def wheels(cache: Path) -> list[Path]:
    """The wheels that browser.txt names, in the cache, downloaded if one is not there yet."""
    needed = re.findall(r"^(\S+)==\S+ --hash=sha256:(\w+)$", (HERE / "browser.txt").read_text("utf-8"), re.MULTILINE)
    if missing := [name for name, digest in needed if digest not in _by_hash(cache)]:
        pip = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--quiet"]
        only = [
            "--no-deps",
            "--only-binary=:all:",
            "--python-version",
            PYTHON,
            "--platform",
            PLATFORM,
            "--require-hashes",
        ]
        where = ["--dest", str(cache), "--requirement", str(HERE / "browser.txt")]
        _download([*pip, *only, *where], ", ".join(missing), "The package index")
    there = _by_hash(cache)
    return [there[digest] for _, digest in needed]


def kernel_wheels() -> list[Path]:
    """The wheels that come with JupyterLite's kernel."""
    static = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static")
    return [wheel for wheel in static.glob("pypi/*.whl") if _name(wheel) in ADDED]


def lay_out(folder: Path, archive: Path, packages: list[Path]) -> None:
    """Put Pyodide and the packages into a folder, with a lock file that names them and no others."""
    folder.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        for name in FILES:
            (folder / name).write_bytes(tar.extractfile(f"package/{name}").read())
        lock = json.load(tar.extractfile(f"package/{LOCK}"))
    with zipfile.ZipFile(folder / "python_stdlib.zip", "a", zipfile.ZIP_DEFLATED) as library:
        library.write(HERE / "sitecustomize.py", "sitecustomize.py")
    known = {_normal(name): entry for name, entry in lock["packages"].items()}
    lock["packages"] = {}
    for wheel in packages:
        used = folder / _any_platform(wheel.name)
        _copy_used(wheel, used)
        lock["packages"][_name(wheel)] = _entry(used, known.get(_name(wheel)))
    for entry in lock["packages"].values():
        if absent := [name for name in entry["depends"] if _normal(name) not in lock["packages"]]:
            raise BuildError(f"{entry['name']} needs {', '.join(absent)}, which browser.txt does not name.")
    (folder / LOCK).write_text(json.dumps(lock))


def add_bytecode(folder: Path, cache: Path) -> None:
    """Put bytecode beside what the notebooks import, so that a browser need not compile it at each start."""
    lock = json.loads((folder / LOCK).read_text())
    script = HERE / "compile.mjs"
    inputs = [folder / LOCK, folder / "python_stdlib.zip", script, HERE / "compile_modules.py"]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in inputs))
    compiled = cache / f"bytecode-{key.hexdigest()[:16]}"
    if not compiled.exists():
        for older in cache.glob("bytecode-*"):
            shutil.rmtree(older, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            _compile([str(script), str(folder), str(made), *PRELOADED])
            made.rename(compiled)
    for archive in compiled.iterdir():
        shutil.copyfile(archive, folder / archive.name)
    for entry in lock["packages"].values():
        entry["sha256"] = hashlib.sha256((folder / entry["file_name"]).read_bytes()).hexdigest()
    (folder / LOCK).write_text(json.dumps(lock))


def _any_platform(wheel: str) -> str:
    """The name of a wheel when its compiled part is left out."""
    return wheel if wheel.endswith("-none-any.whl") else "-".join((*wheel.split("-")[:2], "py3-none-any.whl"))


def _copy_used(wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as used:
        for member in whole.infolist():
            if not member.filename.startswith(UNUSED):
                used.writestr(member, whole.read(member))


def _compile(arguments: list[str]) -> None:
    node = shutil.which("node")
    if node is None:
        raise BuildError(
            "Building the site takes node, which npm runs on. On Debian and Ubuntu: sudo apt install nodejs"
        )
    done = subprocess.run([node, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        # without Pyodide's own code, which is one long line
        lines = [line for line in done.stderr.splitlines() if len(line) < 300]
        raise BuildError(
            "Pyodide could not import the course in node (18 or newer). It says:\n" + "\n".join(lines[-12:])
        )


def _entry(wheel: Path, known: dict | None) -> dict:
    """The lock file's entry for a wheel. `known`: its entry for Pyodide's own build of the package."""
    name, version = wheel.name.split("-")[:2]
    if known is not None and known["version"] != version:
        raise BuildError(f"browser.txt names {name} {version}, but Pyodide {PYODIDE} goes with {known['version']}.")
    entry = known or {
        "name": _name(wheel),
        "version": version,
        "depends": ADDED[_name(wheel)],
        "imports": _modules(wheel),
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }
    return {**entry, "file_name": wheel.name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}


def _modules(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    return sorted(top.removesuffix(".py") for top in tops if not top.endswith((".dist-info", ".data")))


def _download(command: list[str], what: str, whence: str) -> None:
    """Run a program that downloads. Raises BuildError, with the remedy, if it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return
    output = done.stdout + done.stderr
    if re.search("ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|Connect|Max retries|timed out|versions: none", output):
        raise BuildError(f"{whence} cannot be reached. Check the network (and the proxy), then run this again.")
    errors = [line.strip() for line in output.splitlines() if re.search("error", line, re.IGNORECASE)]
    raise BuildError(f"Could not download {what}. {(errors or [output.strip()])[0]}")


def _integrity(path: Path) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def _by_hash(cache: Path) -> dict[str, Path]:
    return {hashlib.sha256(wheel.read_bytes()).hexdigest(): wheel for wheel in cache.glob("*.whl")}


def _name(wheel: Path) -> str:
    return _normal(wheel.name.partition("-")[0])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
