"""Mistakes in a submit file: lines that HTCondor reads differently from what the student means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from ...submit import commands
from ...tree import File, Tree
from . import Cure, Remedy

PATH = "sweep.sub"
OUTPUT = "my_output.txt"
_LISTS = r"transfer_(?:checkpoint|output)_files"


def _lines(files: Tree) -> list[str]:
    entry = files.get(PATH)
    return entry.text.splitlines() if isinstance(entry, File) else []


def _remedy(files: Tree, lines: list[str], cause: str, at: int) -> Remedy:
    """The remedy with these lines in the submit file; `at` is the line of the mistake, counting from 0."""
    return Remedy(files.put(PATH, File("\n".join([*lines, ""]).encode())), cause, PATH, at + 1)


def _each(files: Tree, pattern: str) -> Iterator[tuple[int, re.Match[str], list[str]]]:
    """(number, match, all lines) for each line that matches."""
    lines = _lines(files)
    for number, line in enumerate(lines):
        if match := re.match(pattern, line, re.IGNORECASE):
            yield number, match, lines


def _after_queue(files: Tree) -> Iterator[Remedy]:
    lines = _lines(files)
    queues = [number for number, line in enumerate(lines) if re.match(r"\s*queue\b", line, re.IGNORECASE)]
    late = (
        [
            number
            for number in range(queues[-1] + 1, len(lines))
            if "=" in lines[number] and not lines[number].lstrip().startswith("#")
        ]
        if queues
        else []
    )
    if late:
        cause = f"`{lines[late[0]].strip()}` comes after `queue`, where it applies to no job"
        yield _remedy(files, [*lines[: queues[-1]], *lines[queues[-1] + 1 :], lines[queues[-1]]], cause, late[0])


def _remark_behind(files: Tree) -> Iterator[Remedy]:
    wrong = [(number, found) for number, found, _ in _each(files, r"\s*[^#\s].*?=.*?(\s*#.*)$")]
    lines = _lines(files)
    for number, found in wrong:
        lines[number] = lines[number][: found.start(1)]
    if wrong:
        number, found = wrong[0]
        yield _remedy(
            files,
            lines,
            "a comment needs its own line. After a value, "
            f"`{found[1].strip()}` is part of that value, and in a list each of its words is taken for the name of "
            "a file",
            number,
        )


def _eviction_driven(files: Tree) -> Iterator[Remedy]:
    for number, _found, lines in _each(files, r"\s*when_?to_?transfer_?output\s*=\s*(\w+)"):
        yield _remedy(
            files,
            [*lines[:number], *lines[number + 1 :]],
            f"`{lines[number].strip()}` belongs to another "
            "way of saving, in which an eviction sends whatever exists by then. Here it is the checkpoint "
            "that survives an eviction",
            number,
        )


def _quoted(files: Tree) -> Iterator[Remedy]:
    for number, found, lines in _each(files, r"\s*(transfer_checkpoint_files)\s*=.*[\"']"):
        lines[number] = re.sub(r"[\"']", "", lines[number])
        yield _remedy(
            files, lines, f"{found[1]} takes names without quotes: here they count as part of the names", number
        )


def _separated(files: Tree) -> Iterator[Remedy]:
    for number, found, lines in _each(files, rf"\s*({_LISTS})\s*=.*[;:|+&\[\](){{}}]"):
        before, equals, names = lines[number].partition("=")
        lines[number] = before + equals + re.sub(r"[;:|+&\[\](){}]", " ", names)
        yield _remedy(
            files,
            lines,
            f"names in {found[1]} are separated by commas or blanks; any other character counts as part of a name",
            number,
        )


def _not_home(files: Tree) -> Iterator[Remedy]:
    for number, found, lines in _each(files, r"\s*transfer_?output_?files\s*=(.*)$"):
        if OUTPUT not in found[1].replace(",", " ").split():
            kept = found[1].strip().strip('"')
            lines[number] = f"transfer_output_files = {', '.join(filter(None, (kept, OUTPUT)))}"
            names = f"names {kept} but not {OUTPUT}" if kept else "is empty"
            cause = f"transfer_output_files {names}: the result is written, but not transferred"
            yield _remedy(files, lines, cause, number)
            lines[number] = f"transfer_output_files = {OUTPUT}"
            yield _remedy(files, lines, cause, number)


def _no_command(files: Tree) -> Iterator[Remedy]:
    for number, found, lines in _each(files, r"\s*(\+?|my\.)([\w.-]+)\s*[=:]"):
        given = found[2].lower()
        if given in commands.ALL and not found[1] and "=" in lines[number]:
            continue
        meant = difflib.get_close_matches(given.replace("-", "_"), commands.NAMES, 1, 0.75)
        if meant:
            rest = lines[number][found.end() :]
            lines[number] = f"{meant[0]} = {rest.strip()}"
            what = (
                f"`{found[0].strip()}` is not a submit command"
                if not found[1]
                else f"`{found[1]}{found[2]}` sets an attribute of this name, not the submit command"
            )
            yield _remedy(files, lines, f"{what}: this line has no effect", number)


def _counts_as_success(files: Tree) -> Iterator[Remedy]:
    for number, found, lines in _each(files, r"\s*(success_?exit_?code)\s*=(.*)$"):
        lines[number] = f"checkpoint_exit_code ={found[2]}"
        yield _remedy(
            files,
            lines,
            f"{found[1]} says with which code the program leaves when it is done: {found[2].strip()} ends the job here, "
            "with what there is by then",
            number,
        )


def _out_of_use(files: Tree) -> Iterator[Remedy]:
    found = list(_each(files, rf"\s*#+\s*(checkpoint_exit_code|{_LISTS})\s*="))
    lines = _lines(files)
    for number, _, _ in found:
        lines[number] = lines[number].lstrip("# \t")
    if found:
        number, _, before = found[0]
        yield _remedy(files, lines, f"`{before[number].strip()}` is a comment, as it begins with #", number)


def _given_twice(files: Tree) -> Iterator[Remedy]:
    seen: dict[str, int] = {}
    for number, found, lines in _each(files, r"\s*(\w+)\s*="):
        if (given := found[1].lower()) in seen:
            yield _remedy(
                files,
                [*lines[:number], *lines[number + 1 :]],
                f"{found[1]} is set a second time here, and the last line counts: line {seen[given] + 1} does not",
                number,
            )
        seen[given] = number


CURES = (
    Cure(
        _after_queue,
        (
            "Read the submit file from the top, as HTCondor does. What does it know when it reaches `queue`?",
            "`queue` creates the job from the lines above it.",
            "Make `queue` the last line.",
        ),
    ),
    Cure(
        _remark_behind,
        (
            "Which names does this line list, if you take each word literally?",
            "In a submit file, # begins a comment only at the beginning of a line.",
            "Put the comment on a line of its own.",
        ),
        ("listed-file-missing",),
    ),
    Cure(
        _out_of_use,
        ("Which of these lines does HTCondor read?", "A line that begins with # is a comment.", "Remove the #."),
    ),
    Cure(
        _eviction_driven,
        (
            "What does when_to_transfer_output say, and when does a self-checkpointing job transfer its files?",
            "ON_EXIT_OR_EVICT sends the files of an evicted job as they are, perhaps in the middle of a write. A "
            "checkpoint is sent when the program exits with the checkpoint exit code.",
            "Remove the line.",
        ),
    ),
    Cure(
        _quoted,
        (
            "Compare the names in the list with those in the execute directory, character by character.",
            "HTCondor takes the names in a list of files literally, quotes included.",
            "Write the names without quotes, with commas between them.",
        ),
        ("listed-file-missing",),
    ),
    Cure(
        _separated,
        (
            "Compare the names in the list with those in the execute directory, character by character.",
            "A list of files is split at commas and white space, and nowhere else.",
            "Write the names with commas between them.",
        ),
        ("listed-file-missing",),
    ),
    Cure(
        _not_home,
        (
            "Which files are in the submit directory when the job has ended?",
            "transfer_output_files lists what is transferred to the submit directory at the end. The checkpoint is another "
            "list.",
            "transfer_output_files = my_output.txt",
        ),
    ),
    Cure(
        _no_command,
        (
            "Is this the exact name of the command?",
            "condor_submit takes an unknown name for a variable of your own, and ignores it.",
            "The commands are checkpoint_exit_code, transfer_checkpoint_files and transfer_output_files.",
        ),
    ),
    Cure(
        _counts_as_success,
        (
            "How many exit codes does the program have, and what does each of them say?",
            "The program leaves with 0 when it is done, and with another code when it has saved and wants to be started again.",
            "The command for the second is checkpoint_exit_code.",
        ),
    ),
    Cure(
        _given_twice,
        (
            "How often does the submit file contain this command?",
            "Of two lines for the same command, only the last one counts.",
            "Keep one line, and put everything into it.",
        ),
    ),
)
