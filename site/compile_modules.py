"""Puts bytecode beside the modules that a notebook needs, in copies of their archives: from /in to /out.

A browser keeps no bytecode: it would compile all modules at each start, which takes longer than everything else
together. Runs in Pyodide; see compile.mjs.
"""

import importlib
import importlib.util
import py_compile
import shutil
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

FIRST = ("piplite.piplite", "pyodide_kernel", "ipywidgets", "jedi", "jinja2", "grader.notebook")
"""What is imported before the first cell has run. (Bytecode for all modules would make the site a quarter larger.)"""
LIBRARY = "python_stdlib.zip"


def main():
    warnings.simplefilter("ignore")
    for name in FIRST:
        importlib.import_module(name)
    needed = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
    for archive in Path("/in").iterdir():
        if archive.suffix in (".whl", ".zip"):
            add_bytecode(Path(shutil.copy(archive, "/out")), needed)


def add_bytecode(archive, needed):
    library = archive.name == LIBRARY
    root = "/lib/python314.zip/" if library else "/lib/python3.14/site-packages/"
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as members:
        for name in members.namelist():
            if root + name in needed or (
                name.startswith("grader/") and name.endswith(".py") and "/payload/" not in name
            ):
                # Beside a module that is imported from its archive; in __pycache__ if the archive is unpacked.
                beside = name + "c" if library else importlib.util.cache_from_source(name)
                members.writestr(
                    zipfile.ZipInfo(beside), bytecode(members.read(name), root + name), zipfile.ZIP_DEFLATED
                )


def bytecode(source, path):
    """The bytecode of a module. Python never compares it with the source, whose date is different in each browser."""
    with tempfile.TemporaryDirectory() as scratch:
        module, cached = Path(scratch, "module.py"), Path(scratch, "module.pyc")
        module.write_bytes(source)
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(module), str(cached), dfile=path, doraise=True, invalidation_mode=unchecked)
        return cached.read_bytes()


main()
