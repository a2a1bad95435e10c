"""From a submit description, as people write them, to jobs.

What it is not: a checker of what a job does. It reads the commands as HTCondor does, says where
something can't be meant so, and gathers what the jobs take along. The lines are read by
description.py, macros by macros.py, queue statements by queueing.py; here commands get meaning.
"""

from __future__ import annotations

import difflib
import functools
import math
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..problems import CAUTION, HELD, NO_EFFECT, UNKNOWN, Place, Problem, Remark, SubmitError
from ..rules import classads
from ..rules.classads import check, constant
from ..rules.execution import EXIT_ATTRIBUTES, Exit
from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.step import PERIODIC_ATTRIBUTES, POLICY_ATTRIBUTES
from ..tree import Directory, Entry, File, Link, Tree
from . import commands, queueing, values
from .description import Description, Queue, logical_lines
from .folder import DiskFolder, Folder, Found, Inputs, TreeFolder, inputs, stdin
from .macros import Macros, boolean, integer, number

__all__ = [
    "CAUTION",
    "HELD",
    "NO_EFFECT",
    "UNKNOWN",
    "DiskFolder",
    "Folder",
    "Remark",
    "Submission",
    "SubmitError",
    "TreeFolder",
    "parse",
    "read",
]

_MARK = "\ufeff"
MOST_JOBS = 10_000
MOST_CHARACTERS = 200_000

T = TypeVar("T")
P = TypeVar("P", str, str | None)


@dataclass(frozen=True)
class Submission:
    """What a submit description asks for."""

    jobs: tuple[Job, ...]
    remarks: tuple[Remark, ...]
    file: str
    """The name of the submit file."""
    commands: frozenset[str] = frozenset()
    """The names, in small letters, of the submit commands and macros that are given."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each of these stands."""

    @property
    def undecided(self) -> str:
        """Why nothing can be said of how the jobs end: a command that decides it is not simulated; "" if none is."""
        return next((str(remark) for remark in self.remarks if remark.decides), "")

    @property
    def missing_input(self) -> Remark | None:
        """What is said of the first input that can't be sent; None if all can be."""
        return next((remark for remark in self.remarks if remark.kind == HELD), None)

    def place(self, command: str) -> Place:
        """Where a command that the simulator reads stands; the file, if it is not given."""
        return next(
            (self.places[name] for name in (command, *commands.OTHERS[command]) if name in self.places),
            Place(self.file, None),
        )

    def within(self, directory: Path) -> tuple[Job, ...]:
        """The jobs with the paths of what comes home as seen from the submit directory. Raises SubmitError if one of
        them leads out of it."""
        return tuple(
            replace(
                job,
                output=self._inside("output", job.output, directory),
                error=self._inside("error", job.error, directory),
                log=self._inside("log", job.log, directory),
                initialdir=self._inside("initialdir", job.initialdir, directory),
                transfer_output_remaps=tuple(
                    (name, self._inside("transfer_output_remaps", new, directory))
                    for name, new in job.transfer_output_remaps
                ),
            )
            for job in self.jobs
        )

    def _inside(self, command: str, path: P, directory: Path) -> P | str:
        if path is None or (not posixpath.isabs(path) and posixpath.normpath(path).split("/")[0] != ".."):
            return path
        for here in (os.path.abspath(directory), os.path.realpath(directory)):
            relative = os.path.relpath(os.path.join(here, path), here)
            if relative.split(os.sep)[0] != "..":
                return relative
        raise SubmitError(
            *self.place(command),
            f"{command}: {path} lies outside the submit directory, and nothing is written there",
            "Use a relative path.",
        )


_QUEUES = re.compile(r"^[ \t]*queue\b", re.IGNORECASE | re.MULTILINE)


def read(path: Path | str, profile: Profile = MODERN, appended: Sequence[str] = ()) -> Submission:
    """The submission that a submit file on disk describes, its directory being the submit directory. `appended`: lines
    that stand before its first queue statement, too, as condor_submit's -append has it.

    Raises SubmitError, also for a file that is missing or unreadable.
    """
    path = Path(path)
    odd = []
    try:
        content = path.read_bytes()
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content.decode("latin-1")  # HTCondor takes any bytes
        line = content[: error.start].count(b"\n") + 1
        odd.append(Remark(path.name, line, "this line is not UTF-8 text, and is read as Latin-1", CAUTION))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SubmitError(path.name, None, f"the submit file can't be read ({reason})", _where_else(path)) from None
    if appended:
        queue = _QUEUES.search(text)
        before = queue.start() if queue else len(text)
        text = "\n".join([text[:before], *appended, text[before:]])
    submission = parse(text, DiskFolder(path.parent), name=path.name, profile=profile)
    return replace(submission, remarks=(*odd, *submission.remarks))


def _where_else(path: Path) -> str:
    """What may be meant by the name of a submit file that there is not."""
    likely = []
    with suppress(OSError, ValueError):
        likely = (
            sorted(path.glob("*.sub"))
            if path.is_dir()
            else [path.with_name(name) for name in difflib.get_close_matches(path.name, os.listdir(path.parent), 1)]
        )
    return f"Did you mean {likely[0]}?" if len(likely) == 1 else "Check its name and where it is."


def parse(
    text: str, folder: Folder, *, name: str = "submit file", cluster: int = 1, profile: Profile = MODERN
) -> Submission:
    """The submission that a submit description describes to an HTCondor of this profile. Raises SubmitError."""
    if len(text) > MOST_CHARACTERS:
        raise SubmitError(
            name,
            None,
            "the file is too long for a submit description",
            "Put lists of items into a file of their own: queue VARIABLE from FILE.",
        )
    if text.startswith(_MARK):
        raise SubmitError(
            name,
            1,
            "the file begins with a byte order mark, which HTCondor takes for part of a name",
            "Save the file as UTF-8 without a byte order mark (BOM).",
        )
    folder, macros = _CachedFolder(folder), Macros()
    macros.assign(cluster=cluster, clusterid=cluster, submit_file=name)
    description = Description(text, name, folder, macros, profile)
    jobs: list[Job] = []
    remarks: list[Remark] = []
    statement = None
    for statement in _statements(description, profile):
        try:
            _queue(statement, macros, folder, cluster, jobs, remarks, profile)
        except Problem as found:
            raise SubmitError.at(statement.place, found) from None
    if statement is None:
        problem = "nothing is queued" if text.strip() else "the file is empty"
        raise SubmitError(name, None, problem, "Write the job's commands, and a last line `queue`.")
    if not jobs:
        raise SubmitError(*statement.place, "no jobs are queued", "Check the number and the list of items.")
    told = dict.fromkeys((*description.remarks, *_on_names(macros, statement.place), *remarks))
    return Submission(
        jobs=tuple(replace(job, batch_size=len(jobs)) for job in jobs),
        remarks=tuple(sorted(told, key=lambda remark: (remark.file != name, remark.file, remark.line or 0))),
        file=name,
        commands=frozenset(macros.places),
        places=dict(macros.places),
    )


def _statements(description: Description, profile: Profile) -> Iterator[Queue]:
    """The queue statements; the one that HTCondor adds, where it adds one."""
    statement = None
    for statement in description:
        yield statement
    if statement is None and profile.single_queue and description.macros.places:
        yield Queue(Place(description.name, None), queueing.Arguments(), ())


class _CachedFolder:
    """A folder that looks everything up once, however many jobs ask for it."""

    def __init__(self, folder: Folder):
        self.get: Callable[[str], Found] = functools.cache(folder.get)
        self.standing: Callable[[str], Entry | None] = functools.cache(folder.standing)
        self.names: Callable[[str], list[str]] = functools.cache(folder.names)


def _queue(
    statement: Queue,
    macros: Macros,
    folder: Folder,
    cluster: int,
    jobs: list[Job],
    remarks: list[Remark],
    profile: Profile,
) -> None:
    """Append the jobs of one queue statement, and what is worth knowing about them."""
    arguments, rows = statement.arguments, statement.rows
    items = [(0, "")]
    if arguments.mode:
        if arguments.file:
            rows = _rows(arguments.file, folder, remarks)
        items = queueing.items(arguments, rows, folder)
        if any(not item for _, item in items):
            text = "the list has an empty line: HTCondor queues a job for it, with empty variables"
            remarks.append(Remark(*statement.place, text, CAUTION))
    if len(jobs) + len(items) * arguments.count > MOST_JOBS:
        raise Problem(f"more than {MOST_JOBS} jobs", "Queue fewer to simulate them.")
    for row, item in items:
        for variable, value in zip(arguments.variables, queueing.fields(item, len(arguments.variables))):
            macros.loop(variable, value)
        for step in range(arguments.count):
            macros.assign(process=len(jobs), procid=len(jobs), step=step, row=row, itemindex=row)
            reader = _Commands(macros, statement.place, remarks)
            jobs.append(_job(reader, folder, cluster, len(jobs), profile))
    for variable in arguments.variables:
        macros.loop(variable, "")


def _rows(file: str, folder: Folder, remarks: list[Remark]) -> tuple[str, ...]:
    entry = folder.get(file)
    if not isinstance(entry, File):
        raise Problem(f"there is no file {file} to take the items from", "Check its name.")
    lines = tuple(line for _, line in logical_lines(entry.text, file, remarks))
    if any(line.startswith("#") for line in lines):
        text = "a line begins with #: HTCondor takes it as an item, not as a comment"
        remarks.append(Remark(file, None, text, CAUTION))
    return lines


class Misspelt(NamedTuple):
    """A name that is no submit command, and where it stands."""

    name: str
    place: Place


class _Commands:
    """The commands as one job sees them."""

    def __init__(self, macros: Macros, queued: Place, remarks: list[Remark]):
        self._macros, self._queued, self._remarks = macros, queued, remarks

    def place(self, command: str) -> Place:
        """Where a command stands; the queue statement's place if it is not given."""
        return self._macros.places.get(self._spelling(command).lower(), self._queued)

    def read(self, command: str, convert: Callable[[str], T], default: T) -> T:
        """A command's value as `convert` makes it; `default` if it is not given or empty.

        Raises SubmitError at the command's place for any Problem.
        """
        text = ""
        try:
            raw = self._macros.get(self._spelling(command))
            text = "" if raw is None else self._expanded(command, raw)
            return convert(text) if text else default
        except Problem as found:
            likely = difflib.get_close_matches(command, commands.NAMES, 1, 0.75) if command not in commands.ALL else []
            meant = f" Did you mean {likely[0]}?" if likely else ""
            comment = " A comment needs a line of its own." if "#" in text else ""
            problem = Problem(f"{command}: {found.problem}", found.remedy + comment + meant)
            raise SubmitError.at(self.place(command), problem) from None

    def text(self, command: str) -> str | None:
        """A command's value, or None if it is not given or empty."""
        return self.read(command, str, None)

    def has(self, name: str) -> bool:
        """Whether a command, macro or attribute of this name is given."""
        return name in self._macros

    def names(self) -> Iterator[str]:
        """What is given, by the usual names of commands, in small letters."""
        return (commands.USUAL.get(name, name) for name in self._macros.places)

    def misspelt(self, command: str) -> Misspelt | None:
        """What is given in the place of a command that is not, by its look."""
        names = [name for name in self._macros.places if name not in commands.ALL]
        return next(
            (Misspelt(name, self._macros.places[name]) for name in difflib.get_close_matches(command, names, 1, 0.75)),
            None,
        )

    def remark(self, command: str, text: str, kind: str = CAUTION, *, decides: bool = False) -> None:
        """Something worth knowing about a command."""
        self._remarks.append(Remark(*self.place(command), text, kind, decides))

    def noted(self, command: str) -> Callable[..., None]:
        """What makes a text that begins behind the command's name a remark on it."""
        return lambda text, kind=CAUTION, **fields: self.remark(command, f"{command}: {text}", kind, **fields)

    def _spelling(self, command: str) -> str:
        names = (command, *commands.OTHERS.get(command, ()))
        return next((name for name in names if name in self._macros), command)

    def _expanded(self, command: str, raw: str) -> str:
        self._macros.undefined.clear()
        self._macros.drawn.clear()
        text = self._macros.expand(raw)  # HTCondor keeps the white space that an empty macro leaves
        for function in sorted(self._macros.drawn):
            self.remark(command, f"{command}: ${function}() is drawn anew at each submission; here it is always {text}")
        for name in sorted(self._macros.undefined):
            self.remark(command, f"{command}: nothing defines $({name}), so it counts as empty")
        if command in commands.SPELLINGS and (later := re.search(r"\$\$\(.*?\)", text)):
            self.remark(
                command,
                f"{command}: {later[0]} is left as it is here; HTCondor puts in what it stands for when the job has a slot",
                decides=True,
            )
        if left := re.search(r"(?<!\$)\$\(.*", text):
            self.remark(
                command,
                f"{command}: HTCondor leaves {left[0]} as it is; in a default only letters, "
                "digits, blanks and _ . , / \\ : $ can stand",
            )
        return text


def _job(given: _Commands, folder: Folder, cluster: int, proc: int, profile: Profile) -> Job:
    """One job. Relative paths: the executable's starts at the submit directory, all others at
    initialdir, which is the submit directory unless it is given."""
    home = given.read("initialdir", lambda path: _directory(folder, path), "")
    keep_paths = given.read("preserve_relative_paths", boolean, False)
    _check_values(given)
    files_at_commas = functools.partial(values.files_at_commas, quoted=profile.quoted_lists)
    brought = given.read(
        "transfer_input_files",
        lambda text: inputs(folder, home, files_at_commas(text) or (), keep_paths, given.noted("transfer_input_files")),
        Inputs(Tree()),
    )
    from_stdin = given.read("input", lambda path: stdin(folder, home, path, given.noted("input")), Inputs(Tree()))
    script = given.text("shell") if profile.shell else None
    executable, program, transferred = ("/bin/sh", Tree(), False) if script else _executable(given, folder)
    success = given.read("success_exit_code", integer, None)
    retries, remove = _retries(given, success)
    when = given.read("when_to_transfer_output", values.when_to_transfer, "ON_EXIT")
    code, by_signal = _checkpoint_exit(given)
    output, error = _stream(given, "output", home), _stream(given, "error", home)
    stream_output, stream_error = (given.read(command, boolean, False) for command in ("stream_output", "stream_error"))
    job = Job(
        executable=executable,
        arguments=("-c", script) if script else given.read("arguments", values.arguments, ()),
        environment=given.read("environment", values.environment, ()),
        inputs=brought.files | from_stdin.files | program,
        missing_input=brought.missing or from_stdin.missing,
        initialdir=home,
        stdin=next(iter(from_stdin.files), None),
        transfer_executable=transferred,
        checkpoint_exit_code=code,
        checkpoint_signal=by_signal,
        transfer_checkpoint_files=given.read("transfer_checkpoint_files", values.files, None),
        transfer_output_files=given.read("transfer_output_files", files_at_commas, None),
        transfer_output_remaps=_remaps(given, profile),
        preserve_relative_paths=keep_paths,
        on_exit_or_evict=when == "ON_EXIT_OR_EVICT",
        output=output,
        error=error,
        log=_stream(given, "log", home),
        notes=given.read("submit_event_notes", str, ""),
        stream_output=stream_output,
        stream_error=stream_error,
        streamed_onto=_files_there(folder, output if stream_output else None, error if stream_error else None),
        max_retries=retries,
        success_exit_code=success or 0,
        on_success=success is not None,
        on_exit_remove=remove,
        on_exit_hold=_policy(given, "on_exit_hold"),
        on_exit_hold_reason=_policy(given, "on_exit_hold_reason"),
        on_exit_hold_subcode=_policy(given, "on_exit_hold_subcode"),
        periodic_hold=_policy(given, "periodic_hold"),
        periodic_hold_reason=_policy(given, "periodic_hold_reason"),
        periodic_hold_subcode=_policy(given, "periodic_hold_subcode"),
        periodic_release=_policy(given, "periodic_release"),
        periodic_remove=_policy(given, "periodic_remove"),
        allowed_execute_duration=given.read("allowed_execute_duration", values.whole_number, None),
        allowed_job_duration=given.read("allowed_job_duration", values.whole_number, None),
        max_transfer_input_mb=given.read("max_transfer_input_mb", values.most_mb, None),
        max_transfer_output_mb=given.read("max_transfer_output_mb", values.most_mb, None),
        kill_sig=given.read("kill_sig", values.signal_number, Job.kill_sig),
        max_vacate_time=float(given.read("job_max_vacate_time", number, Job.max_vacate_time)),
        request_cpus=given.read("request_cpus", check, ""),
        request_memory=given.read("request_memory", values.amount, ""),
        request_disk=given.read("request_disk", values.amount, ""),
        cluster=cluster,
        proc=proc,
    )
    _check(given, job)
    return replace(job, in_the_way=_in_the_way(folder, job))


def _retries(given: _Commands, success: int | None) -> tuple[float, str]:
    """R6: how often the job may be queued again, and the condition for leaving the queue before, as condor_submit makes
    it of the commands about that; "" for success alone."""
    retries, remove = given.read("max_retries", integer, None), _policy(given, "on_exit_remove")
    if retries is None and success is None and given.text("retry_until") is None:
        return (math.inf if remove else 0), remove
    until = _policy(given, "retry_until")
    others = [f"({text})" for text in (until, remove) if text]
    # HTCondor itself takes 2 where only the other commands are given.
    return 2 if retries is None else retries, " || ".join([f"ExitCode =?= {success or 0}", *others]) if others else ""


def _policy(given: _Commands, command: str) -> str:
    """The expression of a policy; "" if none is given, or one that is not simulated."""
    text = given.read(command, values.retry_until if command == "retry_until" else check, "")
    return text if _is_simulated(command, text) else ""


def _remaps(given: _Commands, profile: Profile) -> tuple[tuple[str, str], ...]:
    """The pairs of transfer_output_remaps. A file that goes to a URL keeps the URL's last name."""
    pairs: list[tuple[str, str]] = []
    for name, new in given.read(
        "transfer_output_remaps", lambda text: values.remaps(text, profile.bare_remaps), tuple(pairs)
    ):
        if values.is_url(new):
            given.remark(
                "transfer_output_remaps",
                f"{name} is not sent to {new}: there is no network here, and the file comes to the submit directory",
            )
            new = posixpath.basename(new.rstrip("/")) or name
        pairs.append((name, new))
    return tuple(pairs)


def _executable(given: _Commands, folder: Folder) -> tuple[str, Tree, bool]:
    """The command to start, what of it comes into the sandbox, and whether it is transferred."""
    wanted = given.text("transfer_executable")
    transferred = wanted is None or wanted[0] not in "fF"
    if wanted and transferred and wanted.lower() not in ("true", "t", "yes", "y", "1"):
        given.remark("transfer_executable", f"HTCondor reads {wanted!r} as True; write False to mean it")
    path = given.text("executable")
    if path is None:
        if likely := given.misspelt("executable"):
            raise SubmitError(*likely.place, f"{likely.name} is not a submit command", "Did you mean executable?")
        if given.has("shell"):
            raise SubmitError(
                *given.place("shell"),
                "shell is no command of this HTCondor, and there is no executable",
                "Write `executable = PROGRAM`, or choose HTCondor 25: --profile v25.",
            )
        if image := next((name for name in _IMAGES if given.text(name)), None):
            raise SubmitError(
                *given.place(image),
                f"{image}: without an executable, the job runs the image's own program, which is not simulated",
                "Name an executable to try the job here.",
            )
        raise SubmitError(*given.place("executable"), "no executable is given", "Add `executable = PROGRAM`.")
    if not transferred:
        return path, Tree(), False
    program = given.read("executable", folder.get, None)
    if not isinstance(program, File):
        problem = f"executable: {path} " + ("does not exist" if program is None else "is a directory")
        raise SubmitError(
            *given.place("executable"),
            problem,
            "Check its name, or write `transfer_executable = False` for a program that the execution points have.",
        )
    _check_program(given, path, program)
    name = posixpath.basename(path)
    return name, Tree({name: File(program.content, executable=True)}), True


def _check_program(given: _Commands, path: str, program: File) -> None:
    """Raises SubmitError for what condor_submit looks for in an executable."""
    first, newline, _ = program.content.partition(b"\n")
    if not program.content:
        raise SubmitError(*given.place("executable"), f"executable: {path} is empty", "Write the program into it.")
    if newline and first.startswith(b"#!") and first.endswith(b"\r"):
        raise SubmitError(
            *given.place("executable"),
            f"executable: {path} is a script with the line ends of Windows (CRLF), with which it doesn't start",
            f"Convert it: dos2unix {path}.",
        )


def _checkpoint_exit(given: _Commands) -> tuple[int | None, int | None]:
    """R1: the exit code, or the signal, that means a checkpoint: by the command, or by the job attributes behind it."""
    code = given.read("checkpoint_exit_code", integer, None)
    if not given.read("My.WantFTOnCheckpoint", boolean, code is not None):
        return None, None
    if code is not None:
        return code, None
    if given.read("My.SuccessCheckpointExitBySignal", boolean, False):
        return None, given.read("My.SuccessCheckpointExitSignal", values.number_or_text, None)
    return given.read("My.SuccessCheckpointExitCode", values.number_or_text, None), None


def _directory(folder: Folder, path: str) -> str:
    if not isinstance(folder.get(path), Tree):
        raise Problem(f"there is no directory {path}", "Make it, or check its name.")
    return path


def _stream(given: _Commands, command: str, home: str) -> str | None:
    path = given.text(command)
    return None if path is None or path == "/dev/null" else posixpath.join(home, path)


def _files_there(folder: Folder, *paths: str | None) -> Tree:
    """The files of these names in the submit directory."""
    found = {path: folder.get(path) for path in paths if path}
    return Tree({path: entry for path, entry in found.items() if isinstance(entry, File)})


def _in_the_way(folder: Folder, job: Job) -> Tree:
    """The directories and read-only files in the submit directory that have names of output, and the links that have
    those, too, or names of streams."""
    remaps = dict(job.transfer_output_remaps)
    streams = [posixpath.normpath(name) for name in (job.output, job.error) if name]
    if job.transfer_output_files is None:  # any file of the sandbox may come home
        listed = [*folder.names(job.initialdir), *remaps]
    else:
        listed = [
            path if job.preserve_relative_paths else posixpath.basename(posixpath.normpath(path))
            for path in job.transfer_output_files
        ]
    names = {posixpath.normpath(posixpath.join(job.initialdir, remaps.get(name, name))) for name in listed}
    if job.transfer_output_files is None:
        names.difference_update(streams)
    standing = {name: folder.standing(name) for name in (*names, *streams)}
    return Tree(
        {
            name: entry
            for name, entry in standing.items()
            if isinstance(entry, Link)
            or (name in names and (isinstance(entry, Directory) or (isinstance(entry, File) and not entry.writable)))
        }
    )


# -- remarks -----------------------------------------------------------------------


def _check(given: _Commands, job: Job) -> None:
    """Remarks on commands that act in another way than one would think, or not at all here."""
    _check_checkpoint(given, job)
    _check_transfer(given, job)
    if (universe := given.read("universe", values.universe, "vanilla")) != "vanilla":
        given.remark(
            "universe",
            f"{universe} has no effect here: the job runs as a vanilla one",
            NO_EFFECT,
            decides=universe in _ELSEWHERE,
        )
    if job.max_retries < 0:
        given.remark("max_retries", f"{job.max_retries} means no retry; write 0, or a number of retries")
    _check_requests(given, job)


_IMAGES = ("docker_image", "container_image")
_ELSEWHERE = ("docker", "container", "java", "vm", "grid")
"""Universes in which other programs run than those that are here."""

_KINDS = {
    **dict.fromkeys(commands.EXPRESSIONS, check),
    **dict.fromkeys(commands.CONSTANTS, constant),
    "requirements": lambda text: check(f"({text})"),  # HTCondor puts it into parentheses, to add conditions
    "request_memory": values.amount,
    "request_disk": values.amount,
    "kill_sig": values.signal_number,
    "remove_kill_sig": values.signal_number,
    "hold_kill_sig": values.signal_number,
    "notification": values.notification,
    "universe": values.universe,
    "retry_until": values.retry_until,
}


def _check_values(given: _Commands) -> None:
    """Raises SubmitError for a value that condor_submit refuses, of commands that are not simulated as well."""
    for name in given.names():
        if kind := _KINDS.get(name) or (check if name.startswith(("my.", "request_")) else None):
            given.read(name, kind, None)
    images = [name for name in _IMAGES if given.text(name)]
    universe = given.read("universe", values.universe, "vanilla")
    if (universe == "docker" and "docker_image" not in images) or (universe == "container" and not images):
        raise SubmitError(
            *given.place("universe"),
            f"the {universe} universe needs an image",
            f"Add a line `{universe}_image = IMAGE`.",
        )
    if len(images) > 1:
        raise SubmitError(
            *given.place("container_image"), "docker_image and container_image don't go together", "Name one image."
        )


def _check_requests(given: _Commands, job: Job) -> None:
    """Remarks on requests that no slot can meet: what HTCondor can't compute matches nothing."""
    for command, asked, like in (
        ("request_cpus", job.request_cpus, "1"),
        ("request_memory", job.request_memory, "2GB"),
        ("request_disk", job.request_disk, "2GB"),
    ):
        if asked.startswith('"'):
            why = f"the double quotes make a text of {asked}, which is no amount"
        elif (
            re.fullmatch(r"[A-Za-z_]\w*", asked) and asked.lower() not in commands.HAD and not given.has(f"My.{asked}")
        ):
            why = f"HTCondor takes {asked} for an attribute, and a new job has none of that name"
        else:
            continue
        given.remark(command, f"{command}: {why}, so that the job would never start; write {like}, say")


def _check_checkpoint(given: _Commands, job: Job) -> None:
    code = job.checkpoint_exit_code
    if code == 0:
        given.remark("checkpoint_exit_code", "with 0 the job never finishes: an exit with 0 is a checkpoint")
    elif code is not None and not 0 < code < 256:
        given.remark("checkpoint_exit_code", f"no program can exit with {code}: exit codes go from 0 to 255")
    elif not job.self_checkpointing and job.transfer_checkpoint_files is not None:
        given.remark(
            "transfer_checkpoint_files",
            "without checkpoint_exit_code this list is never used: the job is not self-checkpointing",
        )
    for command in ("transfer_checkpoint_files", "transfer_output_files"):
        if any('"' in name for name in getattr(job, command) or ()):
            given.remark(command, "the double quotes count as part of the file names")


def _check_transfer(given: _Commands, job: Job) -> None:
    should = given.read("should_transfer_files", values.should_transfer, "")
    when = given.read("when_to_transfer_output", values.when_to_transfer, "ON_EXIT")
    listed = given.text("transfer_input_files") or given.text("transfer_output_files")
    place = given.place("should_transfer_files")
    if should == "NO" and given.text("when_to_transfer_output"):
        raise SubmitError(
            *place,
            "should_transfer_files = NO, and there is a time to transfer output",
            "Take when_to_transfer_output away, or write should_transfer_files = YES.",
        )
    if should == "NO" and listed:
        raise SubmitError(
            *place, "should_transfer_files = NO, and there are files to transfer", "Write should_transfer_files = YES."
        )
    if should == "IF_NEEDED" and job.on_exit_or_evict:
        raise SubmitError(
            *place,
            "should_transfer_files = IF_NEEDED does not go with ON_EXIT_OR_EVICT",
            "Write should_transfer_files = YES.",
        )
    if spaced := next((name for name in job.transfer_output_files or () if re.search(r"\s", name)), None):
        given.remark("transfer_output_files", f"{spaced!r} is one name, as this list is split at commas only")
    if job.streams_joined and (job.stream_output or job.stream_error):
        given.remark(
            "stream_output" if job.stream_output else "stream_error",
            "output and error name one file: HTCondor writes what is streamed over what else comes there, which is not "
            "simulated",
            decides=True,
        )
    if should == "NO":
        given.remark("should_transfer_files", "NO has no effect here: files are transferred", NO_EFFECT)
    if when == "NEVER":
        given.remark("when_to_transfer_output", "HTCondor takes NEVER for ON_EXIT")
    if when == "ON_SUCCESS":
        given.remark(
            "when_to_transfer_output",
            f"{when} has no effect here: output comes home on every exit",
            NO_EFFECT,
            decides=True,
        )


_CHECKPOINT_EXIT = ("my.successcheckpointexitcode", "my.successcheckpointexitsignal")


def _on_names(macros: Macros, queued: Place) -> list[Remark]:
    """Remarks on commands that don't exist, that do nothing here, or that stand behind the last queue statement."""
    remarks = []
    heeded = "my.wantftoncheckpoint" in macros and any(name in macros for name in _CHECKPOINT_EXIT)
    for name, place in macros.places.items():
        usual = commands.USUAL.get(name, name)
        if place.file == queued.file and (place.line or 0) > (queued.line or place.line or 0):
            text = f"{name} stands behind the last queue statement, and no job sees it"
            remarks.append(Remark(*place, text, CAUTION))
        elif name == "my.transfercheckpoint" or (name in ("my.wantftoncheckpoint", *_CHECKPOINT_EXIT) and not heeded):
            text = f"+{name[3:]} has no effect here: use checkpoint_exit_code and transfer_checkpoint_files"
            remarks.append(Remark(*place, text, NO_EFFECT))
        elif usual in commands.LIMITED and _is_simulated(usual, text := macros.expand(macros.get(name) or "")):
            if usual in commands.POLICIES and "numjobstarts" in classads.read(text).names:
                text = (
                    f"{name} goes by NumJobStarts: how the job ends depends on how often it was evicted, so that "
                    "one schedule can be simulated, and not all of them"
                )
                remarks.append(Remark(*place, text, CAUTION, True))
            elif usual in _LOOKED_AT and not _goes_by_the_end(macros, text):
                text = (
                    f"{name} goes by more than how the program ends: how the job ends depends on when HTCondor looks, so "
                    "that one schedule can be simulated, and not all of them"
                )
                remarks.append(Remark(*place, text, CAUTION, True))
        elif usual in commands.IDLE or usual in commands.LIMITED:
            decides = usual in commands.DECIDING and not _is_default(name, macros)
            ending = ", though it may change how the job ends" if decides else ""
            remarks.append(Remark(*place, f"{name} has no effect in this simulator{ending}", NO_EFFECT, decides))
        elif not (
            name in commands.ALL
            or name in macros.mentioned
            or name.startswith(commands.PREFIXES)
            or any(part in name for part in commands.PARTS)
        ):
            likely = difflib.get_close_matches(name, commands.NAMES, n=1, cutoff=0.75)
            ending = f": did you mean {likely[0]}?" if likely else f", and no $({name}) uses it"
            remarks.append(Remark(*place, f"{name} is not a submit command{ending}", UNKNOWN))
    return remarks


def _is_simulated(command: str, text: str) -> bool:
    """Whether what a command of commands.LIMITED is given can be evaluated here."""
    try:
        if command in commands.BOUNDS:
            return bool(text) and values.whole_number(text) is not None
        known = PERIODIC_ATTRIBUTES if command in commands.PERIODIC else POLICY_ATTRIBUTES
        return bool(text) and classads.read(text).depends_only_on(known)
    except Problem:  # another check finds it
        return False


_LOOKED_AT = ("periodic_hold", "periodic_release", "periodic_remove")


def _goes_by_the_end(macros: Macros, text: str) -> bool:
    """Whether a periodic policy can't be true before the program's end: whatever HTCondor sees then is what it sees at
    any time after. An end with the checkpoint code is no end."""
    policy = classads.read(text)
    try:
        code = integer(macros.expand(macros.get("checkpoint_exit_code") or "0"))
    except Problem:  # another check finds it
        return False
    before: tuple[dict[str, classads.Value], ...] = ({}, dict(Exit(code).attributes))
    by_signal = any(name in macros for name in _CHECKPOINT_EXIT)
    return (
        not by_signal
        and policy.names <= EXIT_ATTRIBUTES
        and not any(classads.is_true(policy.value(ad)) for ad in before)
    )


def _is_default(name: str, macros: Macros) -> bool:
    """Whether a command that could change how the job ends is given with the value with which it doesn't."""
    try:
        text = macros.expand(macros.get(name) or "").strip()
        return not text or boolean(text) is commands.DECIDING[commands.USUAL.get(name, name)]
    except Problem:  # an expression
        return False
