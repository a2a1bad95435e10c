"""The table of docs/conformance.md: rule, scenarios, agreement.

    python tests/conformance/table.py       writes it
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import scenarios
import verdicts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"


def page() -> str:
    """The whole page, made from the scenarios and from what is recorded."""
    found = sorted(scenarios.read(), key=lambda scenario: scenario.rule)
    agree = sum(not scenario.differs for scenario in found)
    versions = {json.loads(path.read_text())["htcondor"] for path in scenarios.RECORDED.glob("r*.json")}
    lines = [
        "# The simulator, held against a live HTCondor", "",
        "<!-- Made by `python tests/conformance/table.py` from tests/conformance; do not edit. -->", "",
        f"{len(found)} scenarios were played on HTCondor {', '.join(sorted(versions))} and in the simulator "
        f"(profile `modern`). {agree} of them agree in everything that a user can see: the sandbox and the "
        "spool at every start, what comes home, the events of the job event log, hold codes and the end. "
        "The profiles `slides2021` and `v25` stand for versions that Debian does not package; they "
        "are not checked live. So of R4g only the outcome is: a slot that is lost right after a checkpoint, "
        "by a vacate that had to wait for it, and a slot that drains, which an HTCondor before 25.10.1 uses again.", "",
        "`python3 lab.py pool up` starts that HTCondor. `CONFORMANCE=live python3 lab.py test "
        "tests/conformance` plays all scenarios on it again, and 32 random ones (`CONFORMANCE_DRAWN=300`: "
        "that many, always others); "
        "`python3 lab.py run tests/conformance/on_pool.py` records the answers anew.", "",
        "| rule | scenarios | agree |", "|---|---|---|",
    ]
    for rule, group in itertools.groupby(found, key=lambda scenario: scenario.rule):
        members = list(group)
        lines.append(f"| {rule} | {len(members)} | {sum(not member.differs for member in members)} |")
    lines += ["", "| rule | scenario | what is shown | faults | HTCondor and simulator |",
              "|---|---|---|---|---|"]
    for scenario in found:
        verdict = f"**differ**: {scenario.differs}" if scenario.differs else "agree"
        faults = scenario.faults + " in the transfer" * scenario.in_transfer + "the slots drain" * scenario.drains
        cells = (scenario.rule, scenario.name, scenario.about, faults, verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") if cell is not verdict
                                       else cell for cell in cells) + " |")
    return "\n".join([*lines, *_verdicts()]) + "\n"


def _verdicts() -> list[str]:
    """The section on the misconception programs of the course."""
    known = verdicts.recorded()
    played = [row for row in known["programs"] if "unplayable" not in row]
    lines = [
        "", "## Verdicts", "",
        f"The course's {len(known['programs'])} programs with a misconception. {len(played)} of them were played, on the "
        f"shortest schedule on which `verify` finds them unsafe, in the simulator and on HTCondor {known['htcondor']}; "
        f"{sum(row['alike'] for row in played)} fared alike moment by moment and brought home the same. Where the output is "
        "right, the exercise has something else against the program (it never saves, say). "
        "`python3 lab.py run tests/conformance/verdicts.py` plays them again and records what happens.", "",
        "| exercise · misconception · program | schedule | verify | HTCondor |", "|---|---|---|---|",
    ]
    for row in known["programs"]:
        live = f"not played: {row['unplayable']}" if "unplayable" in row else \
            f"the same: {row['htcondor']}" if row["alike"] else f"**differs**: {row['htcondor']}"
        lines.append(f"| {row['program'].replace('|', chr(92) + '|')} | {row['schedule']} | {row['verify']} | {live} |")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE}")
