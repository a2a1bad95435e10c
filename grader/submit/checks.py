"""What condor_submit refuses besides wrong syntax, and remarks on what is probably a mistake or has no effect here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress

from ..problems import CAUTION, NO_EFFECT, UNKNOWN, Place, Problem, Remark
from ..rules import classads
from ..rules.classads import check, constant
from ..rules.execution import EXIT_ATTRIBUTES, Exit
from ..rules.job import Job
from ..rules.profile import Profile
from ..rules.step import PERIODIC_ATTRIBUTES, POLICY_ATTRIBUTES, only_when_held
from . import commands, values
from .given import Commands
from .macros import Macros, boolean, integer


def check_job(given: Commands, job: Job) -> None:
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


IMAGES = ("docker_image", "container_image")
_ELSEWHERE = ("docker", "container", "java", "vm", "grid")
"""Universes whose jobs can't run here."""

_KINDS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(commands.EXPRESSIONS, check),
    **dict.fromkeys(commands.CONSTANTS, constant),
    "requirements": lambda text: check(f"({text})"),  # HTCondor adds parentheses, to append conditions
    **dict.fromkeys(("request_memory", "request_disk"), str),  # reader.py checks them
    "kill_sig": values.signal_number,
    "remove_kill_sig": values.signal_number,
    "hold_kill_sig": values.signal_number,
    "notification": values.notification,
    "universe": values.universe,
    "accounting_group": values.group,
    "image_size": values.image_size,
    "retry_until": values.retry_until,
}


def check_values(given: Commands) -> None:
    """Raises SubmitError for a value that condor_submit refuses, even if the command is not simulated."""
    for name in (commands.USUAL.get(name, name) for name in given.macros.places):
        if kind := _KINDS.get(name) or (check if name.startswith(("my.", "request_")) else None):
            given.read(name, kind, None)
    images = [name for name in IMAGES if given.text(name)]
    universe = given.read("universe", values.universe, "vanilla")
    if (universe == "docker" and "docker_image" not in images) or (universe == "container" and not images):
        raise given.error(
            "universe", f"the {universe} universe needs an image", f"Add a line `{universe}_image = IMAGE`."
        )
    if universe == "parallel" and not (given.text("machine_count") or given.text("node_count")):
        raise given.error("universe", "the parallel universe needs machine_count", "Say how many.")
    if len(images) > 1:
        raise given.error("container_image", "docker_image and container_image don't go together", "Name one image.")


def _check_requests(given: Commands, job: Job) -> None:
    """Add remarks on requests that no slot can meet: a request that HTCondor can't evaluate matches no slot."""
    for command, text, example in (
        ("request_cpus", job.request_cpus, "1"),
        ("request_memory", job.request_memory, "2GB"),
        ("request_disk", job.request_disk, "2GB"),
    ):
        if text.startswith('"'):
            why = f"the double quotes make {text} a string, which is not an amount"
        elif (
            re.fullmatch(r"[A-Za-z_]\w*", text)
            and text.lower() not in commands.HAD
            and f"My.{text}" not in given.macros
        ):
            why = f"HTCondor takes {text} for an attribute, and a new job has none of that name"
        else:
            continue
        given.remark(command, f"{command}: {why}, so the job would never start; write {example}, for example")


def _check_checkpoint(given: Commands, job: Job) -> None:
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


def _check_transfer(given: Commands, job: Job) -> None:
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
    if (word := given.text("when_to_transfer_output") or when).upper() != when:
        given.remark("when_to_transfer_output", f"HTCondor treats {word} as {when}")
    if when == "ON_SUCCESS":
        given.remark(
            "when_to_transfer_output",
            f"{when} has no effect here: output is returned on every exit",
            NO_EFFECT,
            decides=True,
        )


_CHECKPOINT_EXIT = ("my.successcheckpointexitcode", "my.successcheckpointexitsignal")
_CHECKPOINT_CODE = ("checkpoint_exit_code", *commands.OTHERS["checkpoint_exit_code"])


def on_names(macros: Macros, queued: Place, variables: Mapping[str, str], profile: Profile) -> list[Remark]:
    """Remarks on commands that don't exist, have no effect here, or follow the last queue statement."""
    remarks = (_on_name(name, place, macros, queued, variables, profile) for name, place in macros.places.items())
    return [remark for remark in remarks if remark]


def _on_name(
    name: str, place: Place, macros: Macros, queued: Place, variables: Mapping[str, str], profile: Profile
) -> Remark | None:
    """The remark on a command, if there is anything to say."""
    usual = commands.USUAL.get(name, name)
    if place.file == queued.file and (place.line or 0) > (queued.line or place.line or 0):
        return Remark(*place, f"{name} comes after the last queue statement, so no job sees it", CAUTION)
    if name in ("my.wantftoncheckpoint", *_CHECKPOINT_EXIT):
        needed = (("my.wantftoncheckpoint", *_CHECKPOINT_CODE), (*_CHECKPOINT_EXIT, *_CHECKPOINT_CODE))
        if all(any(name in macros for name in names) for names in needed):
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
    if usual in ("periodic_vacate", "shell") and not getattr(profile, usual):
        return Remark(*place, f"HTCondor {profile.version} has no {usual}", NO_EFFECT)
    used = usual if name != usual else "shell" if name == "executable" and profile.shell else ""
    if used in macros:
        return Remark(*place, f"{name} is not used, as {used} is given", CAUTION)
    if usual in commands.LIMITED and is_simulated(usual, macros.value(name)):
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
    """The remark on a policy that is simulated, at least on one schedule, if there is anything to say."""
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


def is_simulated(command: str, text: str) -> bool:
    """Whether the value of a command in commands.LIMITED can be evaluated here."""
    with suppress(Problem):  # reported by another check
        if command in commands.BOUNDS:
            return bool(text) and values.whole_number(text) is not None
        known = PERIODIC_ATTRIBUTES if command in commands.PERIODIC else POLICY_ATTRIBUTES
        return bool(text) and classads.read(text).depends_only_on(known)
    return False


_PERIODIC_CHECKS = ("periodic_hold", "periodic_release", "periodic_remove", "periodic_vacate")


def _matters_only_when_held(command: str, name: str, macros: Macros) -> bool:
    """Whether the command given under this name has no effect on a job that is never held."""
    with suppress(Problem):  # reported by another check
        return command == "periodic_release" or (command in _PERIODIC_CHECKS and only_when_held(macros.value(name)))
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
    """Whether the command given under this name has the value that does not change how the job ends."""
    with suppress(Problem):  # an expression
        text = macros.value(name).strip()
        return command in commands.DECIDING and (not text or boolean(text) is commands.DECIDING[command])
    return False
