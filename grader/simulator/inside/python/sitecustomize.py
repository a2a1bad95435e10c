"""Gives virtual time to a Python that a job's shell script, or the job itself, starts.

Found through PYTHONPATH, and takes itself off the module path again.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != _here]
sys.dont_write_bytecode = True


def _start():
    path = os.environ.get("_SIMULATOR_CLOCK")
    if not path or not os.path.exists(path):
        return
    sys.path.insert(0, os.path.dirname(_here))
    try:
        import clock
    finally:
        del sys.path[0]
    sys.modules["_simulator_clock"] = sys.modules.pop("clock")
    clock.attach(path)
    clock.install()
    clock.install_host(os.environ.get("_SIMULATOR_HOST", "localhost"))


_start()
