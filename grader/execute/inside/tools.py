"""`sleep`, `timeout` and `python3` in virtual time, for jobs that are shell scripts. (shell/ has other commands.)

Small scripts that come first on the job's PATH start this file with NAME [ARGUMENT ...]. The commands support the
options of the GNU commands that scripts use, and end as those do. `python3` and `timeout` run a Python script in this
interpreter, as starting another takes longer than most scripts run.
"""

import _signal as signal  # see clock.py
import os
import select
import sys

import clock
import sleep_server

MYPY = False  # see clock.py
if MYPY:
    from collections.abc import Callable
    from typing import NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
ENV = b"#!/usr/bin/env "
SETTINGS = {"PYTHONPATH": os.path.join(HERE, "python"), "PYTHONDONTWRITEBYTECODE": "1"}
"""The environment variables for Python with which this interpreter was started, besides FREE."""
FREE = ("PYTHONHASHSEED", "PYTHON_CPU_COUNT")
"""Other variables for Python: this interpreter has followed them since its start, whatever their values."""

OPTIONS = {"k": "--kill-after", "s": "--signal", "v": "--verbose", "p": "--preserve-status", "f": "--foreground"}
VALUED = ("--kill-after", "--signal")
"""The options of timeout, and those that take a value. (GNU's has -p and -f since version 9.5.)"""


def duration(text: str) -> float:
    """Seconds of `90`, `1.5m`, `2h`, `infinity`. Raises ValueError."""
    seconds = sleep_server.seconds(text)
    if not seconds >= 0:
        raise ValueError(text)
    return seconds


def sleep(args: "list[str]") -> int:
    try:
        total = sum(duration(arg) for arg in args)
    except ValueError:
        return usage("sleep: invalid time interval " + repr(" ".join(args)), 1)
    if not args:
        return usage("sleep: missing operand", 1)
    clock.advance(total)
    return 0


def readable(args: "list[str]") -> int:
    """Exit code 0 if standard input has something to read, or ends, within args[0] seconds; otherwise 1."""
    file = clock.real_poll()
    file.register(0, select.POLLIN)
    return 0 if clock.wait(duration(args[0]), lambda real: file.poll(real * 1000)) else 1


# -- python3 ------------------------------------------------------------------------


def python3(args: "list[str]") -> "NoReturn":
    run_here([os.path.join(os.environ["_SIMULATOR_TOOLS"], "python3"), *args])
    os.execv(sys.executable, [sys.executable, *args])


def run_here(command: "list[str]") -> None:
    """If a command is a Python script with the usual settings, run it in this interpreter, and end as it does;
    otherwise return."""
    arguments = script_in(command)
    settings = {name: os.environ[name] for name in os.environ if name.startswith("PYTHON") and name not in FREE}
    if not arguments or settings != SETTINGS:
        return
    import site

    import fast_exit
    import python_time
    import script

    signal.signal(signal.SIGINT, signal.default_int_handler)
    python_time.install()
    python_time.install_host(os.environ["_SIMULATOR_HOST"])
    # What Python does at its start, except with the option -S, with which this interpreter was started.
    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.path[1:] = os.environ["_SIMULATOR_PATH"].split(os.pathsep)
    script.take_over(os.environ["_SIMULATOR_CODE"])
    if "_SIMULATOR_UNBROKEN" in os.environ:
        import unbroken

        unbroken.start_if_requested()
    fast_exit.begin()
    script.run(os.path.join(os.getcwd(), arguments[0]), arguments)


def script_in(command: "list[str]") -> "list[str] | None":
    """[script, argument, ...] if a command is a Python script, or our Python with a script; otherwise None."""
    program = path_of(command[0])
    if is_python(program):
        return command[1:] if command[1:] and os.path.isfile(command[1]) and command[1][:1] != "-" else None
    try:
        with open(program, "rb") as file:
            line = file.readline(100)
    except (OSError, ValueError):
        return None
    interpreter = os.fsdecode(line[len(ENV) :].strip(b" \n"))
    ours = line.startswith(ENV) and line.endswith(b"\n") and interpreter and is_python(path_of(interpreter))
    return [program, *command[1:]] if ours and os.access(program, os.X_OK) else None


def path_of(name: str) -> str:
    """The file that a command of this name executes; "" if there is none on the PATH."""
    if os.sep in name:
        return name
    paths = (os.path.join(directory, name) for directory in os.environ.get("PATH", os.defpath).split(os.pathsep))
    return next((path for path in paths if os.access(path, os.X_OK) and os.path.isfile(path)), "")


def is_python(path: str) -> bool:
    """Whether this is this execution point's own python3 or python."""
    directory, name = os.path.split(path)
    return directory == os.environ["_SIMULATOR_TOOLS"] and name in ("python3", "python")


# -- timeout ----------------------------------------------------------------------


class Signalled(Exception):
    """A signal for timeout to pass on."""


def timeout(args: "list[str]") -> int:
    number, grace = signal.SIGTERM, 0.0
    settings: set[str] = set()
    try:
        while args and args[0].startswith("-") and args[0] != "--":
            option, value = split_option(args.pop(0), args)
            if option == "--signal":
                number = signal_number(value)
            elif option == "--kill-after":
                grace = duration(value)
            else:
                settings.add(option)
        limit, *command = args[1:] if args[0] == "--" else args
    except (ValueError, IndexError, AttributeError):
        return usage("timeout: usage: timeout [OPTION] DURATION COMMAND [ARG]...", 125)
    try:
        after = duration(limit)
    except ValueError:
        return usage("timeout: invalid time interval " + repr(limit), 125)
    if not command:
        return usage("timeout: missing operand", 125)
    return run_for(after or float("inf"), command, number, grace or float("inf"), settings)


def split_option(text: str, rest: "list[str]") -> "tuple[str, str]":
    """(the long name of an option, its value). Raises ValueError for an unknown option, IndexError for a missing
    value."""
    if text.startswith("--"):
        name, given, value = text.partition("=")
        [option] = [option for option in OPTIONS.values() if option.startswith(name)]
    else:
        option, value = OPTIONS.get(text[1:2], ""), text[2:]
        given = value
    if option not in OPTIONS.values() or (given and option not in VALUED):
        raise ValueError(text)
    return option, value if given else rest.pop(0) if option in VALUED else ""


def run_for(after: float, command: "list[str]", number: int, grace: float, settings: "set[str]") -> int:
    """Run a command for at most `after` seconds. This process and the command form a process group, as with GNU's
    timeout."""
    if "--foreground" not in settings:
        try:
            os.setpgid(0, 0)
        except PermissionError:
            pass  # it already leads a session, as exec put it in the place of the job's program
    for passed_on in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(passed_on, raise_signalled)
    child = start(command)
    timed_out = False
    try:
        if not clock.ended(child, after):
            timed_out = True
            raise Signalled(number)
    except Signalled as signalled:
        send(child, signalled.args[0], command, settings)
        if not clock.ended(child, grace):
            send(child, signal.SIGKILL, command, settings)
    return result(os.waitpid(child, 0)[1], timed_out, "--preserve-status" in settings)


def start(command: "list[str]") -> int:
    child = os.fork()
    if child:
        return child
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    run_here(command)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        usage("timeout: failed to run command %r: %s" % (command[0], error.strerror), 0)
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def raise_signalled(number: int, frame: object) -> "NoReturn":
    raise Signalled(number)


def send(child: int, number: int, command: "list[str]", settings: "set[str]") -> None:
    """Signal the command, and its process group if it has one, which includes this process."""
    for own in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(own, signal.SIG_IGN)
    if "--verbose" in settings:
        usage("timeout: sending signal %s to command %r" % (signal_name(number), command[0]), 0)
    os.kill(child, number)
    group = 0 if "--foreground" not in settings else None
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_IGN)
        os.kill(child, signal.SIGCONT)
    if group is not None:
        os.killpg(group, number)


def result(status: int, timed_out: bool, preserve: bool) -> int:
    """The exit code. If the command died of a signal that was not ours, this process dies of the same signal."""
    if os.WIFEXITED(status):
        return 124 if timed_out and not preserve else os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    if not timed_out:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return 128 + number if preserve or number == signal.SIGKILL else 124


def signal_number(text: str) -> int:
    return int(text) if text.isdigit() else getattr(signal, "SIG" + text.upper().replace("SIG", "", 1))


def signal_name(number: int) -> str:
    names = [name[3:] for name in dir(signal) if name.startswith("SIG") and name[3].isalpha()]
    return next(name for name in names if getattr(signal, "SIG" + name) == number)


def usage(text: str, status: int) -> int:
    sys.stderr.write(text + "\n")
    return status


def main() -> None:
    """Act as the tool that the first argument names."""
    clock.attach(os.environ["_SIMULATOR_CLOCK"])
    tools: dict[str, Callable[[list[str]], int]] = {
        "sleep": sleep,
        "readable": readable,
        "timeout": timeout,
        "python3": python3,
    }
    status = tools[sys.argv[1]](sys.argv[2:])
    sys.stderr.flush()
    os._exit(status)  # the interpreter's shutdown takes longer than a sleep
