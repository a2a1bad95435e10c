"""`sleep`, `timeout` and `date` in virtual time, for jobs that are shell scripts.

Started by small scripts which come first on the job's PATH: tools.py NAME [ARGUMENT ...].
They take what the GNU commands take, as far as scripts use it.
"""

import os
import signal
import subprocess
import sys

import clock

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text):
    """Seconds of `90`, `1.5m`, `2h`, `infinity`. Raises ValueError."""
    unit = UNITS.get(text[-1:])
    return float(text[:-1]) * unit if unit else float(text)


def sleep(args):
    try:
        total = sum(duration(arg) for arg in args)
    except ValueError:
        return usage("sleep: invalid time interval " + repr(" ".join(args)), 1)
    if not args:
        return usage("sleep: missing operand", 1)
    clock.advance(total)
    return 0


def date(args):
    told = any(a[:2] in ("-d", "-f", "-r", "-s") or a[:2] == "--" and a not in ("--utc", "--universal")
               for a in args)
    moment = [] if told else ["-d", "@%.6f" % clock.now()]
    return subprocess.call([real("date")] + moment + args)


def timeout(args):
    number, grace, preserve = signal.SIGTERM, 0.0, False
    try:
        while args and args[0].startswith("-"):
            option, _, value = args.pop(0).partition("=")
            if option in ("-s", "--signal"):
                number = signal_number(value or args.pop(0))
            elif option in ("-k", "--kill-after"):
                grace = duration(value or args.pop(0))
            elif option == "--preserve-status":
                preserve = True
            elif option not in ("--foreground", "-v", "--verbose"):
                return usage("timeout: unrecognized option " + repr(option), 125)
        after, command = duration(args[0]), args[1:]
    except (ValueError, IndexError, KeyError):
        return usage("timeout: usage: timeout [OPTION] DURATION COMMAND [ARG]...", 125)
    if not command:
        return usage("timeout: missing operand", 125)
    return run_for(after, command, number, grace, preserve)


def run_for(after, command, number, grace, preserve):
    try:
        child = subprocess.Popen(command, preexec_fn=os.setpgrp)
    except FileNotFoundError:
        return usage("timeout: failed to run command " + repr(command[0]), 127)
    except OSError:
        return usage("timeout: failed to run command " + repr(command[0]), 126)
    # Whoever times the command out may be the command itself: the deadline belongs to the clock.
    deadline = clock.add_deadline(after, -child.pid, number, grace) if after else None
    for passed_on in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(passed_on, lambda n, frame: os.killpg(child.pid, n))
    status = child.wait()
    timed_out = deadline is not None and not clock.remove_deadline(deadline)
    if status < 0:
        status = 128 - status
    if timed_out and not preserve:
        return status if status == 128 + signal.SIGKILL else 124
    return status


def signal_number(text):
    return int(text) if text.isdigit() else getattr(signal, "SIG" + text.upper().replace("SIG", "", 1))


def real(name):
    here = os.environ.get("_SIMULATOR_TOOLS", "")
    for directory in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(directory, name)
        if directory != here and os.access(path, os.X_OK):
            return path
    return "/bin/" + name


def usage(text, status):
    sys.stderr.write(text + "\n")
    return status


if __name__ == "__main__":
    clock.attach(os.environ["_SIMULATOR_CLOCK"])
    sys.exit({"sleep": sleep, "date": date, "timeout": timeout}[sys.argv[1]](sys.argv[2:]))
