"""Turns a submit description into jobs.

It gives commands their meaning, as HTCondor does, and collects the jobs' input files. description.py reads the lines,
macros.py expands macros, queueing.py reads queue statements, given.py looks up commands, and checks.py says what is wrong
with them.
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
from typing import Any, TypeVar

from ..files import read_named
from ..problems import CAUTION, HELD, Place, Problem, Remark, SubmitError
from ..rules.classads import check
from ..rules.job import Job
from ..rules.profile import MODERN, Profile
from ..rules.transfer import destination
from ..text import series
from ..tree import Directory, Entry, File, Link, Tree
from . import commands, queueing, values
from .checks import IMAGES, check_job, check_values, is_simulated, on_names
from .description import Description, Queue, logical_lines
from .folder import DiskFolder, Folder, Found, Inputs, Stdin, inputs, stdin
from .given import Cluster, Commands
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
    places: Mapping[str, Place] = field(default_factory=dict)
    """The place of each submit command and macro that is given; their names are in lower case."""

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
        raise SubmitError(str(path), None, f"the submit file can't be read ({reason})", _suggestion(path)) from None
    if appended:
        queue = _QUEUES.search(text)
        before = queue.start() if queue else len(text)
        text = "\n".join([text[:before], *appended, text[before:]])
    submission = parse(text, DiskFolder(path.parent), name=path.name, profile=profile, variables=variables)
    return replace(submission, remarks=(*encoding, *submission.remarks))


def _suggestion(path: Path) -> str:
    """What to do about a submit file that can't be read: its name may stand for another file."""
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
    submitted = Cluster(cluster, variables=variables)
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
        (*description.remarks, *on_names(macros, statement.place, variables, profile), *remarks)
    )
    return Submission(
        jobs=tuple(replace(job, batch_size=len(jobs)) for job in jobs),
        remarks=tuple(sorted(all_remarks, key=lambda remark: (remark.file != name, remark.file, remark.line or 0))),
        file=name,
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


def _queue(statement: Queue, macros: Macros, folder: Folder, cluster: Cluster, profile: Profile) -> None:
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
        if arguments.mode and (text := _on_row(item, given, arguments.variables, profile)):
            remarks.append(Remark(*statement.place, text, CAUTION))
        for variable, value in given.items():
            macros.loop(variable, value)
        for step in range(arguments.count):
            macros.assign(process=len(jobs), procid=len(jobs), step=step, row=row, itemindex=row)
            jobs.append(_job(Commands(macros, statement.place, cluster), folder, profile))
    for variable in arguments.variables:
        macros.loop(variable, "")


def _on_row(item: str, given: Mapping[str, str], variables: tuple[str, ...], profile: Profile) -> str:
    """The remark on a row of a list that is empty or has too few values; "" for other rows."""
    if not item.strip():
        values = f"an empty $({variables[0]})" if given else "the values of the line before"
        return f"the list has an empty line: HTCondor queues a job for it, with {values}"
    missing = next((name for name in variables if name not in given), None)
    kept = f"{item!r} has no value for {missing}: HTCondor {profile.version} keeps that of the line before"
    return kept if missing else ""


def _rows(file: str, folder: Folder, remarks: list[Remark]) -> tuple[str, ...]:
    entry = folder.get(file)
    if not isinstance(entry, File):
        raise Problem(f"there is no file {file} with the items", "Check its name.")
    lines = tuple(line for _, line in logical_lines(entry.text, file, remarks))
    if any(line.startswith("#") for line in lines):
        text = "a line begins with #: HTCondor takes it as an item, not as a comment"
        remarks.append(Remark(file, None, text, CAUTION))
    return lines


def _job(given: Commands, folder: Folder, profile: Profile) -> Job:
    """A job. The path of its executable is relative to the submit directory; all others are relative to
    initialdir, which is by default the submit directory."""
    home = given.read("initialdir", lambda path: _directory(folder, path), "")
    keep_paths = given.read("preserve_relative_paths", boolean, False)
    check_values(given)
    files_at_commas = functools.partial(values.files_at_commas, quoted=profile.quoted_lists)
    amount = functools.partial(values.amount, listed=profile.listed_requests)

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
    earlier = given.cluster.jobs
    inherited = dict(earlier[0].environment) if earlier else {}
    output, error = _stream(given, "output", home), _stream(given, "error", home)
    stream_output, stream_error = (given.read(command, boolean, False) for command in ("stream_output", "stream_error"))
    remaps = _remaps(given, profile)
    policies: dict[str, Any] = {name: _policy(given, name) for name in (*commands.HOLDS, *commands.PERIODIC)}
    if not profile.periodic_vacate:
        del policies["periodic_vacate"]
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
        streamed_onto=Tree({path: file for path in streamed if isinstance(file := folder.get(path), File)}),
        max_retries=retries,
        success_exit_code=success or 0,
        on_success=success is not None,
        on_exit_remove=remove,
        **policies,
        allowed_execute_duration=given.read("allowed_execute_duration", values.whole_number, None),
        allowed_job_duration=given.read("allowed_job_duration", values.whole_number, None),
        max_transfer_input_mb=given.read("max_transfer_input_mb", values.most_mb, None),
        max_transfer_output_mb=given.read("max_transfer_output_mb", values.most_mb, None),
        # condor_vacate_job and condor_hold send the signal that is for condor_rm, if it is given.
        kill_sig=given.read("remove_kill_sig", values.signal_number, kill_sig),
        max_vacate_time=float(given.read("job_max_vacate_time", number, kill_sig_timeout)),
        request_cpus=given.read("request_cpus", check, ""),
        request_memory=given.read("request_memory", amount, ""),
        request_disk=given.read("request_disk", amount, ""),
        cluster=given.cluster.number,
        proc=len(earlier),
    )
    check_job(given, job)
    return replace(job, in_the_way=_in_the_way(folder, job))


def _environment(given: Commands) -> dict[str, str]:
    """The variables of `environment`, and those that getenv adds."""
    own: tuple[tuple[str, str], ...] = given.read("environment", values.environment, ())
    passed = dict(values.passed_on(given.text("getenv") or "", given.cluster.variables))
    if passed:
        given.remark("getenv", f"getenv passes on the values that are set here: {series(list(passed), 20)}")
    return {**passed, **dict(own)}


def _retries(given: Commands, success: int | None) -> tuple[float, str]:
    """R6: how often the job may be requeued, and the condition under which it leaves the queue earlier, as condor_submit
    derives it from the commands; "" for success alone."""
    retries, remove = given.read("max_retries", integer, None), _policy(given, "on_exit_remove")
    if retries is None and success is None and given.text("retry_until") is None:
        return (math.inf if remove else 0), remove
    until = _policy(given, "retry_until")
    more = [f"({text})" for text in (until, remove) if text]
    # HTCondor's default is 2 if only the other commands are given.
    return 2 if retries is None else retries, " || ".join([f"ExitCode =?= {success or 0}", *more]) if more else ""


def _policy(given: Commands, command: str) -> str:
    """The expression of a policy; "" if it is not given or not simulated."""
    text = given.read(command, values.retry_until if command == "retry_until" else check, "")
    return text if is_simulated(command, text) else ""


def _remaps(given: Commands, profile: Profile) -> values.Remaps:
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


def _executable(given: Commands, folder: Folder) -> tuple[str, Tree, bool]:
    """The command to start, its file in the sandbox, and whether it is transferred."""
    transfer = given.text("transfer_executable")
    transferred = transfer is None or transfer[0] not in "fF"
    if transfer and transferred and transfer.lower() not in ("true", "t", "yes", "y", "1"):
        given.remark("transfer_executable", f"HTCondor reads {transfer!r} as True; for false, write False")
    path = given.text("executable")
    if path is None:
        if likely := given.misspelt("executable"):
            raise given.error(likely, f"{likely} is not a submit command", "Did you mean executable?")
        if "shell" in given.macros:
            raise given.error(
                "shell",
                "shell is not a command of this HTCondor, and there is no executable",
                "Write `executable = PROGRAM`, or choose HTCondor 25: --profile v25.",
            )
        if image := next((name for name in IMAGES if given.text(name)), None):
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
        inside = posixpath.join(path, "PROGRAM")
        given.remark(
            "executable",
            f"executable: {path} is a directory, and the job is held when it starts: name a file, as in {inside}",
        )
        return name, Tree({name: Directory()}), True
    if program is None:
        raise given.error(
            "executable",
            f"executable: {path} does not exist",
            "Check its name, or write `transfer_executable = False` for a program that the execution points have.",
        )
    _check_program(given, path, program)
    return name, Tree({name: File(program.content, executable=True)}), True


def _check_program(given: Commands, path: str, program: File) -> None:
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


def _checkpoint_exit(given: Commands) -> tuple[int | None, int | None]:
    """R1: the exit code or the signal that means a checkpoint, from the command and the job attributes that it sets, of
    which those that are given count."""
    code = given.read("checkpoint_exit_code", integer, None)
    if not given.read("My.WantFTOnCheckpoint", boolean, code is not None):
        return None, None
    if given.read("My.SuccessCheckpointExitBySignal", boolean, False):
        return None, given.read("My.SuccessCheckpointExitSignal", values.number_or_text, None)
    return given.read("My.SuccessCheckpointExitCode", values.number_or_text, code), None


def _directory(folder: Folder, path: str) -> str:
    if not isinstance(folder.get(path), Tree):
        raise Problem(f"there is no directory {path}", "Create it, or check its name.")
    return path


def _stream(given: Commands, command: str, home: str) -> str | None:
    path = given.text(command)
    return None if path is None or path == "/dev/null" else posixpath.join(home, path)


def _is_streamable(given: Commands, folder: Folder, path: str) -> bool:
    """Whether HTCondor can open the file to which a stream is streamed; it does not create a directory for it."""
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
