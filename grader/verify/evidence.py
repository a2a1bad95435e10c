"""What shows that a verdict is right: the first line that differs, the file that was left behind,
the traceback of the restart. These are facts that a reader can check; course/ explains them."""

from __future__ import annotations

import errno
import operator
import posixpath
import re
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile

from ..rules import transfer
from ..rules.execution import Run
from ..rules.job import STDERR, STDOUT, Job
from ..rules.schedule import Fault
from ..rules.simulation import Ended, Held, Saved
from ..rules.step import is_checkpoint
from ..text import series
from ..tree import Entry, File, Link, Tree
from .explore import Exploration, Violation
from .restarts import begins_alike
from .saved_numbers import is_text
from .states import State
from .verdicts import Unknown

RUN_DIFFERS = "a run that never restarts differs"
"""A kind of evidence: what may be wrong with a job that is consistent."""
LONGEST_COMPLAINT = 300
"""Characters of a line on stderr."""
MOST_INTERVALS = 5
"""The most executions, or numbers in a file, to name."""
DIFFERS = ("first difference", "other lines", "missing file")
"""Kinds of evidence that a returned file is wrong."""


@dataclass(frozen=True)
class Evidence:
    """One fact about a failure. `kind` is one of first difference, other lines, repeated lines, missing lines,
    missing file, other file, soft eviction, left behind, traceback, time was up, stderr, not there, work done again,
    forgotten, off by one, lost state, no nearer, written again, a run that never restarts differs, limit, no first
    line, no interpreter, Windows line ends, exit, left running, no end so far, differs from run to run, saved in vain,
    can't be sent, empty."""

    kind: str
    text: str
    file: str | None = None
    line: int | None = None
    """Counted from 1."""
    expected: str | None = None
    got: str | None = None


def evidence(job: Job, exploration: Exploration) -> tuple[Evidence, ...]:
    """The facts behind the verdict of an exploration; none for a job that is restart-safe."""
    if exploration.difference:
        return tuple(_between_runs(*exploration.difference))
    if exploration.unknown is Unknown.NEVER_SAVED:
        return tuple(saved_in_vain(job, exploration.first))
    if exploration.violation is None:
        return tuple(_without_end(job, exploration.unfinished)) if exploration.unfinished else ()
    violation, state = exploration.violation, exploration.violation.state
    facts: list[Evidence] = []
    if violation.failure in ("wrong output", "held", "failed", "never finishes"):
        facts += traceback(state.run) or where_time_was_up(state.run) or complaint(state.run)
    if violation.failure == "wrong output" and violation.expected is not None:
        facts += differences(violation.expected, violation.got) or _others(job, violation)
    if violation.failure in ("held", "wrong output") and exploration.first and not exploration.checkpoints:
        facts += saved_in_vain(job, exploration.first)
    if isinstance(state.next, Held):
        facts += _held(state.next, state, state.ran)
        facts += _no_first_line(job, state.ran) + _no_interpreter(job, state.ran)
    if violation.failure == "lost progress":
        facts += _work_done_again(violation)
    if violation.failure == "never finishes":
        facts += _again(state) + _empty(job, state)
    facts += _soft_evictions(job, exploration)
    facts += left_running(violation.state)
    facts += left_behind(violation)
    if _failed(job, state):
        facts += _windows_line_ends(job, state.ran)
        facts.append(Evidence("exit", f"execution {state.now.execution} ended with {state.ran.exit}"))
    elif state.run is not None and state.run.unstartable:
        facts += _windows_line_ends(job, state.run)
    return tuple(facts)


def _work_done_again(violation: Violation) -> list[Evidence]:
    """How much work a restart elsewhere does again, or which executions did work again in place."""
    seconds = f"{violation.seconds:g} virtual second{'' if violation.seconds == 1 else 's'}"
    if not violation.in_place and not violation.seconds:
        text = (
            "a restart elsewhere needs more executions to the end than a restart in place: it does committed work again"
        )
        return [Evidence("work done again", text)]
    if not violation.in_place:
        return [Evidence("work done again", f"a restart elsewhere does {seconds} of committed work again")]
    each = [
        f"execution {interval.execution} took {interval.took:g} virtual seconds, and a run that never restarts "
        f"{interval.needed:g} for the same"
        for interval in violation.in_place
    ]
    more = [f"and so did {len(each) - MOST_INTERVALS} more executions"] if len(each) > MOST_INTERVALS else []
    return [
        Evidence("work done again", f"restarts in place do {seconds} of committed work again"),
        *(Evidence("work done again", text) for text in (*each[:MOST_INTERVALS], *more)),
    ]


def saved_softly(exploration: Exploration) -> list[Fault]:
    """The soft evictions on the schedule of a failure. Each has saved files, as an exploration evicts a job softly only
    in eviction-driven mode (R7)."""
    return [fault for fault in exploration.schedule or () if exploration.violation and fault.kind == "vacate"]


def _soft_evictions(job: Job, exploration: Exploration) -> list[Evidence]:
    names = ", ".join(job.transfer_output_files or ()) or "what is new or changed"
    return [
        Evidence(
            "soft eviction",
            f"a soft eviction of execution {fault.execution} sends the output list as it is then ({names}), and not the "
            "checkpoint: when_to_transfer_output = ON_EXIT_OR_EVICT asks for that",
        )
        for fault in saved_softly(exploration)[-1:]
    ]


def saved_in_vain(job: Job, first: State | None) -> list[Evidence]:
    """Evidence that all files of the checkpoint exist although the job never exited with the checkpoint code. A script
    may have lost the code: a pipe ends with that of its last command."""
    listed, run = job.transfer_checkpoint_files or (), first.run if first else None
    if run is None or not listed or job.checkpoint_exit_code is None or is_checkpoint(job, run):
        return []
    made = [path for path in listed if run.sandbox.resolve(path) not in (None, *job.inputs)]
    programs = [(path, entry) for path, entry in job.inputs.items() if isinstance(entry, File) and entry.executable]
    lost = [(path, line) for path, entry in programs for line in _lost(entry.text)]
    piped = [
        (path, line)
        for path, entry in programs
        if "pipefail" not in entry.text
        for line in _piped(entry.text.splitlines())
    ]
    if len(made) < len(listed) or (set(made) <= set(job.transfer_output_files or ()) and not lost):
        return []
    why = f" ({LOST})" if lost else " (a pipe ends with the exit code of its last command)" if piped else ""
    return [
        Evidence(
            "saved in vain",
            f"the checkpoint is there ({', '.join(made)}), and the job left with {run.exit}, not "
            f"{job.checkpoint_exit_code}{why}",
            *([*lost, *piped][0] if lost or piped else ()),
        )
    ]


LOST = "what system() returns has the exit code in its high byte, and exit takes the low one, which is 0"
"""Why some scripts never leave with the exit code of the program that they start."""


def _lost(program: str) -> Iterator[int]:
    """The lines of a program in Perl or Python that exit with what system() returns."""
    first = program.partition("\n")[0]
    if "perl" in first:
        pattern = r"\bexit\b[ (]*\$\?"
    elif "python" in first:
        names = re.findall(r"(\w+) *= *os\.system\(", program)
        pattern = rf"\bexit\( *(?:os\.system\(|(?:{'|'.join(names) or '(?!)'}) *\))"
    else:
        return
    for number, line in enumerate(program.splitlines(), 1):
        if re.search(pattern, line) and not re.search(">>|256|WEXITSTATUS", line):
            yield number


def _without_end(job: Job, last: State) -> list[Evidence]:
    """What the executions of a run that has not reached its end have in common so far, and what changes in their
    checkpoints. A right job that needs more executions shows the same."""
    way = last.way()
    if len(way) < LEAST_IN_A_ROW or not all(is_checkpoint(job, state.ran) for state in way):
        return []
    exits = f"each of the {len(way)} executions without a fault exited with {last.ran.exit}"
    facts = [Evidence("no end so far", exits + (f", the last {_in_a_row(way)}" if _in_a_row(way) else ""))]
    spools = [state.now.spool for state in way[-LEAST_IN_A_ROW:]]
    names = [
        path
        for path, entry in spools[-1].items()
        if isinstance(entry, File) and path not in (STDOUT, STDERR, *job.inputs)
    ]
    versions = {path: [tree.get(path) for tree in spools] for path in names}
    still = [path for path, each in versions.items() if len(set(each)) == 1]
    for path, each in versions.items():
        texts = [entry.text for entry in each if isinstance(entry, File) and b"\0" not in entry.content]
        if path not in still and len(texts) == len(each):
            facts += _changes(path, texts)
    if still:
        text = f"the last {LEAST_IN_A_ROW} checkpoints have the same {series(still)}"
        facts.append(Evidence("no end so far", text))
    return facts


LEAST_IN_A_ROW = 10
"""How many of the last executions, and of the last checkpoints, to compare with each other."""


def _in_a_row(way: list[State]) -> str:
    seconds = {state.ran.seconds for state in way[-LEAST_IN_A_ROW:]}
    return f"{LEAST_IN_A_ROW} after {seconds.pop():g} s each" if len(seconds) == 1 else ""


_INTEGER = re.compile(r"(?<![\w.])-?\d+(?![\w.])")


def _changes(path: str, texts: list[str]) -> list[Evidence]:
    """What changes in a file from each checkpoint to the next: text is appended to it, or some of its whole numbers
    change."""
    pairs = list(pairwise(texts))
    if all(after.startswith(before) and after != before for before, after in pairs):
        more = {after[len(before) :].strip() for before, after in pairs}
        what = f", each time by {more.pop()[:LONGEST_COMPLAINT]!r}" if len(more) == 1 else ""
        return [Evidence("no end so far", f"{path} grows from each checkpoint to the next{what}", path)]
    if len({_INTEGER.sub("#", text) for text in texts}) > 1 or len(texts[0]) > LONGEST_COMPLAINT:
        return []
    numbers = list(zip(*(_INTEGER.findall(text) for text in texts)))
    changing = [(place, each) for place, each in enumerate(numbers, 1) if len(set(each)) > 1]
    staying = [f"number {place} is {each[0]}" for place, each in enumerate(numbers, 1) if len(set(each)) == 1]
    facts = [
        Evidence("no end so far", f"number {place} in {path} was {', '.join(each[-3:])} in the last checkpoints", path)
        for place, each in changing[:MOST_INTERVALS]
    ]
    if staying and len(numbers) <= 2 * MOST_INTERVALS:
        facts.append(Evidence("no end so far", f"in {path}, {series(staying)} in each of the last {len(texts)}", path))
    return facts


def _piped(lines: list[str]) -> Iterator[int]:
    """The lines of a script that pipe a command into tee, and its last command if that is piped into anything."""
    last = max((number for number, line in enumerate(lines, 1) if not re.match(r"\s*(#|exit\b|$)", line)), default=0)
    for number, line in enumerate(lines, 1):
        if re.search(r"[^|]\|\s*tee\b", line) or (number == last and re.search(r"[^|]\|(?!\|)", line)):
            yield number


def _again(state: State) -> list[Evidence]:
    """Why a job never finishes: what two executions in a row have in common, or what a transfer waits for."""
    if state.then and state.then.text:
        return [Evidence("transfer", state.then.text)]
    before = state.before
    if state.run is None or before is None or before.run is None or state.run.exit != before.run.exit:
        return []
    said = state.run.stdout.strip().splitlines()
    alike = (
        f", and printed the same, {said[-1][:LONGEST_COMPLAINT]!r}"
        if said and state.run.stdout == before.run.stdout
        else ""
    )
    return (
        [
            Evidence(
                "again",
                f"executions {before.now.execution} and {state.now.execution} both ended with {state.run.exit} after "
                f"{state.run.seconds:g} s{alike}",
            )
        ]
        if state.run.seconds == before.run.seconds
        else []
    )


def _empty(job: Job, state: State) -> list[Evidence]:
    """The empty files in the checkpoint of a job that never gets any further."""
    return [
        Evidence("empty", f"{path} is empty in the checkpoint", path)
        for path, entry in state.now.spool.items()
        if isinstance(entry, File) and not entry.content and path not in (STDOUT, STDERR, *job.inputs)
    ][:5]


OF_JSON = (
    (": state vector must be a tuple", "JSON turns tuples into lists"),
    (
        " is not JSON serializable",
        "JSON can only write numbers, texts, lists, dictionaries, True, False and None; pickle can write other objects, too",
    ),
)
"""The end of a Python error message → a remark that explains it."""
_UNREADABLE = re.compile(r"(?:Syntax|Indentation|Tab)Error: ")
"""Begins the last line of Python's message about a program that it can't parse; file and line are just above it."""


def traceback(run: Run | None) -> list[Evidence]:
    """The last line of the Python traceback that an execution wrote to stderr, if it ended with one; or the last line
    of the message about a program that Python can't even parse, which has no traceback."""
    _, begins, text = (run.stderr if run else "").rpartition("Traceback (most recent call last)")
    lines = text.strip().splitlines() or [""]
    if not begins:
        if not _UNREADABLE.match(lines[-1]):
            return []
        text = "\n".join(lines[-4:])
    frames = re.findall(r'File "([^"]+)", line (\d+)', text)
    own = [(path.rpartition("/")[2], int(line)) for path, line in frames if "/dir_" in path]
    file, line = own[-1] if own else (None, None)
    why = next((f" ({remark})" for end, remark in OF_JSON if lines[-1].endswith(end)), "")
    return [Evidence("traceback", lines[-1] + why, file, line)]


def where_time_was_up(run: Run | None) -> list[Evidence]:
    """Where a Python program was, in the innermost of the job's own files, when it had used up its processor time, if
    it was able to report that; see inside/program.py."""
    if run is None or not run.over:
        return []
    stack = run.stderr.rpartition("(most recent call first):")[2]
    frames = re.findall(r'^  File "([^"]+)", line (\d+) in ', stack, re.MULTILINE)
    own = [(path.rpartition("/")[2], int(line)) for path, line in frames if "/dir_" in path]
    return [Evidence("time was up", f"it was here when it had used {run.over}", *place) for place in own[:1]]


REMEDIES = (
    (r"(\[\[?)[^\s\[]\S*: command not found", "{} is a command itself, and takes a space behind it"),
    (r"\[: missing `\]'", "the ] takes a space before it"),
    (r"\[: ([A-Za-z_]\w*): integer (?:expression )?expected", "its value is written ${}"),
    (r"exit: ([A-Za-z_]\w*(?:\[\d+\])?): numeric argument required", "its value is written ${{{}}}"),
    (r"exec: (\w+=.*): not found", "{} is written before exec"),
    (
        r"exec: (export|declare|set|unset|source|trap|cd): not found",
        "{} is a command of bash itself, and exec takes a program",
    ),
    (r"syntax error: unexpected end of file.*", "an if ends with fi, and a loop with done"),
    (
        r"syntax error near unexpected token `(?:fi|else|elif|done)'",
        "`then` and `do` take a ; or a new line before them",
    ),
)
"""Complaints of bash, as patterns, and what to do about each."""
ABSENT = re.compile(
    r"(?:exec: )?(\S+): (?:command )?not found|timeout: failed to run command \W(\S+)\W: No such file or directory"
)


_OF_SHELL = re.compile(r"(?:\w+: )?([^\s:]+): (line )?(\d+): (.*)")
"""A complaint of bash or mawk about a line of a script; of dash without the word `line`."""
_AT_LINE = (
    r"(?:[\w.-]+: )?(?P<file>[^\s:]+):(?P<line>\d+): (?P<said>.*)",
    r"(?P<said>.*) at (?P<file>\S+) line (?P<line>\d+)(?:\.|, (?:<.*> \w+ \d+|near .*)\.?)",
)
"""The last words of a program that name a line: of gawk and of assert() in C, and of Perl."""
_SUMMARY = re.compile(r"\t|(?:BEGIN failed--compilation aborted|Execution of \S+ aborted due to compilation errors)\b")
"""Begins a line that only follows from the complaint above it: in Perl, or in the stack that a program writes."""


def complaint(run: Run | None) -> list[Evidence]:
    """The complaint of an execution on stderr: the first one of a shell, as later ones mostly follow from it; otherwise
    the error with which it ends, at its line if it names one."""
    # Remove the sandbox's path, which is of no use to a reader. (Matched only at the beginning of a word or a quotation:
    # matching it anywhere in a line of megabytes would take minutes.)
    lines = [
        re.sub(r"(?<![^\s'])[^\s']*/dir_[^/\s]*/", "", line)[:LONGEST_COMPLAINT]
        for line in (run.stderr.strip().splitlines() if run else [])
    ]
    files = run.sandbox if run else Tree()
    for line in lines:
        if (shell := _OF_SHELL.fullmatch(line)) and (shell[2] or _is_script(files.get(shell[1]))):
            # bash names a process by its number, which differs each time
            said = re.sub(r"^ *\d+ (?=[A-Z])|(?<=^kill: )\(\d+\) - ", "", shell[4])
            return [Evidence("stderr", said + _remedy(said, files), shell[1], int(shell[3]))]
    if lines[-1:] == ["Execution halted"] and (error := _of_r(lines)):
        return [Evidence("stderr", error)]
    last = next((line for line in reversed(lines) if not _SUMMARY.match(line)), "")
    for pattern in _AT_LINE:
        if (at := re.fullmatch(pattern, last)) and (at["file"] in files or ": Assertion " in last):
            return [Evidence("stderr", at["said"], at["file"], int(at["line"]))]
    return [Evidence("stderr", f"the last line on stderr: {last}{_remedy(last, files)}")] if last else []


def _is_script(entry: Entry | None) -> bool:
    return isinstance(entry, File) and entry.content.startswith(b"#!")


def _of_r(lines: list[str]) -> str:
    """The error that ends an R script, and the warning that says why, if there is one; "" if it says nothing."""
    begin = max((number for number, line in enumerate(lines) if line.startswith("Error")), default=len(lines))
    error = [*lines[begin : begin + 1], *takewhile(lambda line: line.startswith("  "), lines[begin + 1 :])]
    why = [line.strip() for line in lines[begin + len(error) :] if line.startswith("  ")]
    return " ".join("\n".join(error).split()) + (f" ({why[-1]})" if why else "")


def _remedy(said: str, files: Container[str]) -> str:
    """What to do about a shell's complaint, in brackets; '' if that is not known. `files`: those in the sandbox."""
    for pattern, remedy in REMEDIES:
        if found := re.fullmatch(pattern, said):
            return f" ({remedy.format(*found.groups())})"
    absent = ABSENT.fullmatch(said)
    name = absent and (absent[1] or absent[2])
    return f" (the file in the sandbox is ./{name})" if name in files else ""


def missing_program(run: Run) -> str:
    """The program that was not found, if this execution failed for that reason: a script calls it, or the first line of
    a script passes it to env. "" if it failed for another reason, or not at all."""
    last = (run.stderr.strip().splitlines() or [""])[-1]
    shell = re.fullmatch(r"(\S+): (?:line )?(\d+): ([\w.+-]+): (?:command )?not found", last)
    if shell and isinstance(script := run.sandbox.get(shell[1].rpartition("/")[2]), File):
        line = (script.text.splitlines() + [""] * int(shell[2]))[int(shell[2]) - 1]
        shell = None if re.search(rf"{re.escape(shell[3])} +=", line) else shell  # an assignment with spaces
    env = re.fullmatch(r"\S*env: \W?([\w.+-]+?)\W?: No such file or directory", last)
    name = shell[3] if shell else env[1] if env else ""
    return name if run.exit.code == 127 else ""


def differences(expected: Tree, got: Tree | None) -> list[Evidence]:
    """How the returned files differ from the right ones."""
    facts = []
    for path, entry in expected.items():
        other = (got or Tree()).get(path)
        if other == entry or not isinstance(entry, File):
            continue
        if not isinstance(other, File):
            facts.append(Evidence("missing file", f"{path} did not come home", path))
        elif other.content == entry.content:
            facts.append(Evidence("first difference", f"{path} {_other_mode(entry, other)}", path))
        elif is_text(entry.content) and is_text(other.content):
            facts += _lines_that_differ(path, entry.text.splitlines(), other.text.splitlines())
        else:
            facts.append(Evidence("first difference", _bytes_that_differ(path, entry.content, other.content), path))
    return facts


def _bytes_that_differ(path: str, expected: bytes, got: bytes) -> str:
    """Where a file that is not text first differs from the right one."""
    sizes = "" if len(expected) == len(got) else f", and has {len(got)} bytes instead of {len(expected)}"
    return f"{path} is not what it should be from byte {begins_alike(expected, got) + 1} on{sizes}"


def _other_mode(entry: File, other: File) -> str:
    """How a file with the right content differs from the right one in its mode."""
    for what, should, is_so in (
        ("executable", entry.executable, other.executable),
        ("read-only", not entry.writable, not other.writable),
    ):
        if should != is_so:
            return f"{'is' if is_so else 'is not'} {what}"
    return "may not be read" if entry.readable else "may be read"


def _lines_that_differ(path: str, expected: list[str], got: list[str]) -> list[Evidence]:
    facts = []
    known = set(expected)
    others = [number for number, line in enumerate(got, 1) if line not in known]
    if others and [line for line in got if line in known] == expected:
        one = len(others) == 1
        too_many = "1 line" if one else f"{len(others)} lines"
        text = f"{path} has {too_many} too many: without {'it' if one else 'them'}, it would be right"
        return [Evidence("other lines", text, path, others[0], None, got[others[0] - 1])]
    for number in range(max(len(expected), len(got))):
        want = expected[number] if number < len(expected) else None
        have = got[number] if number < len(got) else None
        if want != have:
            facts.append(
                Evidence(
                    "first difference",
                    f"line {number + 1} of {path} is not what it should be",
                    path,
                    number + 1,
                    want,
                    have,
                )
            )
            break
    else:
        facts.append(Evidence("first difference", f"{path} differs in how its lines end", path, max(1, len(expected))))
    wanted, had = Counter(expected), Counter(got)
    one_differs = len(expected) == len(got) and sum(map(operator.ne, expected, got)) == 1
    for kind, surplus, where in (("repeated lines", had - wanted, got), ("missing lines", wanted - had, expected)):
        known = surplus.keys() & wanted.keys()
        if known and not (kind == "missing lines" and one_differs):  # shown by the first difference
            positions = [i + 1 for i, line in enumerate(where) if line in known]
            count = sum(surplus[line] for line in known)
            if kind == "repeated lines":
                copies, lines = "copies" if count > 1 else "copy", "right lines" if len(known) > 1 else "a right line"
                text, line = f"{path} has {count} extra {copies} of {lines}", positions[-1]
            else:
                text, line = f"{count} of the right lines {'is' if count == 1 else 'are'} not in {path}", positions[0]
            facts.append(Evidence(kind, text, path, line))
    return facts


def _others(job: Job, violation: Violation) -> list[Evidence]:
    """Returned files that should not have been returned, if nothing else is wrong."""
    return [
        Evidence("other file", f"{path} came home, and should not have", path)
        for path, entry in (violation.got or Tree()).items()
        if isinstance(entry, File) and path not in (*(violation.expected or ()), job.output, job.error)
    ][:5]


def left_running(last: State) -> list[Evidence]:
    """The processes that an execution on the way to this state left running beside the restarted program."""
    way = last.way()
    for before, after in zip(way, way[1:]):
        if after.now.beside:
            names = ", ".join(dict.fromkeys(before.ran.left or ()))
            return [
                Evidence(
                    "left running",
                    f"when execution {before.now.execution} left with {before.ran.exit}, it left "
                    f"{names} running: that goes on beside execution {after.now.execution}, in the same sandbox",
                )
            ]
    return []


def left_behind(violation: Violation) -> list[Evidence]:
    """Files that a restart in place would have had, and that the failing restart elsewhere did not have, or had only as
    they were submitted."""
    for before, after in reversed(list(zip(violation.state.way(), violation.state.way()[1:]))):
        if after.moved and before.now.directory != after.now.directory:
            became = {False: " and is not in the new one", True: "; the new one has it as it was submitted"}
            return [
                Evidence(
                    "left behind",
                    f"{path} was in the sandbox before the eviction{became[path in after.now.directory]}",
                    path,
                )
                for path in islice(files_left_behind(before, after), 5)
            ]
    return []


def files_left_behind(before: State, after: State) -> dict[str, File | Link]:
    """Files and links that an eviction destroyed: the next sandbox, made from inputs and checkpoint, does not have
    them, or has them as they were submitted. If the job had saved a checkpoint, only those that existed then count, as
    later work was not committed."""
    earlier = [s for s in before.way() if isinstance(s.next, Saved) and s.next.spool == after.now.spool]
    seen, new = earlier[-1].ran.sandbox if earlier else before.now.directory, after.now.directory
    files = new.regular()
    return {
        path: entry
        for path, entry in seen.items()
        if isinstance(entry, File | Link) and path not in (STDOUT, STDERR)
        if path not in new or (isinstance(entry, File) and (path not in files or entry.content != files[path].content))
    }


def _held(held: Held, state: State, run: Run) -> list[Evidence]:
    if not held.missing and not held.unsendable:
        return [Evidence("limit", held.reason)]
    facts = [_unsendable(run.sandbox, path) for path in held.unsendable]
    new = [path for path in run.sandbox if path not in state.now.directory and path not in (STDOUT, STDERR)]
    for path in held.missing:
        if run.sandbox.resolve(path) is None:
            near = [other for other in new if posixpath.basename(other) == posixpath.basename(path)] or new
            there = f"; new there: {', '.join(near[:5])}" if near else ""
            facts.append(Evidence("not there", f"{path!r} is listed and not in the sandbox{there}", path))
    return facts or [Evidence("limit", held.reason)]


def _unsendable(sandbox: Tree, path: str) -> Evidence:
    """Why a path could not be sent although it is there."""
    why = (
        "a symbolic link to a directory, which HTCondor can't send"
        if isinstance(sandbox[path], Link)
        else "a file that its owner may not read"
    )
    return Evidence("can't be sent", f"{path} is {why}", path)


def _failed(job: Job, state: State) -> bool:
    """Whether the program ended with an error, even if the job is then held because its output is missing (R6)."""
    ended = isinstance(state.next, Ended) or (isinstance(state.next, Held) and state.next.code == 12)
    return ended and state.ran.exit.code != job.success_exit_code


def _windows_line_ends(job: Job, run: Run) -> list[Evidence]:
    """The usual reason why the system does not find the program that a first line names: the line ends with \\r."""
    program = run.sandbox.get(job.executable)
    if not isinstance(program, File) or not re.match(rb"#![^\n]*\r\n", program.content):
        return []
    text = (
        f"the lines of {job.executable} end as on Windows, and the system takes the carriage return at the end of "
        "the first line as a part of the command: save it with the line ends of Unix"
    )
    return [Evidence("Windows line ends", text, job.executable, 1)]


def _no_first_line(job: Job, run: Run) -> list[Evidence]:
    """The usual reason for the system's `Exec format error`."""
    program = run.sandbox.get(job.executable)
    if run.error != errno.ENOEXEC or not isinstance(program, File):
        return []
    return (
        []
        if program.content.startswith(b"#!")
        else [
            Evidence(
                "no first line", "the first line has to say what runs the script: #!/bin/bash, say", job.executable, 1
            )
        ]
    )


def _no_interpreter(job: Job, run: Run) -> list[Evidence]:
    """The reason for the system's `No such file or directory` if the script itself is there."""
    program = run.sandbox.get(job.executable)
    if run.error != errno.ENOENT or not isinstance(program, File):
        return []
    first = re.match(rb"#! *(\S{1,80})(?!\S|[^\n]*\r)", program.content)
    if not first:
        return []
    named = first[1].decode("utf-8", "replace")
    text = f"the first line says that {named} runs the script, and there is no such program"
    return [Evidence("no interpreter", text, job.executable, 1)]


def _between_runs(where: str, once: Tree, again: Tree) -> list[Evidence]:
    once, again = transfer.without_streams(once) or once, transfer.without_streams(again) or again
    facts = []
    for path in sorted(set(once) | set(again)):
        one, other = once.get(path), again.get(path)
        if one == other:
            continue
        first, second = _readable_lines(one), _readable_lines(other)
        number = begins_alike(first, second)
        facts.append(
            Evidence(
                "differs from run to run",
                f"{where} gives different {path}",
                path,
                number + 1,
                *(lines[number] if number < len(lines) else None for lines in (first, second)),
            )
        )
    return facts


def _readable_lines(entry: Entry | None) -> list[str]:
    """The lines of a file; none if it is not text, as a reader could not see what differs."""
    return entry.text.splitlines() if isinstance(entry, File) and b"\0" not in entry.content else []
