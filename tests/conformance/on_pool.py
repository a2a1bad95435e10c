"""What a live HTCondor answers to a scenario, on the personal pool.

    python tests/conformance/on_pool.py [SCENARIO ...]      plays them, and records the answers

Each start and each pause of the program is a rendezvous: the probe copies the sandbox, the player
looks at the spool and strikes or lets it go on. So nothing depends on how fast the machine is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import network
import scenarios
from scenarios import Scenario

from grader.real_pool import personal_pool
from grader.real_pool.log import read
from grader.real_pool.personal_pool import PoolError
from grader.real_pool.queue import HTCondor, JobId, PersonalPool
from grader.rules.eventlog import Event
from grader.rules.schedule import Fault
from grader.tree import File, Tree

PROBE = """\
#!/bin/sh
# start: keep a copy of the sandbox, and wait until the player has seen it. pause: say so; the program
# itself then waits at the gate. What it leaves has the name of the activation, as a program that is being
# killed may still be at it when the next activation begins. cp fails if HTCondor removes a file of its own meanwhile.
here=$(dirname "$0")
activation=$(echo "$_CONDOR_SCRATCH_DIR" | tr / _)
starts=$(ls -d "$here/start.$activation".* 2>/dev/null | wc -l)
if [ "$1" = start ]; then
    name=$activation.$(( starts + 1 ))
    rm -rf "$here/copy.$activation"
    cp -a "$_CONDOR_SCRATCH_DIR" "$here/copy.$activation" 2> /dev/null; mv "$here/copy.$activation" "$here/start.$name"
    while [ ! -e "$here/seen.$name" ]; do sleep 0.05; done
elif [ "$1" = size ]; then
    echo 300M
else
    touch "$here/pause.$activation.$starts"
fi
"""
MOST_SECONDS = 120
LOSS_SECONDS = 30
"""Seconds within which a fault makes the job lose its slot."""
MOST_EXECUTIONS = 12
TOGETHER, IN_TRANSFER = 22, 4
"""Scenarios that are played at a time; fewer of those whose fault has to strike during a transfer."""
TRIES = 3
CLAIM_AGE = 2.0
"""The age of a claim, in real seconds, when its slot becomes unfit. HTCondor counts whole seconds, and drains a slot
with a younger claim without waiting for its job."""


class TooLate(Exception):
    """The transfer in which a fault was to strike was over before it did."""


class _Player:
    """Plays one scenario."""

    def __init__(self, pool: HTCondor, scenario: Scenario, name: str):
        self.pool, self.scenario = pool, scenario
        self.probe = pool.site.bring(Tree({"probe": File(PROBE.encode(), True)}), f"probes/{name}")
        os.mkfifo(self.probe / "probe.gate")
        os.chmod(self.probe / "probe.gate", 0o666)
        inside = f"{personal_pool.HOME}/probes/{name}/probe"
        self.home = pool.site.bring(scenario.directory(inside), f"jobs/{name}")
        self.starts: list[tuple[Tree, Tree]] = []
        self.met: list[str] = []
        """The names of the starts, ACTIVATION.NUMBER."""
        self.lost: set[str] = set()
        """Activations whose slot was lost, from which nothing counts any more."""
        self.faults = dict(scenario.schedule)
        self.unfit = False

    def play(self) -> dict:
        """HTCondor's answer. Raises TooLate, and TimeoutError if the job does not end."""
        if self.scenario.slots == "drain":  # a startd that has drained before does not wait for jobs
            _administer("condor_restart", "-fast", "-daemon", "startd")
        job = self.pool.submit(self.home / "job.sub")
        try:
            return self._answer(job, time.monotonic() + MOST_SECONDS)
        except (TimeoutError, TooLate):
            with suppress(PoolError):  # it has ended
                self.pool.remove(job)
            raise
        finally:
            self._make_fit()
            self._end_starters()

    def _answer(self, job: JobId, end: float) -> dict:
        while not self._over(job):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.scenario.name}: not over after {MOST_SECONDS} s")
            self._meet(job)
            time.sleep(0.05)
        events = self._events()
        if events[-1].number in (5, 9):  # HTCondor clears the spool a little later
            while self.pool.spool(job) is not None and time.monotonic() < end:
                time.sleep(0.05)
        spool = self.pool.spool(job) or Tree()
        if events[-1].number not in (5, 9):
            self.pool.remove(job)
        return scenarios.answer(self.scenario, self.starts, Tree.read(self.home), spool, events)

    def _end_starters(self) -> None:
        """End the starters that are left. A starter whose transfer failed keeps its slot until the job's lease is over,
        and no other scenario could use it for up to 40 minutes."""
        script = "for pid; do read -r name < /proc/$pid/comm && [ $name = condor_starter ] && kill -QUIT $pid; done; :"
        _administer("sh", "-c", f"exec 2>/dev/null; {script}", "sh", *map(str, self._starters()))

    def _events(self) -> list[Event]:
        log = self.home / "log"
        return list(read(log.read_text())) if log.exists() else []

    def _over(self, job: JobId) -> bool:
        """Whether the job has ended or is held for good; a user's own hold is released."""
        events = self._events()
        numbers = [event.number for event in events]
        if 4 in numbers:
            self._make_fit()  # so that there is a slot for the job
        if numbers and numbers[-1] == 12 and "Code 1 Subcode 0" in events[-1].body[-1]:
            self.pool.release(job)
            while self._events()[-1].number == 12:
                time.sleep(0.05)
            return False
        held_for_good = (9,) if "periodic_re" in self.scenario.submit and numbers.count(12) == 1 else (9, 12)
        return (bool(numbers) and numbers[-1] in (5, *held_for_good)) or len(self.starts) >= MOST_EXECUTIONS

    def _meet(self, job: JobId) -> None:
        """If the program waits, look at it, and let it go on or strike."""
        if new := self._new_start():
            self.starts.append((Tree.read(self.probe / f"start.{new}"), self.pool.spool(job) or Tree()))
            self.met.append(new)
            (self.probe / f"seen.{new}").touch()
        elif self.met and (pause := self.probe / f"pause.{self.met[-1]}").exists():
            pause.unlink()
            number = len(self.starts)
            if self.scenario.slots and number == 1:
                self.unfit = True
                time.sleep(CLAIM_AGE)
                UNFIT[self.scenario.slots](True)
            fault = self.faults.pop(number, None)
            upload = network.Upload(self._starters()[-1]) if fault and fault.kind == "upload-fails" else None
            before = len(self._events())
            if self.scenario.in_transfer or upload or not fault:
                self._open_gate()
            if upload:
                upload.cut()
            elif fault and self.scenario.in_transfer:
                self._await(before, lambda event: "Started transferring output" in event.text)
                self._strike(job, fault)
                self._await_eviction(before, fault)
            elif fault:
                self._strike(job, fault)

    def _new_start(self) -> str:
        """A start that the player has not seen yet, '' if there is none."""
        names = (place.name.partition(".")[2] for place in self.probe.glob("start.*"))
        return next((name for name in names if name not in self.met and name.partition(".")[0] not in self.lost), "")

    def _open_gate(self) -> None:
        """Let the program go on, as soon as it waits at its pause. Raises TimeoutError if it does not come there, as it
        may have been killed."""
        end = time.monotonic() + MOST_SECONDS
        while True:
            try:
                return os.close(os.open(self.probe / "probe.gate", os.O_WRONLY | os.O_NONBLOCK))
            except OSError:  # nobody reads it
                if time.monotonic() > end:
                    raise TimeoutError(f"{self.scenario.name}: the program does not wait at its pause") from None
                time.sleep(0.01)

    def _await_eviction(self, before: int, fault: Fault) -> None:
        """Wait until the slot is lost. Until then the program may start in place for an instant."""
        try:
            self._await(before, lambda event: event.number in (4, 5), LOSS_SECONDS)
        except TimeoutError:  # HTCondor forgets a fault that comes between a checkpoint and the next execution
            raise TooLate(self.scenario.name) from None
        self.lost.add(self.met[-1].partition(".")[0])
        arrived = any("Finished transferring output" in event.text for event in self._events()[before:])
        if fault.kind == "evict" and arrived:
            raise TooLate(self.scenario.name)

    def _await(self, before: int, wanted: Callable[[Event], bool], seconds: float = MOST_SECONDS) -> None:
        """Wait for a `wanted` event after the first `before` events. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not any(map(wanted, self._events()[before:])):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.scenario.name}: an event did not come within {seconds} s")
            time.sleep(0.01)

    def _strike(self, job: JobId, fault: Fault) -> None:
        try:
            if fault.kind == "hold":
                self.pool.hold(job)
            else:
                self.pool.vacate(job, fast=fault.kind == "evict")
        except PoolError as error:  # the job has ended
            raise TooLate(self.scenario.name) from error

    def _make_fit(self) -> None:
        if self.unfit:
            UNFIT[self.scenario.slots](False)
            self.unfit = False

    def _starters(self) -> list[int]:
        """The process ids of the job's starters, in order. Its sandboxes are named after them."""
        return [
            int(found[1])
            for event in self._events()
            if event.number == 1 and (found := re.search(r"CondorScratchDir.*dir_(\d+)", "\n".join(event.body)))
        ]


def answers(played: Iterable[Scenario]) -> dict[str, dict]:
    """Scenario → HTCondor's answer. Most are played at the same time, each in a slot of its own; those that make slots
    unfit, which affects the whole machine, are played one by one at the end."""
    personal_pool.up()
    pool, played = HTCondor(PersonalPool()), list(played)
    groups = {TOGETHER: [], IN_TRANSFER: [], 1: []}
    for scenario in played:
        groups[1 if scenario.slots else IN_TRANSFER if scenario.in_transfer else TOGETHER].append(scenario)
    results = {}
    for together, those in groups.items():
        with ThreadPoolExecutor(together) as threads:
            running = {scenario.name: threads.submit(_play, pool, scenario) for scenario in those}
        for name, future in running.items():
            try:
                results[name] = future.result()
            except Exception as error:
                print(f"{name}: {error!r}", file=sys.stderr)
    return results


def _play(pool: HTCondor, scenario: Scenario) -> dict:
    """HTCondor's answer. The scenario is played again if a fault came too late."""
    for number in range(1, TRIES):
        try:
            return _Player(pool, scenario, f"{scenario.name}.{number}").play()
        except TooLate:
            pass
    return _Player(pool, scenario, f"{scenario.name}.{TRIES}").play()


def _drain(on: bool) -> None:
    """Drain the one machine of the pool, or cancel that."""
    machine = HTCondor(PersonalPool()).run("condor_status", "-af", "Machine", "-limit", "1").strip()
    _administer("condor_drain", "-graceful" if on else "-cancel", machine)


def _age_claims(on: bool) -> None:
    """Make every claim too old for another job, or undo that."""
    file = personal_pool.TREE / "etc/condor/config.d/worklife"
    usual = _administer("condor_config_val", "-startd", "CLAIM_WORKLIFE")
    if on:
        file.write_text("CLAIM_WORKLIFE = 0\n")
    else:
        file.unlink()
    _administer("condor_reconfig", "-daemon", "startd")
    while _administer("condor_config_val", "-startd", "CLAIM_WORKLIFE") == usual:
        time.sleep(0.1)


UNFIT = {"drain": _drain, "old claim": _age_claims}


def _administer(*command: str) -> str:
    return subprocess.run(
        personal_pool.enter(command, user="root"), check=True, capture_output=True, text=True, timeout=60
    ).stdout


def slots() -> set[str]:
    """The states of the slots."""
    return set(HTCondor(PersonalPool()).run("condor_status", "-af", "State").split())


def version() -> str:
    """The HTCondor that answers."""
    return HTCondor(PersonalPool()).run("condor_version").split()[1]


if __name__ == "__main__":
    everything = scenarios.read()
    wanted = [s for s in everything if not sys.argv[1:] or s.name in sys.argv[1:] or s.group in sys.argv[1:]]
    began = time.monotonic()
    results = answers(wanted)
    scenarios.record(everything, results, version())
    print(f"{len(results)} of {len(wanted)} scenarios recorded in {time.monotonic() - began:.0f} s")
