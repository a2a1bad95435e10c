"""Keeps the time for `sleep`s that are small shell scripts, as a Python takes longer to start than they live.

It is started before a script that mentions `sleep`, or by the first `sleep` of a job, which is a Python then. Every
other one writes its number and how long it sleeps into a pipe, and waits for a line from another pipe, which comes when
it is time. Whoever sleeps so, and the keeper when nobody does, is blocked like any process that waits for something:
see company.py.
"""

import os
import select

import clock
import company

SOON = 1
"""Milliseconds after which the keeper looks again whether all others wait."""


def begin(pipe):
    """Start a keeper that is told who sleeps by this named pipe, unless there is one."""
    if not company.SEEN or os.path.exists(pipe):
        return
    try:
        os.mkfifo(pipe)
    except OSError:
        return
    file = os.open(pipe, os.O_RDWR)  # it is open for reading from now on, and never at its end
    child = os.fork()
    if child:
        os.close(file)
        os.waitpid(child, 0)
    elif os.fork():
        os._exit(0)  # so that it is nobody's child who would wait for it
    else:
        _stand_apart(file)
        _keep(pipe, file)


def _stand_apart(file):
    """Leave the process group, and close what others would wait for to be closed."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in (file, clock.descriptor()):
            try:
                os.close(number)
            except OSError:
                pass  # that of the list itself


def _keep(pipe, file):
    told = clock.real_poll()
    told.register(file, select.POLLIN)
    asleep, woken = [], {}
    while True:
        asleep = sorted(one for one in asleep if _lives(one[1]))
        woken = {process: line for process, line in woken.items() if _lives(process) or os.close(line)}
        if not asleep:
            told.poll()
        elif not clock.wait_until(asleep[0][0], lambda real: told.poll(min(real * 1000, SOON))):
            _, process = asleep.pop(0)
            # Open for reading, too, as one that was stopped may not have opened it yet; and as long as that one lives.
            woken[process] = os.open(f"{pipe}.{process}", os.O_RDWR)
            os.write(woken[process], b"\n")
            continue
        asleep += map(_sleeper, os.read(file, 4096).splitlines())


def _lives(process):
    return company.state(process, process) != company.ENDED


def _sleeper(line):
    """(until, process) of what one has told. It is a few bytes, which a pipe keeps together."""
    process, seconds = line.split()
    return clock.moment() + float(seconds), int(process)
