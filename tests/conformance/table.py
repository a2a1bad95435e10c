"""The table of docs/conformance.md: rule, scenarios, agreement.

    python tests/conformance/table.py       writes it
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import scenarios

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"


def page() -> str:
    """The whole page, made from the scenarios and from what is recorded."""
    found = sorted(scenarios.read(), key=lambda scenario: scenario.rule)
    agree = sum(not scenario.differs for scenario in found)
    versions = {json.loads(path.read_text())["htcondor"] for path in scenarios.RECORDED.glob("*.json")}
    lines = [
        "# The simulator, held against a live HTCondor", "",
        "<!-- Made by `python tests/conformance/table.py` from tests/conformance; do not edit. -->", "",
        f"{len(found)} scenarios were played on HTCondor {', '.join(sorted(versions))} and in the simulator "
        f"(profile `modern`). {agree} of them agree in everything that a user can see: the sandbox and the "
        "spool at every start, what comes home, the events of the job event log, hold codes and the end. "
        "The profiles `slides2021` and `v25` stand for versions that Debian does not package; they "
        "are not checked live.", "",
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
        cells = (scenario.rule, scenario.name, scenario.about, scenario.faults, verdict)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") if cell is not verdict
                                       else cell for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE}")
