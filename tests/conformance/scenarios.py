"""Scenarios as data, and what a user sees of each: the form in which HTCondor and simulator are compared.

A scenario is a program, a submit file and what happens to the job, in one of the .toml files beside this
one. Its answer is what a user can see: the sandbox and the spool at each start, the files that are returned
to the submit directory, the job event log, and how it ended. on_pool.py and in_simulator.py give answers.

The program calls `pause` where a fault of that execution strikes: `evict@2` strikes in the pause of
the second execution. An execution may pause without a fault. `$PROBE size` is the size of a file whose
transfer takes long enough for a fault; where time is virtual, a few lines are enough.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.rules import profile as profiles
from grader.rules import schedule
from grader.rules.eventlog import Event
from grader.rules.schedule import Fault
from grader.tree import Directory, Entry, Fifo, File, Link, Tree

OWN = (".job.ad", ".machine.ad", ".update.ad", ".update.ad.tmp", ".chirp.config", ".execution_overlay.ad")
"""HTCondor's own files in a sandbox. Without a list, .update.ad is sent too if it is young."""

EXECUTE_DIRECTORY = r"^/var/lib/condor/execute/dir_\d+/(scratch/)?"

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"

PROLOGUE = """\
#!/bin/sh
$PROBE start
n=$(( $(cat n 2>/dev/null) + 1 ))  # the number of this step
pause() { $PROBE pause; read _ < $PROBE.gate; }  # in no child, which would be killed first
checkpoint() { echo $n > n; exit 85; }
"""
"""The beginning of every program that has no `#!` line of its own."""

COMMON = """\
executable = job
log = log
output = out
error = err
should_transfer_files = YES
"""


@dataclass(frozen=True)
class Scenario:
    """One job, and what happens to it."""

    group: str
    name: str
    rule: str
    """The rule of the specification that it is about, as in R4b."""
    about: str
    submit: str
    """The lines of the submit file besides COMMON. If they set `environment`, that needs PROBE=@PROBE@, too."""
    program: str
    files: dict[str, str] = field(default_factory=dict)
    """The submit directory: path → text, or `-> TARGET` for a symbolic link; a path that ends in / is
    an empty directory."""
    faults: str = ""
    in_transfer: bool = False
    """Whether the faults strike in the transfer at the end of the execution. upload-fails always does."""
    slots: str = ""
    """What makes the slots unfit for another job from the first pause on: "drain", or "old claim". They are fit
    again as soon as one is lost for it. The simulator models neither, but what follows from them (R4g)."""
    differs: str = ""
    """Why the simulator is known to answer otherwise; '' if it answers as HTCondor does."""

    @property
    def schedule(self) -> dict[int, Fault]:
        """Execution → the fault that strikes it."""
        return {fault.execution: fault for fault in schedule.parse(self.faults)}

    def directory(self, probe: Path | str) -> Tree:
        """The submit directory, for a program that finds its probe at that path."""
        text = self.program if self.program.startswith("#!") else PROLOGUE + self.program
        submit = f'{COMMON}environment = "PROBE=@PROBE@"\n{self.submit}\nqueue\n'.replace("@PROBE@", str(probe))
        return tree(self.files) | Tree({"job": File(text.encode(), True), "job.sub": File(submit.encode())})

    @property
    def digest(self) -> str:
        """A digest of what an answer depends on. A recorded answer with another digest is out of date."""
        parts = [
            self.submit,
            self.program,
            sorted(self.files.items()),
            self.faults,
            self.in_transfer,
            *([self.slots] if self.slots else []),
            PROLOGUE,
            COMMON,
        ]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def read() -> list[Scenario]:
    """All scenarios, in the order of their files."""
    scenarios = []
    for path in sorted(HERE.glob("*.toml")):
        for name, facts in tomllib.loads(path.read_text()).items():
            scenarios.append(Scenario(path.stem, name, **facts))
    return scenarios


def recorded(profile: str) -> dict[str, dict]:
    """Scenario → what an HTCondor of that profile answered when it was recorded."""
    answers = {}
    for path in (RECORDED / profile).glob("r*.json"):
        answers.update(json.loads(path.read_text())["answers"])
    return answers


def versions(profile: str) -> list[str]:
    """The versions of HTCondor that were recorded."""
    return sorted({json.loads(path.read_text())["htcondor"] for path in (RECORDED / profile).glob("r*.json")})


def record(scenarios: Iterable[Scenario], answers: dict[str, dict], version: str) -> None:
    """Record what HTCondor answered; recorded answers to other scenarios stay."""
    profile = profiles.of(version).name
    known = {**recorded(profile), **answers}
    groups: dict[str, dict] = {}
    for scenario in scenarios:
        if scenario.name in known:
            groups.setdefault(scenario.group, {})[scenario.name] = known[scenario.name]
    (RECORDED / profile).mkdir(parents=True, exist_ok=True)
    for group, members in groups.items():
        text = json.dumps({"htcondor": version, "answers": members}, indent=1, ensure_ascii=False)
        (RECORDED / profile / f"{group}.json").write_text(text + "\n")


def answer(
    scenario: Scenario, starts: list[tuple[Tree, Tree]], home: Tree, spool: Tree, events: Iterable[Event]
) -> dict:
    """What a user sees. `starts`: sandbox and spool at each start; `home`: the submit directory at the end;
    `spool`: the spool at the end."""
    words = _in_order([word for event in events if (word := _word(event))])
    # After a checkpoint that fails, HTCondor may start the program for an instant before the job is held.
    begun = sum(word.startswith(("001", "040 finished transferring output")) for word in words)
    return {
        "digest": scenario.digest,
        "starts": [{"sandbox": picture(sandbox), "spool": picture(spool)} for sandbox, spool in starts[:begun]],
        "home": picture(home.changed_since(scenario.directory("")).without(("log", "job", "job.sub"))),
        "spool": picture(spool),
        "events": words,
    }


def picture(tree: Tree) -> dict[str, str | None]:
    """A directory as path → text: `file*` is executable, `dir/` is listed only if it is empty."""
    seen: dict[str, str | None] = {}
    copied = Tree({path: entry for path, entry in tree.without(OWN).items() if _is_copied(entry)})
    for path in copied.listing():
        entry = copied[path.rstrip("/")]
        if isinstance(entry, Directory):
            seen[path] = None
        elif isinstance(entry, Link):
            inside = re.sub(EXECUTE_DIRECTORY, "(sandbox)/", entry.target)
            seen[path] = f"-> {'(sandbox)/' * entry.absolute}{inside}"
        else:
            text = "(the program)" if path == "job" else entry.text
            seen[path + "*" * entry.executable] = text if len(text) < 500 else "(long)"
    return seen


def _is_copied(entry: Entry) -> bool:
    """Whether anything is seen of it in a copy."""
    return not isinstance(entry, Fifo) and (not isinstance(entry, File) or entry.readable)


def _word(event: Event) -> str:
    """An event in a few words; '' for events that HTCondor does not always write: 006 (image size), and the
    040 of a transfer that has to wait for others."""
    body = "\n".join(event.body)
    if event.number == 6 or event.text.startswith("Entered queue"):
        return ""
    if event.number == 40:
        return f"040 {event.text.lower()}"
    pattern = r"return value \d+|signal \d+|Code -?\d+ Subcode -?\d+|terminated and was requeued"
    details = [first[0] for part in (event.text, body) if (first := re.search(pattern, part))]
    names = {
        0: "submitted",
        1: "executing",
        4: "evicted",
        5: "terminated",
        9: "aborted",
        12: "held",
        13: "released",
        21: "error from starter",
    }
    return f"{event.number:03d} {names.get(event.number, event.text)}" + "".join(f", {detail}" for detail in details)


def _in_order(words: list[str]) -> list[str]:
    """The events, without what differs from one run of HTCondor to the next: 001 and the end of the input transfer
    come in either order, and a failed output transfer is sometimes logged as finished, too."""
    words = list(words)
    for index in reversed(range(len(words) - 1)):
        if words[index].startswith("001") and words[index + 1] == "040 finished transferring input files":
            words[index], words[index + 1] = words[index + 1], words[index]
        elif words[index] == "040 finished transferring output files" and words[index + 1].startswith("021"):
            del words[index]
    return words


def tree(files: dict[str, str]) -> Tree:
    entries = {}
    for path, text in files.items():
        if path.endswith("/"):
            entries[path[:-1]] = Directory()
        else:
            entries[path] = (
                Link(text[3:])
                if text.startswith("-> ")
                else File(text[3:].encode(), writable=False)
                if text.startswith("-w ")
                else File(text.encode())
            )
    return Tree(entries)


def as_toml(scenario: Scenario) -> str:
    """A scenario as it is written in a .toml file."""
    lines = [
        f"[{scenario.name}]",
        f'rule = "{scenario.rule}"',
        f'about = "{scenario.about}"',
        f"submit = '''\n{scenario.submit}\n'''",
        f"program = '''\n{scenario.program}\n'''",
        f'faults = "{scenario.faults}"',
        f"files = {json.dumps(scenario.files).replace(': ', ' = ')}",
    ]
    return "\n".join(lines) + "\n"
