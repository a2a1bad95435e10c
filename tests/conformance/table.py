"""The table of docs/conformance.md: rule, scenarios, agreement.

python tests/conformance/table.py       writes it
"""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path

import scenarios
import verdicts

from grader.rules.profile import PROFILES
from grader.submit import commands

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"


def page() -> str:
    """The whole page, made from the scenarios and from what is recorded."""
    ordered = sorted(scenarios.read(), key=lambda scenario: scenario.rule)
    agree = sum(not scenario.differs for scenario in ordered)
    live = {name: scenarios.versions(name) for name in PROFILES if scenarios.versions(name)}
    apart = {scenario.name for scenario in ordered if len({_seen(scenario, name) for name in live}) > 1}
    others = [
        f"`{profile.name}` (HTCondor {profile.htcondor})" for profile in PROFILES.values() if profile.name not in live
    ]
    lines = [
        "# The simulator, held against a live HTCondor",
        "",
        "<!-- Made by `python tests/conformance/table.py` from tests/conformance; do not edit. -->",
        "",
        f"{len(ordered)} scenarios were played on live pools of "
        + " and ".join(
            f"HTCondor {', '.join(versions)} (in the simulator: profile `{name}`)" for name, versions in live.items()
        )
        + f". {agree} of them agree, on each, in everything that a user can see: the sandbox and the "
        "spool at every start, the files returned, the events of the job event log with their codes, and the end. "
        f"Where the versions differ, it says *differs by version*: in {len(apart)} scenarios, not counting the code that "
        "an eviction has in the event log since 24.3. "
        f"Not checked live, as there is no package of such a version: the profile {' and '.join(others)}. "
        "About the versions between those played, nothing is known but what HTCondor's release notes say.",
        "",
        "`python3 lab.py pool up` starts the HTCondor of Debian 13. `CONFORMANCE=live python3 lab.py test "
        "tests/conformance` plays all scenarios on it again, and 32 random scenarios (`CONFORMANCE_DRAWN=300` "
        "plays 300, drawn by the seed `CONFORMANCE_SEED` or else different each time); "
        "`python3 lab.py run tests/conformance/on_pool.py` records the answers anew. With `POOL_SUITE=forky` in the "
        "environment, each of these commands uses the HTCondor of Debian's release of that name.",
        "",
        "| rule | scenarios |" + "".join(f" agree with {', '.join(versions)} |" for versions in live.values()),
        "|---|---|" + "---|" * len(live),
    ]
    for rule, group in itertools.groupby(ordered, key=lambda scenario: scenario.rule):
        members = list(group)
        lines.append(f"| {rule} | {len(members)} |" + f" {sum(not member.differs for member in members)} |" * len(live))
    lines += ["", "| rule | scenario | what is shown | faults | HTCondor and simulator |", "|---|---|---|---|---|"]
    for scenario in ordered:
        verdict = (
            f"**differ**: {scenario.differs}"
            if scenario.differs
            else "agree; *differs by version*"
            if scenario.name in apart
            else "agree"
        )
        faults = (
            scenario.faults
            + " in the transfer" * scenario.in_transfer
            + f"slots: {scenario.slots}" * bool(scenario.slots)
        )
        cells = (scenario.rule, scenario.name, scenario.about, faults, verdict)
        lines.append(
            "| "
            + " | ".join(
                cell.replace("|", "\\|").replace("*", "\\*") if cell is not verdict else cell for cell in cells
            )
            + " |"
        )
    return "\n".join([*lines, *_whole_jobs(), *_different(), *_refused(), *_commands(), *_verdicts()]) + "\n"


def _seen(scenario: scenarios.Scenario, profile: str) -> str:
    """An answer without the codes of evictions, which only newer versions log."""
    answer = scenarios.recorded(profile)[scenario.name]
    events = [re.sub(r"^004 evicted, Code \d+ Subcode -?\d+", "004 evicted", word) for word in answer["events"]]
    return json.dumps({**answer, "events": events})


def _whole_jobs() -> list[str]:
    """The section on jobs that were compared only at the end."""
    jobs = tomllib.loads((scenarios.HERE / "played" / "scenarios.toml").read_text())
    rows = ["| {} | {} | {} |".format(*job["about"].partition(": ")[::2], name) for name, job in jobs.items()]
    return [
        "",
        "## Whole jobs",
        "",
        f"{len(jobs)} more jobs were played on the same versions. How they end, the events of their logs and all files "
        "in the submit directory agree.",
        "",
        "| rule | what is shown | job |",
        "|---|---|---|",
        *sorted(rows),
    ]


DIFFERENT = (
    "The permissions of the group and of others are kept in place, and elsewhere are those of a new file.",
    "A directory that its owner may not read is sent with all in it; HTCondor sends it empty.",
    "A socket that is listed holds the job; HTCondor passes over it.",
    "An input that was written anew, of the same size and with its time set back, is sent; HTCondor does not notice it.",
    "Of several processes that end with the job, HTCondor kills one after the other, and each may do something meanwhile.",
    "`LANG` is C.UTF-8 here, and is not set by HTCondor, so that some commands put other quotes into their messages.",
    "A program that ends itself by SIGXCPU or SIGXFSZ is taken to have reached a limit.",
    "`PATH`, `USER` and `TZ` are set here; HTCondor sets none of them, and a program that needs one fails there.",
    "`starter_log` puts a file `.starter.log` into the sandbox, which comes home under the name that is given.",
    "HTCondor sets a few variables more, such as `_CONDOR_CHIRP_CONFIG` and `_CONDOR_BIN`.",
    "`.job.ad` and `.machine.ad` have a few attributes only; of `+NAME = VALUE` and `priority`, for example, none.",
    "23.9.6 has a file `.chirp.config` in each sandbox, too, which a program that lists all files sees.",
    "A backslash in a new name in transfer_output_remaps: HTCondor makes an empty directory besides.",
    "On 25.14.1, a job with an output file that has a line break in its name does not end.",
    "On 25.14.1, a row with the character 1F is split only there.",
    "With `leave_in_queue`, the spool stays as long as the job is in the queue.",
    "After a retry, event 040 tells of the beginning of a transfer that sends nothing; HTCondor tells of its end only.",
)
"""Known differences that are not in a scenario. Seen on both versions, unless one is named."""


def _different() -> list[str]:
    """The section on what is known to differ."""
    about = f"{len(DIFFERENT)} things were seen on live pools that the simulator does differently, without saying so:"
    return ["", "## Known to differ", "", about, "", *(f"- {sentence}" for sentence in DIFFERENT)]


REFUSED = (
    "`include command`, `include : COMMAND |` and `queue from COMMAND |`: no command of a submit file is run here.",
    "A list without items, `queue 0` on 23.9.6: HTCondor submits nothing.",
    "`$(SUBMIT_TIME)`, `$(YEAR)`, `$(MONTH)`, `$(DAY)` and `$Ff()`, which differ at every submission or on every machine.",
    "`$EVAL()` of functions that have no value here, such as `size()`.",
    "`output`, `error`, `log` and new names in `transfer_output_remaps` outside the submit directory: nothing is written there.",
    "An input that is a FIFO, a socket or a terminal.",
)
"""What condor_submit accepts and the simulator refuses. Seen on both versions, unless one is named."""


def _refused() -> list[str]:
    """The section on submit files that are refused only here."""
    about = f"{len(REFUSED)} things in submit files are accepted by condor_submit and refused here, with a message:"
    return ["", "## Refused", "", about, "", *(f"- {sentence}" for sentence in REFUSED)]


def _commands() -> list[str]:
    """The section on what becomes of submit commands."""
    rows = [
        f"| {meaning} | {len(names)} | {', '.join(f'`{name}`' for name in sorted(names))} |"
        for meaning, names in commands.MEANINGS.items()
    ]
    return [
        "",
        "## Submit commands",
        "",
        f"What the simulator makes of the {len(commands.NAMES)} submit commands of HTCondor 25, not counting other "
        "names of the same command. It says of any other name that it is not a submit command. Where the verdict is "
        "`unknown`, it says which line is the reason.",
        "",
        "| what becomes of it | commands | which |",
        "|---|---|---|",
        *rows,
    ]


def _verdicts() -> list[str]:
    """The section on the misconception programs of the course."""
    known = verdicts.recorded()
    played = [row for row in known["programs"] if "unplayable" not in row]
    lines = [
        "",
        "## Verdicts",
        "",
        f"The course's {len(known['programs'])} programs with a misconception. {len(played)} of them were played, on the "
        f"shortest schedule on which `verify` finds them unsafe, in the simulator and on HTCondor {known['htcondor']}; "
        f"{sum(row['alike'] for row in played)} did the same in both, moment by moment, and returned the same files. "
        "Where the output is right, the exercise finds another fault in the program (it never saves, for example). "
        "`python3 lab.py run tests/conformance/verdicts.py` plays them again and records what happens.",
        "",
        "| exercise · misconception · program | schedule | verify | HTCondor |",
        "|---|---|---|---|",
    ]
    for row in known["programs"]:
        live = (
            f"not played: {row['unplayable']}"
            if "unplayable" in row
            else f"the same: {row['htcondor']}"
            if row["alike"]
            else f"**differs**: {row['htcondor']}"
        )
        lines.append(f"| {row['program'].replace('|', chr(92) + '|')} | {row['schedule']} | {row['verify']} | {live} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE}")
