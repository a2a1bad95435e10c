"""Turns a submit description into jobs.

It reads the commands as HTCondor does, remarks on what is probably a mistake, and collects the jobs' input files.
description.py reads the lines, macros.py expands macros, and queueing.py reads queue statements; this file gives
commands their meaning.
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
from types import MappingProxyType
from typing import TypeVar

from ..files import read_named
from ..problems import CAUTION, HELD, NO_EFFECT, UNKNOWN, Place, Problem, Remark, SubmitError
from ..rules import classads
from ..rules.classads import check, constant
from ..rules.execution import EXIT_ATTRIBUTES, Exit
from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.step import PERIODIC_ATTRIBUTES, POLICY_ATTRIBUTES, only_when_held
from ..rules.transfer import destination
from ..text import series
from ..tree import Directory, Entry, File, Link, Tree
from . import commands, queueing, values
from .description import Description, Queue, logical_lines
from .folder import DiskFolder, Folder, Found, Inputs, Stdin, inputs, stdin
from .macros import Macros, boolean, integer, number

_MARK = "\ufeff"
MOST_JOBS = 10_000
MOST_CHARACTERS = 200_000

T = TypeVar("T")
P = TypeVar("P", str, str | None)


@dataclass(frozen=True)
class Submission:
    """A submit description that has been read."""

    jobs: tuple[Job, ...]
    remarks: tuple[Remark, ...]
    file: str
    """The name of the submit file."""
    commands: frozenset[str] = frozenset()
    """The names of the submit commands and macros that are given, in lower case."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """The place of each of these."""

    @property
    def undecided(self) -> str:
        """Why the jobs' end can't be known: it depends on a command that is not simulated; "" if it does not."""
        return next((str(remark) for remark in self.remarks if remark.decides), "")

    @property
    def missing_input(self) -> Remark | None:
        """The remark on the first input that can't be sent; None if all can be sent."""
        return next((remark for remark in self.remarks if remark.kind == HELD), None)

    def place(self, command: str) -> Place:
        """The place of a command that the simulator reads; the file, if it is not given."""
        return next(
            (self.places[name] for name in (command, *commands.OTHERS[command]) if name in self.places),
            Place(self.file, None),
        )

    def within(self, directory: Path) -> tuple[Job, ...]:
        """The jobs, with the paths of returned files relative to the submit directory. Raises SubmitError if a path
        leads out of it."""
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
            f"{command}: {path} is outside the submit directory, where nothing is written",
            "Use a relative path.",
        )


_QUEUES = re.compile(r"^[ \t]*queue\b", re.IGNORECASE | re.MULTILINE)


def read(
    path: Path | str,
    profile: Profile = MODERN,
    appended: Sequence[str] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Submission:
    """The submission that a submit file on disk describes; its directory is the submit directory. `appended`: lines to
    insert before the first queue statement, as with condor_submit's -append; `variables` as for parse().

    Raises SubmitError, also for a missing or unreadable file.
    """
    path = Path(path)
    encoding = []
    try:
        content = read_named(path)
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content.decode("latin-1")  # HTCondor accepts any bytes
        line = content[: error.start].count(b"\n") + 1
        encoding.append(Remark(path.name, line, "this line is not UTF-8 text, and is read as Latin-1", CAUTION))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SubmitError(path.name, None, f"the submit file can't be read ({reason})", _suggestion(path)) from None
    if appended:
        queue = _QUEUES.search(text)
        before = queue.start() if queue else len(text)
        text = "\n".join([text[:before], *appended, text[before:]])
    submission = parse(text, DiskFolder(path.parent), name=path.name, profile=profile, variables=variables)
    return replace(submission, remarks=(*encoding, *submission.remarks))


def _suggestion(path: Path) -> str:
    """What to do about a submit file that can't be read: another may be meant by its name."""
    likely = []
    with suppress(OSError, ValueError):
        if path.exists() and not path.is_dir():
            return "Name a file that you may read."
        likely = (
            sorted(path.glob("*.sub"))
            if path.is_dir()
            else [path.with_name(name) for name in difflib.get_close_matches(path.name, os.listdir(path.parent), 1)]
        )
    return f"Did you mean {likely[0]}?" if len(likely) == 1 else "Check its name and directory."


def parse(
    text: str,
    folder: Folder,
    *,
    name: str = "submit file",
    cluster: int = 1,
    profile: Profile = MODERN,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Submission:
    """The submission that a submit description describes to an HTCondor of this profile. `variables`: what is known of
    the submitter's environment, which getenv passes on. Raises SubmitError."""
    if len(text) > MOST_CHARACTERS:
        raise SubmitError(
            name,
            None,
            "the file is too long for a submit description",
            "Put lists of items into a separate file: queue VARIABLE from FILE.",
        )
    if text.startswith(_MARK):
        raise SubmitError(
            name,
            1,
            "the file begins with a byte order mark, which HTCondor takes as part of a name",
            "Save the file as UTF-8 without a byte order mark (BOM).",
        )
    folder, macros = _CachedFolder(folder), Macros(profile.basename_suffix)
    macros.assign(cluster=cluster, clusterid=cluster, submit_file=name)
    description = Description(text, name, folder, macros, profile)
    submitted = _Cluster(cluster, variables=variables)
    jobs, remarks = submitted.jobs, submitted.remarks
    statement = None
    for statement in _statements(description, profile):
        try:
            _queue(statement, macros, folder, submitted, profile)
        except Problem as problem:
            raise SubmitError.at(statement.place, problem) from None
    if statement is None:
        sentence = "nothing is queued" if text.strip() else "the file is empty"
        raise SubmitError(name, None, sentence, "Write the job's commands, and a last line `queue`.")
    if not jobs:
        raise SubmitError(
            *statement.place,
            "no jobs are queued: condor_submit accepts this, and submits nothing",
            "Check the number and the list of items.",
        )
    all_remarks = dict.fromkeys(
        (*description.remarks, *_on_names(macros, statement.place, variables, profile), *remarks)
    )
    return Submission(
        jobs=tuple(replace(job, batch_size=len(jobs)) for job in jobs),
        remarks=tuple(sorted(all_remarks, key=lambda remark: (remark.file != name, remark.file, remark.line or 0))),
        file=name,
        commands=frozenset(macros.places),
        places=dict(macros.places),
    )


def _statements(description: Description, profile: Profile) -> Iterator[Queue]:
    """The queue statements, including the one that some versions of HTCondor add."""
    statement = None
    for statement in description:
        yield statement
    if statement is None and profile.single_queue and description.macros.places:
        yield Queue(Place(description.name, None), queueing.Arguments(), ())


class _CachedFolder:
    """A folder that looks up everything only once, however many jobs need it."""

    def __init__(self, folder: Folder):
        self.get: Callable[[str], Found] = functools.cache(folder.get)
        self.standing: Callable[[str], Entry | None] = functools.cache(folder.standing)
        self.names: Callable[[str], list[str]] = functools.cache(folder.names)


@dataclass
class _Cluster:
    """The jobs of one submission."""

    number: int
    variables: Mapping[str, str]
    """What is known of the submitter's environment."""
    jobs: list[Job] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    """The values of the first job's commands."""


def _queue(statement: Queue, macros: Macros, folder: Folder, cluster: _Cluster, profile: Profile) -> None:
    """Append the jobs of a queue statement, and remarks on them."""
    jobs, remarks = cluster.jobs, cluster.remarks
    arguments, rows = statement.arguments, statement.rows
    items = [(0, "")]
    if arguments.mode:
        if arguments.file:
            rows = _rows(arguments.file, folder, remarks)
        is_table = arguments.table
        arguments, rows = queueing.headed(arguments, rows)
        if is_table and not arguments.table:
            text = (
                "the first row does not name the columns, separated by commas: HTCondor takes each row for a plain item"
            )
            remarks.append(Remark(*statement.place, text, CAUTION))
        items = queueing.items(arguments, rows, folder, profile.signed_steps)
    elif profile.single_queue:
        arguments = replace(arguments, count=max(arguments.count, 1))
    if (arguments.selected.step or 1) < 0 and not profile.signed_steps:
        raise Problem("the step of a slice is negative", "Write [START:END] or [START:END:STEP].")
    if len(jobs) + len(items) * arguments.count > MOST_JOBS:
        raise Problem(f"more than {MOST_JOBS} jobs", "Queue fewer to simulate them.")
    for variable in arguments.variables:
        macros.loop(variable, "")
    for row, item in items:
        given = queueing.fields(item, arguments, profile.short_rows_keep_values)
        if arguments.mode:
            _check_row(statement.place, item, given, arguments.variables, profile, remarks)
        for variable, value in given.items():
            macros.loop(variable, value)
        for step in range(arguments.count):
            macros.assign(process=len(jobs), procid=len(jobs), step=step, row=row, itemindex=row)
            jobs.append(_job(_Commands(macros, statement.place, cluster), folder, cluster, profile))
    for variable in arguments.variables:
        macros.loop(variable, "")


def _check_row(
    place: Place,
    item: str,
    given: Mapping[str, str],
    variables: tuple[str, ...],
    profile: Profile,
    remarks: list[Remark],
) -> None:
    """Add a remark on a row of a list that is empty or has too few values."""
    if not item.strip():
        text = "the list has an empty line: HTCondor queues a job for it, with " + (
            "the values of the line before" if not given else f"an empty $({variables[0]})"
        )
        remarks.append(Remark(*place, text, CAUTION))
    elif missing := [name for name in variables if name not in given]:
        text = f"{item!r} has no value for {missing[0]}: HTCondor {profile.version} keeps that of the line before"
        remarks.append(Remark(*place, text, CAUTION))


def _rows(file: str, folder: Folder, remarks: list[Remark]) -> tuple[str, ...]:
    entry = folder.get(file)
    if not isinstance(entry, File):
        raise Problem(f"there is no file {file} with the items", "Check its name.")
    lines = tuple(line for _, line in logical_lines(entry.text, file, remarks))
    if any(line.startswith("#") for line in lines):
        text = "a line begins with #: HTCondor takes it as an item, not as a comment"
        remarks.append(Remark(file, None, text, CAUTION))
    return lines


_OF_EACH_JOB = ("initialdir", "transfer_executable")
"""Commands that, where they are empty, are not taken from the first job."""


class _Commands:
    """The commands of one job."""

    def __init__(self, macros: Macros, queued: Place, cluster: _Cluster):
        self.variables = cluster.variables
        self._macros, self._queued, self._remarks = macros, queued, cluster.remarks
        self._is_first, self._first = not cluster.jobs, cluster.values

    def place(self, command: str) -> Place:
        """The place of a command; the queue statement's if it is not given."""
        return self._macros.places.get(self._spelling(command).lower(), self._queued)

    def read(self, command: str, convert: Callable[[str], T], default: T) -> T:
        """A command's value, converted by `convert`; `default` if it is not given or empty.

        Raises SubmitError at the command's place for any Problem.
        """
        text = ""
        try:
            raw = self._macros.get(self._spelling(command))
            text = self._as_the_first(command, "" if raw is None else self._expanded(command, raw))
            return convert(text) if text else default
        except Problem as error:
            likely = difflib.get_close_matches(command, commands.NAMES, 1, 0.75) if command not in commands.ALL else []
            meant = f" Did you mean {likely[0]}?" if likely else ""
            comment = " A comment needs a line of its own." if "#" in text else ""
            problem = Problem(f"{command}: {error.problem}", error.remedy + comment + meant)
            raise SubmitError.at(self.place(command), problem) from None

    def text(self, command: str) -> str | None:
        """A command's value, or None if it is not given or empty."""
        return self.read(command, str, None)

    def has(self, name: str) -> bool:
        """Whether a command, macro or attribute of this name is given."""
        return name in self._macros

    def names(self) -> Iterator[str]:
        """The usual names, in lower case, of the commands that are given."""
        return (commands.USUAL.get(name, name) for name in self._macros.places)

    def misspelt(self, command: str) -> str | None:
        """A given name that looks like a misspelling of this command, which is missing; None if there is none."""
        names = [name for name in self._macros.places if name not in commands.ALL]
        return next(iter(difflib.get_close_matches(command, names, 1, 0.75)), None)

    def error(self, command: str, problem: str, remedy: str) -> SubmitError:
        """The error for a problem with a command."""
        return SubmitError(*self.place(command), problem, remedy)

    def remark(self, command: str, text: str, kind: str = CAUTION, *, decides: bool = False) -> None:
        """Add a remark on a command."""
        self._remarks.append(Remark(*self.place(command), text, kind, decides))

    def remarks_on(self, command: str) -> Callable[..., None]:
        """A function that adds a text, preceded by the command's name, as a remark on it."""
        return lambda text, kind=CAUTION, **fields: self.remark(command, f"{command}: {text}", kind, **fields)

    def _as_the_first(self, command: str, text: str) -> str:
        """A command's value; where it is empty, that of the first job, of which HTCondor queues the others as changes."""
        if command in _OF_EACH_JOB or command.startswith("My."):
            return text
        if self._is_first:
            self._first[command] = text
        elif not text and (text := self._first.get(command, "")):
            self.remark(
                command, f"{command} is empty for a later job: HTCondor gives it that of the first job, {text!r}"
            )
        return text

    def _spelling(self, command: str) -> str:
        names = (command, *commands.OTHERS.get(command, ()))
        return next((name for name in names if name in self._macros), command)

    def _expanded(self, command: str, raw: str) -> str:
        self._macros.undefined.clear()
        self._macros.random.clear()
        text = self._macros.expand(raw)  # HTCondor keeps the white space that an empty macro leaves
        for function in sorted(self._macros.random):
            self.remark(command, f"{command}: ${function}() is random at each submission; here it is always {text}")
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
                f"{command}: HTCondor leaves {left[0]} as it is; a default may contain only letters, "
                "digits, spaces and _ . , / \\ : $",
            )
        return text


def _job(given: _Commands, folder: Folder, cluster: _Cluster, profile: Profile) -> Job:
    """A job. The path of its executable is relative to the submit directory; all others are relative to
    initialdir, which is by default the submit directory."""
    home = given.read("initialdir", lambda path: _directory(folder, path), "")
    keep_paths = given.read("preserve_relative_paths", boolean, False)
    _check_values(given)
    files_at_commas = functools.partial(values.files_at_commas, quoted=profile.quoted_lists)

    def sent(command: str, paths: Callable[[str], tuple[str, ...] | None], keep_paths: bool) -> Inputs:
        def read(text: str) -> Inputs:
            return inputs(folder, home, paths(text) or (), keep_paths, given.remarks_on(command))

        return given.read(command, read, Inputs(Tree()))

    listed = sent("transfer_input_files", files_at_commas, keep_paths)
    plugins = sent("transfer_plugins", values.plugins, False)
    public = sent("public_input_files", files_at_commas, keep_paths)
    standard = given.read("input", lambda path: stdin(folder, home, path, given.remarks_on("input")), Stdin())
    script = given.text("shell") if profile.shell else None
    executable, program, transferred = ("/bin/sh", Tree(), False) if script else _executable(given, folder)
    success = given.read("success_exit_code", integer, None)
    retries, remove = _retries(given, success)
    when = given.read("when_to_transfer_output", values.when_to_transfer, "ON_EXIT")
    code, by_signal = _checkpoint_exit(given)
    # HTCondor adds the variables of the other jobs to those of the first.
    inherited = dict(cluster.jobs[0].environment) if cluster.jobs else {}
    output, error = _stream(given, "output", home), _stream(given, "error", home)
    stream_output, stream_error = (given.read(command, boolean, False) for command in ("stream_output", "stream_error"))
    remaps = _remaps(given, profile)
    kill_sig = given.read("kill_sig", values.signal_number, Job.kill_sig)
    kill_sig_timeout = given.read("kill_sig_timeout", number, Job.max_vacate_time)
    streamed = [path for path, streams in ((output, stream_output), (error, stream_error)) if path and streams]
    job = Job(
        executable=executable,
        arguments=("-c", script) if script else given.read("arguments", values.arguments, ()),
        environment=tuple({**inherited, **_environment(given)}.items()),
        inputs=plugins.files | listed.files | public.files | standard.inputs.files | program,
        missing_input=listed.missing or public.missing or plugins.missing or standard.inputs.missing,
        initialdir=home,
        stdin=standard.name,
        transfer_executable=transferred,
        checkpoint_exit_code=code,
        checkpoint_signal=by_signal,
        transfer_checkpoint_files=given.read("transfer_checkpoint_files", values.files, None),
        transfer_output_files=given.read("transfer_output_files", files_at_commas, None),
        transfer_output_remaps=remaps.pairs,
        remaps_unfinished=remaps.unfinished,
        preserve_relative_paths=keep_paths,
        on_exit_or_evict=when == "ON_EXIT_OR_EVICT",
        output=output,
        error=error,
        log=_stream(given, "log", home),
        notes=given.read("submit_event_notes", str, ""),
        stream_output=stream_output,
        stream_error=stream_error,
        erases_streams=given.read("erase_output_and_error_on_restart", boolean, Job.erases_streams),
        unstreamable=next((path for path in streamed if not _is_streamable(given, folder, path)), ""),
        streamed_onto=_existing_files(folder, *streamed),
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
        periodic_vacate=_policy(given, "periodic_vacate") if profile.periodic_vacate else "",
        allowed_execute_duration=given.read("allowed_execute_duration", values.whole_number, None),
        allowed_job_duration=given.read("allowed_job_duration", values.whole_number, None),
        max_transfer_input_mb=given.read("max_transfer_input_mb", values.most_mb, None),
        max_transfer_output_mb=given.read("max_transfer_output_mb", values.most_mb, None),
        # condor_vacate_job and condor_hold send the signal that is for condor_rm, if it is given.
        kill_sig=given.read("remove_kill_sig", values.signal_number, kill_sig),
        max_vacate_time=float(given.read("job_max_vacate_time", number, kill_sig_timeout)),
        request_cpus=given.read("request_cpus", check, ""),
        request_memory=given.read("request_memory", values.amount, ""),
        request_disk=given.read("request_disk", values.amount, ""),
        cluster=cluster.number,
        proc=len(cluster.jobs),
    )
    _check(given, job)
    return replace(job, in_the_way=_in_the_way(folder, job))


def _environment(given: _Commands) -> dict[str, str]:
    """The variables of `environment`, and those that getenv adds."""
    own: tuple[tuple[str, str], ...] = given.read("environment", values.environment, ())
    passed = dict(values.passed_on(given.text("getenv") or "", given.variables))
    if passed:
        given.remark("getenv", f"getenv passes on the values that are set here: {series(list(passed), 20)}")
    return {**passed, **dict(own)}


def _retries(given: _Commands, success: int | None) -> tuple[float, str]:
    """R6: how often the job may be requeued, and the condition under which it leaves the queue earlier, as condor_submit
    derives it from the commands; "" for success alone."""
    retries, remove = given.read("max_retries", integer, None), _policy(given, "on_exit_remove")
    if retries is None and success is None and given.text("retry_until") is None:
        return (math.inf if remove else 0), remove
    until = _policy(given, "retry_until")
    more = [f"({text})" for text in (until, remove) if text]
    # HTCondor's default is 2 if only the other commands are given.
    return 2 if retries is None else retries, " || ".join([f"ExitCode =?= {success or 0}", *more]) if more else ""


def _policy(given: _Commands, command: str) -> str:
    """The expression of a policy; "" if it is not given or not simulated."""
    text = given.read(command, values.retry_until if command == "retry_until" else check, "")
    return text if _is_simulated(command, text) else ""


def _remaps(given: _Commands, profile: Profile) -> values.Remaps:
    """The pairs of transfer_output_remaps. A file for a URL gets the last part of the URL as its name."""
    read = given.read(
        "transfer_output_remaps",
        lambda text: values.remaps(text, profile.bare_remaps, profile.skips_bad_remaps),
        values.Remaps(),
    )
    remark = given.remarks_on("transfer_output_remaps")
    pairs: list[tuple[str, str]] = []
    for name in read.passed_over:
        remark(f"HTCondor passes over {name!r}, which is no pair `name = new name`")
    if read.unfinished:
        remark(
            f"it does not end with a pair `name = new name`, so HTCondor {profile.version} overlooks the name that it adds "
            "there for stdout, or else for stderr: the stream comes home under its name in the sandbox"
        )
    for name, new in read.pairs:
        if ";" in name:
            remark(f"HTCondor {profile.version} takes {name!r} for one name: remove the semicolon that is too much")
        if values.is_url(new):
            remark(f"{name} is not sent to {new}: there is no network here; the file goes to the submit directory")
            new = posixpath.basename(new.rstrip("/")) or name
            if new == name:  # for HTCondor, a name that stands for itself would be a circle
                continue
        elif not new or new.endswith("/"):
            remark(f"{name!r} can't come home as {new!r}, which is a directory, and the job is held; add a name")
        pairs.append((name, new))
    return read._replace(pairs=tuple(pairs))


def _executable(given: _Commands, folder: Folder) -> tuple[str, Tree, bool]:
    """The command to start, its file in the sandbox, and whether it is transferred."""
    transfer = given.text("transfer_executable")
    transferred = transfer is None or transfer[0] not in "fF"
    if transfer and transferred and transfer.lower() not in ("true", "t", "yes", "y", "1"):
        given.remark("transfer_executable", f"HTCondor reads {transfer!r} as True; for false, write False")
    path = given.text("executable")
    if path is None:
        if likely := given.misspelt("executable"):
            raise given.error(likely, f"{likely} is not a submit command", "Did you mean executable?")
        if given.has("shell"):
            raise given.error(
                "shell",
                "shell is not a command of this HTCondor, and there is no executable",
                "Write `executable = PROGRAM`, or choose HTCondor 25: --profile v25.",
            )
        if image := next((name for name in _IMAGES if given.text(name)), None):
            raise given.error(
                image,
                f"{image}: without an executable, the job runs the image's own program, which is not simulated",
                "Name an executable to try the job here.",
            )
        raise given.error("executable", "no executable is given", "Add `executable = PROGRAM`.")
    if not transferred:
        return path, Tree(), False
    program = given.read("executable", folder.get, None)
    name = posixpath.basename(posixpath.normpath(path))
    if isinstance(program, Tree):
        given.remark("executable", f"executable: {path} is a directory, and the job is held when it starts")
        return name, Tree({name: Directory()}), True
    if program is None:
        raise given.error(
            "executable",
            f"executable: {path} does not exist",
            "Check its name, or write `transfer_executable = False` for a program that the execution points have.",
        )
    _check_program(given, path, program)
    return name, Tree({name: File(program.content, executable=True)}), True


def _check_program(given: _Commands, path: str, program: File) -> None:
    """Raises SubmitError if condor_submit would refuse this executable."""
    first, newline, _ = program.content.partition(b"\n")
    if not program.content:
        raise given.error("executable", f"executable: {path} is empty", "Write the program to it.")
    if newline and first.startswith(b"#!") and first.endswith(b"\r"):
        raise given.error(
            "executable",
            f"executable: {path} is a script with Windows line ends (CRLF), so it can't be started",
            f"Convert it: dos2unix {path}.",
        )


def _checkpoint_exit(given: _Commands) -> tuple[int | None, int | None]:
    """R1: the exit code or the signal that means a checkpoint, from the command, or from the job attributes that it
    sets."""
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
        raise Problem(f"there is no directory {path}", "Create it, or check its name.")
    return path


def _stream(given: _Commands, command: str, home: str) -> str | None:
    path = given.text(command)
    return None if path is None or path == "/dev/null" else posixpath.join(home, path)


def _is_streamable(given: _Commands, folder: Folder, path: str) -> bool:
    """Whether HTCondor can open the file to which a stream is streamed: it makes no directory for it."""
    directory, existing = posixpath.dirname(path), folder.standing(path)
    if not isinstance(folder.get(directory or "."), Tree):
        problem = f"{directory} does not exist; create it"
    elif isinstance(existing, Directory):
        problem = f"{path} is a directory"
    elif isinstance(existing, File) and not existing.writable:
        problem = f"{path} is read-only"
    else:
        return True
    given.remark("output", f"the job is held when it starts, as nothing can be streamed to {path}: {problem}")
    return False


def _existing_files(folder: Folder, *paths: str | None) -> Tree:
    """The files with these names in the submit directory."""
    entries = {path: folder.get(path) for path in paths if path}
    return Tree({path: entry for path, entry in entries.items() if isinstance(entry, File)})


def _in_the_way(folder: Folder, job: Job) -> Tree:
    """The entries in the submit directory that affect how output is returned: directories, read-only files and links with
    names of output files or streams."""
    streams = [posixpath.normpath(place) for name in job.streams if (place := destination(job, name))]
    if job.transfer_output_files is None:  # any file of the sandbox may be returned
        listed = [*folder.names(job.initialdir), *(name for name, _ in job.transfer_output_remaps)]
    else:
        listed = [
            path if job.preserve_relative_paths else posixpath.basename(posixpath.normpath(path))
            for path in job.transfer_output_files
        ]
    names = {posixpath.normpath(place) for name in listed if (place := destination(job, name))}
    existing = {name: folder.standing(name) for name in (*names, *streams)}
    return Tree(
        {
            name: entry
            for name, entry in existing.items()
            if isinstance(entry, (Link, Directory)) or (isinstance(entry, File) and not entry.writable)
        }
    )


# -- remarks -----------------------------------------------------------------------


def _check(given: _Commands, job: Job) -> None:
    """Add remarks on commands with an unexpected effect, or none here."""
    _check_checkpoint(given, job)
    _check_transfer(given, job)
    if (universe := given.read("universe", values.universe, "vanilla")) != "vanilla":
        given.remark(
            "universe",
            f"{universe} has no effect here: the job runs in the vanilla universe",
            NO_EFFECT,
            decides=universe in _ELSEWHERE,
        )
    if job.max_retries < 0:
        given.remark("max_retries", f"{job.max_retries} means no retries; write 0, or the number of retries")
    _check_requests(given, job)


_IMAGES = ("docker_image", "container_image")
_ELSEWHERE = ("docker", "container", "java", "vm", "grid")
"""Universes whose jobs can't run here."""

_KINDS = {
    **dict.fromkeys(commands.EXPRESSIONS, check),
    **dict.fromkeys(commands.CONSTANTS, constant),
    "requirements": lambda text: check(f"({text})"),  # HTCondor adds parentheses, to append conditions
    "request_memory": values.amount,
    "request_disk": values.amount,
    "kill_sig": values.signal_number,
    "remove_kill_sig": values.signal_number,
    "hold_kill_sig": values.signal_number,
    "notification": values.notification,
    "universe": values.universe,
    "accounting_group": values.group,
    "image_size": values.image_size,
    "retry_until": values.retry_until,
}


def _check_values(given: _Commands) -> None:
    """Raises SubmitError for a value that condor_submit refuses, even if the command is not simulated."""
    for name in given.names():
        if kind := _KINDS.get(name) or (check if name.startswith(("my.", "request_")) else None):
            given.read(name, kind, None)
    images = [name for name in _IMAGES if given.text(name)]
    universe = given.read("universe", values.universe, "vanilla")
    if (universe == "docker" and "docker_image" not in images) or (universe == "container" and not images):
        raise given.error(
            "universe", f"the {universe} universe needs an image", f"Add a line `{universe}_image = IMAGE`."
        )
    if universe == "parallel" and not (given.text("machine_count") or given.text("node_count")):
        raise given.error("universe", "the parallel universe needs machine_count", "Say how many.")
    if len(images) > 1:
        raise given.error("container_image", "docker_image and container_image don't go together", "Name one image.")


def _check_requests(given: _Commands, job: Job) -> None:
    """Add remarks on requests that no slot can meet: what HTCondor can't evaluate matches nothing."""
    for command, text, example in (
        ("request_cpus", job.request_cpus, "1"),
        ("request_memory", job.request_memory, "2GB"),
        ("request_disk", job.request_disk, "2GB"),
    ):
        if text.startswith('"'):
            why = f"the double quotes make {text} a string, which is not an amount"
        elif re.fullmatch(r"[A-Za-z_]\w*", text) and text.lower() not in commands.HAD and not given.has(f"My.{text}"):
            why = f"HTCondor takes {text} for an attribute, and a new job has none of that name"
        else:
            continue
        given.remark(command, f"{command}: {why}, so the job would never start; write {example}, for example")


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
        if wild := next((name for name in getattr(job, command) or () if {*name} & {*"*?"}), None):
            given.remark(command, f"{wild} is the name of a single file: there are no wildcards in this list")


def _check_transfer(given: _Commands, job: Job) -> None:
    should = given.read("should_transfer_files", values.should_transfer, "")
    when = given.read("when_to_transfer_output", values.when_to_transfer, "ON_EXIT")
    listed = given.text("transfer_input_files") or given.text("transfer_output_files")
    problem, remedy = "", "Write should_transfer_files = YES."
    if should == "NO" and given.text("when_to_transfer_output"):
        problem = "should_transfer_files = NO does not go with when_to_transfer_output"
        remedy = "Remove when_to_transfer_output, or write should_transfer_files = YES."
    elif should == "NO" and listed:
        problem = "should_transfer_files = NO, but there are files to transfer"
    elif should == "IF_NEEDED" and job.on_exit_or_evict:
        problem = "should_transfer_files = IF_NEEDED does not go with ON_EXIT_OR_EVICT"
    if problem:
        raise given.error("should_transfer_files", problem, remedy)
    if spaced := next((name for name in job.transfer_output_files or () if re.search(r"\s", name)), None):
        given.remark("transfer_output_files", f"{spaced!r} is a single name, as this list is split only at commas")
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
        given.remark("when_to_transfer_output", "HTCondor treats NEVER as ON_EXIT")
    if when == "ON_SUCCESS":
        given.remark(
            "when_to_transfer_output",
            f"{when} has no effect here: output is returned on every exit",
            NO_EFFECT,
            decides=True,
        )


_CHECKPOINT_EXIT = ("my.successcheckpointexitcode", "my.successcheckpointexitsignal")


def _on_names(macros: Macros, queued: Place, variables: Mapping[str, str], profile: Profile) -> list[Remark]:
    """Remarks on commands that don't exist, have no effect here, or follow the last queue statement."""
    said = (_on_name(name, place, macros, queued, variables, profile) for name, place in macros.places.items())
    return [remark for remark in said if remark]


def _on_name(
    name: str, place: Place, macros: Macros, queued: Place, variables: Mapping[str, str], profile: Profile
) -> Remark | None:
    """The remark on a command, if there is anything to say."""
    usual = commands.USUAL.get(name, name)
    if place.file == queued.file and (place.line or 0) > (queued.line or place.line or 0):
        return Remark(*place, f"{name} comes after the last queue statement, so no job sees it", CAUTION)
    if name in ("my.wantftoncheckpoint", *_CHECKPOINT_EXIT):
        if "my.wantftoncheckpoint" in macros and any(name in macros for name in _CHECKPOINT_EXIT):
            return None
        remedy = "use checkpoint_exit_code and transfer_checkpoint_files"
        return Remark(*place, f"+{name[3:]} has no effect here: {remedy}", NO_EFFECT)
    if name.startswith("my.") and (command := commands.overridden(name)):
        remedy = f": write {command} = ..." * (command in commands.SPELLINGS or command in commands.LIMITED)
        text = f"+{name[3:]} takes the place of {command} in the job, which is not simulated{remedy}"
        return Remark(*place, text, NO_EFFECT, not _is_usual(command, name, macros))
    if name in commands.PROGRAMS_BESIDE:
        text = f"+{name[3:]} has no effect in this simulator, though it may change how the job ends"
        return Remark(*place, text, NO_EFFECT, True)
    if usual == "periodic_vacate" and not profile.periodic_vacate:
        return Remark(*place, f"HTCondor {profile.version} has no {usual}", NO_EFFECT)
    if usual in commands.LIMITED and _is_simulated(usual, macros.value(name)):
        return _on_policy(name, place, usual, macros)
    if usual == "getenv" and values.passed_on(macros.value(name), variables):
        return None  # the remark on it is the job's
    if usual in commands.IDLE or usual in commands.LIMITED:
        decides = usual in commands.DECIDING and not (
            _is_usual(usual, name, macros) or _matters_only_when_held(usual, name, macros)
        )
        ending = ", though it may change how the job ends" if decides else ""
        return Remark(*place, f"{name} has no effect in this simulator{ending}", NO_EFFECT, decides)
    if (
        name in commands.ALL
        or name in macros.mentioned
        or name.startswith(commands.PREFIXES)
        or any(part in name for part in commands.PARTS)
    ):
        return None
    likely = difflib.get_close_matches(name, commands.NAMES, n=1, cutoff=0.75)
    ending = f": did you mean {likely[0]}?" if likely else f", and no $({name}) uses it"
    return Remark(*place, f"{name} is not a submit command{ending}", UNKNOWN)


def _on_policy(name: str, place: Place, usual: str, macros: Macros) -> Remark | None:
    """The same for a policy that is simulated, at least on one schedule."""
    one = "so one schedule can be simulated, but not all of them"
    if usual in commands.POLICIES and "numjobstarts" in classads.read(macros.value(name)).names:
        why = "depends on NumJobStarts: how the job ends depends on how often it was evicted"
    elif usual in _PERIODIC_CHECKS and not (
        _matters_only_when_held(usual, name, macros) or _depends_on_the_end(macros, macros.value(name))
    ):
        why = "depends on more than how the program ends: how the job ends depends on when HTCondor checks"
    else:
        return None
    return Remark(*place, f"{name} {why}, {one}", CAUTION, True)


def _is_simulated(command: str, text: str) -> bool:
    """Whether the value of a command in commands.LIMITED can be evaluated here."""
    try:
        if command in commands.BOUNDS:
            return bool(text) and values.whole_number(text) is not None
        known = PERIODIC_ATTRIBUTES if command in commands.PERIODIC else POLICY_ATTRIBUTES
        return bool(text) and classads.read(text).depends_only_on(known)
    except Problem:  # reported by another check
        return False


_PERIODIC_CHECKS = ("periodic_hold", "periodic_release", "periodic_remove", "periodic_vacate")


def _matters_only_when_held(command: str, name: str, macros: Macros) -> bool:
    """Whether the command under this name decides nothing for a job that is never held."""
    try:
        return command == "periodic_release" or (command in _PERIODIC_CHECKS and only_when_held(macros.value(name)))
    except Problem:  # reported by another check
        return False


def _depends_on_the_end(macros: Macros, text: str) -> bool:
    """Whether a periodic policy depends only on how the program ends, and is false before. Then it does not matter when
    HTCondor checks. Exiting with the checkpoint code is not an end."""
    policy = classads.read(text)
    try:
        code = integer(macros.expand(macros.get("checkpoint_exit_code") or "0"))
    except Problem:  # reported by another check
        return False
    before: tuple[dict[str, classads.Value], ...] = ({}, dict(Exit(code).attributes))
    by_signal = any(name in macros for name in _CHECKPOINT_EXIT)
    return (
        not by_signal
        and policy.names <= EXIT_ATTRIBUTES
        and not any(classads.is_true(policy.value(ad)) for ad in before)
    )


def _is_usual(command: str, name: str, macros: Macros) -> bool:
    """Whether the value under this name is that with which the command does not change how the job ends."""
    try:
        text = macros.value(name).strip()
        return command in commands.DECIDING and (not text or boolean(text) is commands.DECIDING[command])
    except Problem:  # an expression
        return False
