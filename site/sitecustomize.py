"""Has Python in the browser look for modules in the working directory last, as if '' were at the end of sys.path.

Pyodide puts it first. The working directory is a folder of JupyterLite's, and each look into it is a request to the
page: a hundred before the first cell.
"""

import sys
from importlib.machinery import PathFinder


class InstalledFirst:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, list(filter(None, sys.path)) if path is None else path, target)


sys.meta_path.insert(sys.meta_path.index(PathFinder), InstalledFirst)
