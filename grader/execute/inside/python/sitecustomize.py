"""Installs virtual time in a Python that a job, or its shell script, starts.

Python finds this file through PYTHONPATH; it removes its directory from the module path again.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != _here]
sys.dont_write_bytecode = True


def _start() -> None:
    path = os.environ.get("_SIMULATOR_CLOCK")
    if not path or not os.path.exists(path):
        return
    goes_on = "_SIMULATOR_UNBROKEN" in os.environ
    sys.path.insert(0, os.path.dirname(_here))
    try:
        import clock
        import python_time

        if goes_on:
            import foreign
            import unbroken
    finally:
        del sys.path[0]
    clock.attach(path)
    python_time.install()
    python_time.install_host(os.environ.get("_SIMULATOR_HOST", "localhost"))
    if goes_on:
        unbroken.start_if_requested(foreign.take_over)
        for own in ("unbroken", "memory", "script", "fast_exit", "foreign"):
            sys.modules.pop(own, None)
    for own in ("clock", "quiescence", "python_time"):  # the job may have modules of these names
        sys.modules["_simulator_" + own] = sys.modules.pop(own)


_start()
