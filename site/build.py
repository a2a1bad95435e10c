"""Builds the course as a folder of static pages: a start page, the docs, and JupyterLite with the notebooks.

`python3 lab.py site` starts this in an environment with the packages of the extra "site" in pyproject.toml. The folder
needs no server of its own, fetches nothing from elsewhere, and works below any path.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pages
import runtime
from runtime import BuildError

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = ROOT / ".lab" / "site-cache"
NOTEBOOKS = ROOT / "exercises" / "self-checkpointing"
SIGN = "jupyter-lite.json"
"""The file that marks a folder as such a site."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 lab.py site", description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / ".lab" / "site", metavar="DIR",
                        help="where to put the site, by default .lab/site; replaces an earlier site")  # fmt: skip
    target = parser.parse_args().directory.absolute()
    check_target(target)
    CACHE.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    # Beside the target, so that a finished site is moved and not copied. An unfinished site goes with the directory.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".site-") as scratch:
        site = build(Path(scratch))
        if target.exists():
            target.rename(Path(scratch, "old"))
        site.rename(target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {size / 1e6:.0f} MB, in {time.monotonic() - start:.0f} s. Any static server will do:")
    print(f"    python3 -m http.server --directory {target}")


def check_target(target: Path) -> None:
    """Raise BuildError for a folder that contains anything but an earlier site."""
    if target.exists() and not (target.is_dir() and ((target / SIGN).exists() or not any(target.iterdir()))):
        raise BuildError(f"{target} exists, and is not a site of this course. Name an empty folder or a new one.")


def build(scratch: Path) -> Path:
    """The finished site, in the folder `site` of scratch."""
    lite, site = scratch / "lite", scratch / "site"
    with step(f"Pyodide {runtime.PYODIDE}"):
        archive = runtime.pyodide(CACHE)
    with step("the packages for it"):
        wheels = [*runtime.wheels(CACHE), *runtime.kernel_wheels(), own_wheel(scratch / "own")]
        runtime.lay_out(lite / "static" / "pyodide", archive, wheels)
    with step("bytecode"):
        runtime.add_bytecode(lite / "static" / "pyodide", CACHE)
    with step("JupyterLite"):
        write_settings(lite)
        copy_notebooks(scratch / "notebooks")
        build_lite(lite, scratch / "notebooks", site)
    with step("pages"):
        pages.write(ROOT, site, sorted((scratch / "notebooks").iterdir()))
    return site


@contextmanager
def step(what: str) -> Iterator[None]:
    """Says what is being done, and how long it took."""
    start = time.monotonic()
    print(f"  {what} ...", end="", flush=True)
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f" {time.monotonic() - start:.1f} s", flush=True)


def own_wheel(folder: Path) -> Path:
    """The course's own package, built from this folder."""
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)], ROOT)
    return next(folder.glob("*.whl"))


def copy_notebooks(folder: Path) -> None:
    """Copy the notebooks without outputs, and nothing else from their folder, which may contain somebody's own work."""
    folder.mkdir()
    for path in NOTEBOOKS.glob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
        (folder / path.name).write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_settings(lite: Path) -> None:
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": runtime.PRELOADED}}
    config = {
        "appName": "Self-checkpointing",
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
    }
    settings = {"jupyter-lite-schema-version": 0, "jupyter-config-data": config}
    (lite / SIGN).write_text(json.dumps(settings, indent=2))
    building = {"LiteBuildConfig": {"federated_extensions": [str(HERE / "narrow-screen")]}}
    (lite / "jupyter_lite_config.json").write_text(json.dumps(building, indent=2))


def build_lite(lite: Path, notebooks: Path, site: Path) -> None:
    where = ["--lite-dir", str(lite), "--contents", str(notebooks), "--output-dir", str(site)]
    run([sys.executable, "-m", "jupyterlite_core", "build", *where, "--apps", "lab", "--no-sourcemaps"], lite)
    for unused in site.glob("build/fa-*"):
        if unused.suffix in (".eot", ".svg", ".ttf"):  # 2.5 MB: every browser that runs Pyodide takes the .woff2
            unused.unlink()


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        output = (done.stdout + done.stderr).strip()
        raise BuildError(
            f"{' '.join(command[1:4])} failed, which is a bug in the course. Its last output:\n{output[-2000:]}"
        )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped. Nothing half-made is left; run it again to go on.")
    except OSError as error:
        raise BuildError(f"Could not go on: {error}") from None
