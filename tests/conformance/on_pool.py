"""What a live HTCondor answers to a scenario, on the personal pool.

    python tests/conformance/on_pool.py [SCENARIO ...]      plays them, and records the answers

Each start and each pause of the program is a rendezvous: the probe copies the sandbox, the player
looks at the spool and strikes or lets it go on. So nothing depends on how fast the machine is.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from grader import personal_pool
from grader.htcondor import JobId, PersonalPool, read_log
from grader.simulator.eventlog import Event
from grader.simulator.schedule import Fault
from grader.simulator.tree import File, Tree

import scenarios
from scenarios import Scenario

PROBE = """\
#!/bin/sh
# start: keep a copy of the sandbox, and wait until the player has seen it. pause: say so; the program
# itself then waits at the gate.
here=$(dirname "$0")
if [ "$1" = start ]; then
    n=$(( $(ls -d "$here"/start.* 2>/dev/null | wc -l) + 1 ))
    rm -rf "$here/copy"
    cp -a "$_CONDOR_SCRATCH_DIR" "$here/copy" && mv "$here/copy" "$here/start.$n"
    while [ ! -e "$here/seen.$n" ]; do sleep 0.05; done
elif [ "$1" = size ]; then
    [ -d "$here/start.2" ] && [ ! -d "$here/start.3" ] && echo 300M || echo 1000
else
    touch "$here/pause.$(ls -d "$here"/start.* | wc -l)"
fi
"""
MOST_SECONDS = 120
MOST_EXECUTIONS = 12
TOGETHER = 16


class _Player:
    """Plays one scenario."""

    def __init__(self, pool: PersonalPool, scenario: Scenario):
        self.pool, self.scenario = pool, scenario
        self.probe = pool.bring(Tree({"probe": File(PROBE.encode(), True)}), f"probes/{scenario.name}")
        os.mkfifo(self.probe / "probe.gate")
        os.chmod(self.probe / "probe.gate", 0o666)
        inside = f"{personal_pool.HOME}/probes/{scenario.name}/probe"
        self.home = pool.bring(scenario.directory(inside), f"jobs/{scenario.name}")
        self.starts: list[tuple[Tree, Tree]] = []
        self.faults = dict(scenario.schedule)

    def play(self) -> dict:
        job = self.pool.submit(self.home / "job.sub")
        end = time.monotonic() + MOST_SECONDS
        while not self._over(job):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.scenario.name}: not over after {MOST_SECONDS} s")
            self._meet(job)
            time.sleep(0.05)
        events = self._events()
        if events[-1].number == 5:  # HTCondor clears the spool a little later
            while self.pool.spool(job) is not None and time.monotonic() < end:
                time.sleep(0.05)
        spool = self.pool.spool(job) or Tree()
        if events[-1].number != 5:
            self.pool.remove(job)
        return scenarios.answer(self.scenario, self.starts, Tree.read(self.home), spool, events)

    def _events(self) -> list[Event]:
        log = self.home / "log"
        return list(read_log(log.read_text())) if log.exists() else []

    def _over(self, job: JobId) -> bool:
        """Whether the job has ended or is held for good; a user's own hold is released."""
        events = self._events()
        numbers = [event.number for event in events]
        if numbers and numbers[-1] == 12 and "Code 1 Subcode 0" in events[-1].body[-1]:
            self.pool.release(job)
            while self._events()[-1].number == 12:
                time.sleep(0.05)
            return False
        return bool(numbers) and numbers[-1] in (5, 12) or len(self.starts) >= MOST_EXECUTIONS

    def _meet(self, job: JobId) -> None:
        """Where the program waits: look, and go on or strike."""
        number = len(self.starts)
        if (place := self.probe / f"start.{number + 1}").exists():
            self.starts.append((Tree.read(place), self.pool.spool(job) or Tree()))
            (self.probe / f"seen.{number + 1}").touch()
        elif (pause := self.probe / f"pause.{number}").exists():
            pause.unlink()
            fault = self.faults.pop(number, None)
            if self.scenario.in_transfer or not fault:
                self._open_gate()
            if self.scenario.in_transfer and fault:
                self._await_transfer()
            if fault:
                self._strike(job, fault)
            if self.scenario.in_transfer and fault:
                self._await_eviction(number + 1)

    def _open_gate(self) -> None:
        with open(self.probe / "probe.gate", "w"):  # waits for the program to come, which then reads its end
            pass

    def _await_transfer(self) -> None:
        """Wait until the checkpoint that now comes is on its way."""
        before = len(self._events())
        while not any("Started transferring output" in event.text for event in self._events()[before:]):
            time.sleep(0.01)

    def _await_eviction(self, start: int) -> None:
        """Wait until the slot is lost. Until then the program may start in place for an instant."""
        struck = len(self.scenario.schedule) - len(self.faults)
        while sum(event.number == 4 for event in self._events()) < struck:
            time.sleep(0.01)
        shutil.rmtree(self.probe / f"start.{start}", ignore_errors=True)

    def _strike(self, job: JobId, fault: Fault) -> None:
        if fault.kind == "hold":
            self.pool.hold(job)
        else:
            self.pool.vacate(job, fast=fault.kind == "evict")


def answers(played: Iterable[Scenario]) -> dict[str, dict]:
    """Scenario → HTCondor's answer; all of them at the same time, each in a slot of its own."""
    personal_pool.up()
    pool = PersonalPool()
    with ThreadPoolExecutor(TOGETHER) as threads:
        running = {scenario.name: threads.submit(_Player(pool, scenario).play) for scenario in played}
        found = {}
        for name, future in running.items():
            try:
                found[name] = future.result()
            except Exception as error:
                print(f"{name}: {error!r}", file=sys.stderr)
        return found


def version() -> str:
    """The HTCondor that answers."""
    return PersonalPool().run("condor_version").split()[1]


if __name__ == "__main__":
    everything = scenarios.read()
    wanted = [s for s in everything if not sys.argv[1:] or s.name in sys.argv[1:] or s.group in sys.argv[1:]]
    began = time.monotonic()
    told = answers(wanted)
    scenarios.record(everything, told, version())
    print(f"{len(told)} of {len(wanted)} scenarios recorded in {time.monotonic() - began:.0f} s")
