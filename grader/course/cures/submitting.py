"""Mistakes in a submit file: lines that HTCondor reads differently from what the student means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import partial

from ...submit import commands
from . import Remedy, cure_of
from .lines import Lines

OUTPUT = "my_output.txt"
_LISTS = r"transfer_(?:checkpoint|output)_files"
cure = partial(cure_of, partial(Lines, path="sweep.sub"))


@cure(
    "Read the submit file from the top, as HTCondor does. What does it know when it reaches `queue`?",
    "`queue` creates the job from the lines above it.",
    "Make `queue` the last line.",
)
def _after_queue(lines: Lines) -> Iterator[Remedy]:
    queue = max((number for number, _ in lines.matching(r"\s*queue\b")), default=len(lines))
    late = [number for number, _ in lines.matching(r"(?!\s*#).*=") if number > queue]
    if late:
        cause = f"`{lines[late[0]].strip()}` comes after `queue`, where it applies to no job"
        yield lines.remedy(cause, late[0], [*lines[:queue], *lines[queue + 1 :], lines[queue]])


@cure(
    "Which names does this line list, if you take each word literally?",
    "In a submit file, # begins a comment only at the beginning of a line.",
    "Put the comment on a line of its own.",
    agrees=("listed-file-missing",),
)
def _remark_behind(lines: Lines) -> Iterator[Remedy]:
    wrong = list(lines.matching(r"\s*[^#\s].*?=.*?(\s*#.*)$"))
    for number, match in wrong:
        lines[number] = lines[number][: match.start(1)]
    if wrong:
        number, match = wrong[0]
        yield lines.remedy(
            f"a comment needs its own line. After a value, `{match[1].strip()}` is part of that value, and in a list each of "
            "its words is taken for the name of a file",
            number,
        )


@cure(
    "What does when_to_transfer_output say, and when does a self-checkpointing job transfer its files?",
    "ON_EXIT_OR_EVICT sends the files of an evicted job as they are, perhaps in the middle of a write. A "
    "checkpoint is sent when the program exits with the checkpoint exit code.",
    "Remove the line.",
)
def _eviction_driven(lines: Lines) -> Iterator[Remedy]:
    for number, _match in lines.matching(r"\s*when_?to_?transfer_?output\s*=\s*(\w+)"):
        yield lines.remedy(
            f"`{lines[number].strip()}` belongs to another way of saving, in which an eviction sends whatever exists by then. "
            "Here it is the checkpoint that survives an eviction",
            number,
            lines.replaced(number),
        )


@cure(
    "Compare the names in the list with those in the execute directory, character by character.",
    "HTCondor takes the names in a list of files literally, quotes included.",
    "Write the names without quotes, with commas between them.",
    agrees=("listed-file-missing",),
)
def _quoted(lines: Lines) -> Iterator[Remedy]:
    for number, match in lines.matching(r"\s*(transfer_checkpoint_files)\s*=.*[\"']"):
        lines[number] = re.sub(r"[\"']", "", lines[number])
        yield lines.remedy(f"{match[1]} takes names without quotes: here they count as part of the names", number)


@cure(
    "Compare the names in the list with those in the execute directory, character by character.",
    "A list of files is split at commas and white space, and nowhere else.",
    "Write the names with commas between them.",
    agrees=("listed-file-missing",),
)
def _separated(lines: Lines) -> Iterator[Remedy]:
    for number, match in lines.matching(rf"\s*({_LISTS})\s*=.*[;:|+&\[\](){{}}]"):
        before, equals, names = lines[number].partition("=")
        lines[number] = before + equals + re.sub(r"[;:|+&\[\](){}]", " ", names)
        yield lines.remedy(
            f"names in {match[1]} are separated by commas or blanks; any other character counts as part of a name",
            number,
        )


@cure(
    "Which files are in the submit directory when the job has ended?",
    "transfer_output_files lists what is transferred to the submit directory at the end. The checkpoint is another "
    "list.",
    "transfer_output_files = my_output.txt",
)
def _not_home(lines: Lines) -> Iterator[Remedy]:
    for number, match in lines.matching(r"\s*transfer_?output_?files\s*=(.*)$"):
        if OUTPUT not in match[1].replace(",", " ").split():
            kept = match[1].strip().strip('"')
            lines[number] = f"transfer_output_files = {', '.join(filter(None, (kept, OUTPUT)))}"
            names = f"names {kept} but not {OUTPUT}" if kept else "is empty"
            cause = f"transfer_output_files {names}: the result is written, but not transferred"
            yield lines.remedy(cause, number)
            lines[number] = f"transfer_output_files = {OUTPUT}"
            yield lines.remedy(cause, number)


@cure(
    "Is this the exact name of the command?",
    "condor_submit takes an unknown name for a variable of your own, and ignores it.",
    "The commands are checkpoint_exit_code, transfer_checkpoint_files and transfer_output_files.",
)
def _no_command(lines: Lines) -> Iterator[Remedy]:
    for number, match in lines.matching(r"\s*(\+?|my\.)([\w.-]+)\s*[=:]"):
        given = match[2].lower()
        if given in commands.ALL and not match[1] and "=" in lines[number]:
            continue
        meant = difflib.get_close_matches(given.replace("-", "_"), commands.NAMES, 1, 0.75)
        if meant:
            lines[number] = f"{meant[0]} = {lines[number][match.end() :].strip()}"
            what = (
                f"`{match[0].strip()}` is not a submit command"
                if not match[1]
                else f"`{match[1]}{match[2]}` sets an attribute of this name, not the submit command"
            )
            yield lines.remedy(f"{what}: this line has no effect", number)


@cure(
    "How many exit codes does the program have, and what does each of them say?",
    "The program leaves with 0 when it is done, and with another code when it has saved and wants to be started again.",
    "The command for the second is checkpoint_exit_code.",
)
def _counts_as_success(lines: Lines) -> Iterator[Remedy]:
    for number, match in lines.matching(r"\s*(success_?exit_?code)\s*=(.*)$"):
        lines[number] = f"checkpoint_exit_code ={match[2]}"
        yield lines.remedy(
            f"{match[1]} says with which code the program leaves when it is done: {match[2].strip()} ends the job here, "
            "with what there is by then",
            number,
        )


@cure("Which of these lines does HTCondor read?", "A line that begins with # is a comment.", "Remove the #.")
def _out_of_use(lines: Lines) -> Iterator[Remedy]:
    comments = list(lines.matching(rf"\s*#+\s*(checkpoint_exit_code|{_LISTS})\s*="))
    for number, _ in comments:
        lines[number] = lines[number].lstrip("# \t")
    if comments:
        number, match = comments[0]
        yield lines.remedy(f"`{match.string.strip()}` is a comment, as it begins with #", number)


@cure(
    "How often does the submit file contain this command?",
    "Of two lines for the same command, only the last one counts.",
    "Keep one line, and put everything into it.",
)
def _given_twice(lines: Lines) -> Iterator[Remedy]:
    seen: dict[str, int] = {}
    for number, match in lines.matching(r"\s*(\w+)\s*="):
        if (given := match[1].lower()) in seen:
            yield lines.remedy(
                f"{match[1]} is set a second time here, and the last line counts: line {seen[given] + 1} does not",
                number,
                lines.replaced(number),
            )
        seen[given] = number


CURES = (
    _after_queue,
    _remark_behind,
    _out_of_use,
    _eviction_driven,
    _quoted,
    _separated,
    _not_home,
    _no_command,
    _counts_as_success,
    _given_twice,
)
