"""A complete HTCondor pool on this machine, for tests and for learners without an access point.

A Debian tree with the `condor` package, made once in .lab/pool, and `condor_master` in it. All of it
runs in namespaces of its own: its mounts, processes and network (loopback and nothing else) are seen
by nobody outside, and are gone when its first process is gone. What it is not: a driver of jobs (that
is the package htcondor), nor used where HTCondor is there already. Standard library only, so that
`python3 lab.py pool` needs nothing installed:

    python3 grader/real_pool/personal_pool.py up|status|down

POOL_SUITE in the environment names another Debian release, for another version of HTCondor. Each has a
tree and a pool of its own.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

with suppress(ImportError):  # Windows, where obstacle() says that there is no pool
    import fcntl

SUITE = os.environ.get("POOL_SUITE") or "trixie"
"""Debian's release that HTCondor is taken from. Debian 13 is the only stable one that packages it."""
POOL = Path(__file__).resolve().parents[2] / ".lab" / ("pool" if SUITE == "trixie" else f"pool-{SUITE}")
TREE, STAMP, PROCESS, LOG = POOL / "tree", POOL / "stamp", POOL / "process", POOL / "setup.log"
CLIENT = POOL / "client"
"""The configuration of HTCondor's bindings outside of the tree, and the token that they show."""

PACKAGES = ("condor", "python3")
MIRROR = "http://deb.debian.org/debian"
"""Where packages come from if apt's configuration here names no mirror of Debian."""

USER = "student"
"""Who submits jobs: HTCondor takes none from root."""
HOME = f"/home/{USER}"
SLOTS = 24
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DOMAIN = "pool.localdomain"
NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc")

COMMON = f"""\
use SECURITY : HOST_BASED
CONDOR_HOST = 127.0.0.1
NETWORK_INTERFACE = 127.0.0.1
ENABLE_IPV6 = False
NO_DNS = True
DEFAULT_DOMAIN_NAME = localdomain
UID_DOMAIN = {DOMAIN}
TRUST_DOMAIN = {DOMAIN}
"""
CONFIGURATION = f"""\
# The personal pool of the self-checkpointing course: every daemon on one machine, all on loopback.
use ROLE : CentralManager, Submit, Execute
use POLICY : ALWAYS_RUN_JOBS
{COMMON}
ALLOW_READ = 127.0.0.1
ALLOW_WRITE = 127.0.0.1
ALLOW_ADMINISTRATOR = 127.0.0.1

# Slots that are many, small and always there.
NUM_CPUS = {SLOTS}
MEMORY = {SLOTS * 4096}
NUM_SLOTS = {SLOTS}
NUM_SLOTS_TYPE_1 = {SLOTS}
SLOT_TYPE_1 = 1/{SLOTS}
JOB_DEFAULT_REQUESTDISK = 1
JOB_DEFAULT_REQUESTMEMORY = 1

# In a chroot there is no /tmp to mount anew for each job.
MOUNT_UNDER_SCRATCH =

# As in most pools, access point and execution points share no files: they are always transferred.
STARTD.FILESYSTEM_DOMAIN = execution-points.localdomain
STARTER.FILESYSTEM_DOMAIN = execution-points.localdomain

# A slot that drains waits for its job, however young that is.
MAXJOBRETIREMENTTIME = 3600

# A machine for one person: jobs start within seconds.
NEGOTIATOR_INTERVAL = 2
NEGOTIATOR_CYCLE_DELAY = 1
NEGOTIATOR_MIN_INTERVAL = 1
SCHEDD_INTERVAL = 1
SCHEDD_MIN_INTERVAL = 1
UPDATE_INTERVAL = 5
JOB_START_DELAY = 0
PERIODIC_EXPR_INTERVAL = 5
"""


NOT_RUNNING = "The pool is not running. Start it with: python3 lab.py pool up"


class PoolError(Exception):
    """Why there is no pool, and what to do about it, in words for the person at the keyboard."""


# -- what there is ---------------------------------------------------------------------


def own_htcondor() -> bool:
    """Whether this machine has an HTCondor whose queue answers."""
    if not (shutil.which("condor_submit") and shutil.which("condor_q")):
        return False
    try:
        return subprocess.run(["condor_q", "-totals"], capture_output=True, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def obstacle() -> str:
    """Why no personal pool can be made here; '' if one can."""
    if not sys.platform.startswith("linux"):
        return "A personal pool needs Linux. Submit at an access point instead (the OSPool's, for example)."
    if os.geteuid() != 0:
        return "A personal pool needs root (it starts daemons in a tree of their own). Run this with sudo."
    if not shutil.which("debootstrap", path=PATH) and not ready():
        return "A personal pool needs debootstrap. On Debian and Ubuntu: apt install debootstrap"
    if subprocess.run(["unshare", *NAMESPACES, "--fork", "true"], capture_output=True).returncode:
        return (
            "This container may not make namespaces, which a personal pool lives in. Run this outside of "
            "it, or start it with `--privileged`."
        )
    return ""


def ready() -> bool:
    """Whether the tree is there, whole, and made by the recipe of this file."""
    return STAMP.exists() and STAMP.read_text() == _recipe()


def process() -> int | None:
    """The first process of the running pool; None if none is running."""
    try:
        outer, started = PROCESS.read_text().split()
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
    except (OSError, ValueError):
        return None
    return int(children[0]) if children and _started(int(outer)) == started else None


def enter(command: Sequence[str], *, directory: str = HOME, user: str = USER) -> list[str]:
    """The command line that runs a command in the running pool, as one of its users."""
    first = process()
    if first is None:
        raise PoolError(NOT_RUNNING)
    who = ["--setuid", str(id_of(user)), "--setgid", str(id_of(user))] if user != "root" else []
    inside = ["/usr/bin/env", "-i", f"--chdir={directory}", f"PATH={PATH}", f"HOME={HOME}", "LANG=C.UTF-8"]
    return [
        "nsenter",
        "--target",
        str(first),
        "--mount",
        "--pid",
        "--net",
        "--uts",
        "--ipc",
        "--root",
        *who,
        *inside,
        *command,
    ]


def client_configuration() -> Path:
    """The configuration with which HTCondor's bindings, outside of the tree, are the pool's user.

    They can't show who they are by a file, as the tools in the tree do: their /tmp is another one. So
    they have a token, for as long as this pool runs.
    """
    made = subprocess.run(
        enter(["condor_token_create", "-identity", f"{USER}@{DOMAIN}"], user="root"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if made.returncode:
        raise PoolError(f"condor_token_create failed: {made.stderr.strip()}")
    (CLIENT / "tokens").mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(CLIENT / "tokens" / "pool", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as token:
        token.write(made.stdout)
    configuration = CLIENT / "configuration"
    configuration.write_text(
        f"{COMMON}SEC_CLIENT_AUTHENTICATION_METHODS = IDTOKENS\nSEC_TOKEN_DIRECTORY = {CLIENT}/tokens\n"
    )
    return configuration


@contextmanager
def network() -> Iterator[None]:
    """This thread in the network of the running pool, where its daemons listen and nothing else is."""
    first = process()
    if first is None:
        raise PoolError(NOT_RUNNING)
    with open("/proc/thread-self/ns/net") as own, open(f"/proc/{first}/ns/net") as pool:
        _set_network(pool.fileno())
        try:
            yield
        finally:
            _set_network(own.fileno())


def _set_network(namespace: int) -> None:
    """setns(2), which Python has since 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, 0x40000000):  # CLONE_NEWNET
        raise PoolError(f"Can't enter the network of the pool: {os.strerror(ctypes.get_errno())}.")


# -- up, status, down ------------------------------------------------------------------


def up() -> None:
    """Start the pool, making its tree first if need be. Returns when every slot is there."""
    if process() is None or not ready():
        if problem := obstacle():
            raise PoolError(problem)
        POOL.mkdir(parents=True, exist_ok=True)
        with open(POOL / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time makes it and starts it
            if not ready():
                _build(lock.fileno())
            if process() is None:
                _start()
    _wait_for_slots()


def down() -> None:
    """End every process of the pool; its mounts and its network end with them."""
    first = process()
    if first is not None:
        outer = int(PROCESS.read_text().split()[0])
        os.kill(first, signal.SIGTERM)  # _inside() lets condor_master shut down
        if not _within(15, lambda: not Path(f"/proc/{first}").exists()):
            os.kill(outer, signal.SIGKILL)  # and --kill-child the rest
            _within(5, lambda: not Path(f"/proc/{first}").exists())
    PROCESS.unlink(missing_ok=True)


def status() -> str:
    """Version, slots and queue of the pool at hand, or that there is none."""
    run: Callable[[Sequence[str]], list[str]]
    if own_htcondor():
        run, what = list, "This machine's own HTCondor"
    elif process() is not None:
        run, what = enter, f"The personal pool in {POOL}"
    else:
        made = "is made and not running" if ready() else "is not there"
        return f"The personal pool {made}. Start it with: python3 lab.py pool up"

    def lines(*command: str) -> list[str]:
        done = subprocess.run(run(command), capture_output=True, text=True, timeout=60)
        return done.stdout.strip().splitlines() or ["?"]

    version, slots = lines("condor_version"), lines("condor_status", "-af", "State")
    queue = lines("condor_q", "-allusers", "-totals")
    free = sum(state == "Unclaimed" for state in slots)
    return (
        f"{what}, {version[0].strip('$ ')}\n"
        f"Slots: {len(slots)}, {free} of them free\n"
        f"Queue: {queue[-1].rpartition(': ')[2]}"
    )


# -- making it -------------------------------------------------------------------------


def _recipe() -> str:
    """What the tree depends on: its folder, and what is installed in it."""
    facts = (str(TREE), SUITE, PACKAGES, USER)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _build(lock: int) -> None:
    """Make the tree. It gets its stamp last, so what was interrupted is made anew; its mounts are in a
    namespace that dies with the work, which has the lock as long as it lives."""
    down()  # an older pool, made by another recipe
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(TREE, ignore_errors=True)
    print(f"Making the pool: Debian and HTCondor, 600 MB in .lab/{POOL.name}. It takes a minute or two.", flush=True)
    # Debian's releases after buster all have debootstrap's script for sid, which knows no release after its own.
    # And a package that is set up may ask systemd's tools, which look into /proc.
    script = f"""set -e
        debootstrap --variant=minbase {SUITE} {TREE} {mirror()} /usr/share/debootstrap/scripts/sid
        mount -t proc proc {TREE}/proc
        printf '#!/bin/sh\\nexit 101\\n' > {TREE}/usr/sbin/policy-rc.d; chmod 755 {TREE}/usr/sbin/policy-rc.d
        export DEBIAN_FRONTEND=noninteractive
        chroot {TREE} apt-get install -y --no-install-recommends {" ".join(PACKAGES)}
        chroot {TREE} useradd --create-home {USER}
        """
    with open(LOG, "wb") as log:
        made = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": PATH, **_proxies()},
            pass_fds=[lock],
        )
    if made.returncode:
        last = LOG.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing was said"]
        raise PoolError(f"Could not make the pool: {last[0]}\nIs there a network? All that was said: {LOG}")
    STAMP.write_text(_recipe())


def _configure() -> None:
    """Lay this file's configuration into the tree; done at each start, as it costs nothing."""
    config = TREE / "etc/condor/config.d"
    for file in config.iterdir():
        file.unlink()
    (config / "personal-pool").write_text(CONFIGURATION)
    (TREE / "etc/hosts").write_text("127.0.0.1 localhost pool.localdomain pool\n")
    (TREE / "etc/hostname").write_text("pool\n")
    # A path into the tree means the same in the tree as outside of it.
    again = TREE / TREE.relative_to("/")
    again.parent.mkdir(parents=True, exist_ok=True)
    for folder in again.parents[: len(TREE.parts) - 2]:  # /root, for one, is closed to others
        folder.chmod(folder.stat().st_mode | 0o111)
    if not again.is_symlink():
        again.symlink_to("/")
    for name in ("run/condor", "log/condor", "lock/condor", "spool/condor", "lib/condor/execute"):
        place = TREE / "var" / name
        place.mkdir(parents=True, exist_ok=True)
        os.chown(place, id_of("condor"), id_of("condor", group=True))


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """The mirror of Debian that apt uses here."""
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    for file in files:
        if file.suffix not in (".list", ".sources") or not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
            match = re.match(r"(?:URIs:|deb(?:\s+\[.*?\])?)\s+(https?://\S+/debian)/?(?:\s|$)", line)
            if match:
                return match[1]
    return MIRROR


def _proxies() -> dict[str, str]:
    """What the downloads need of this environment."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def id_of(user: str, group: bool = False) -> int:
    """The number of a user of the tree, or of its group."""
    for line in (TREE / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == user:
            return int(gid if group else uid)
    raise PoolError(f"The pool's tree has no user {user}. Make it anew: remove {POOL} and run this again.")


# -- running it ------------------------------------------------------------------------


def _start() -> None:
    _configure()
    with open(POOL / "run.log", "wb") as log:
        outer = subprocess.Popen(
            ["unshare", *NAMESPACES, "--fork", "--kill-child", sys.executable, __file__, "--inside"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    PROCESS.write_text(f"{outer.pid} {_started(outer.pid)}")


def _inside() -> None:
    """The first process of the namespaces: mounts, raises loopback, and looks after condor_master."""
    socket.sethostname("pool")
    with socket.socket() as any_socket:  # SIOCSIFFLAGS with IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
    subprocess.run(["mount", "--rbind", "/dev", TREE / "dev"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", TREE / "proc"], check=True)
    os.chroot(TREE)
    os.chdir("/")
    master = subprocess.Popen(["/usr/sbin/condor_master", "-f"], env={"PATH": PATH, "LANG": "C.UTF-8"})
    signal.signal(signal.SIGTERM, lambda *_: master.send_signal(signal.SIGQUIT))  # the fast shutdown
    while os.wait()[0] != master.pid:  # others are orphans that end here
        pass


def _wait_for_slots() -> None:
    def slots() -> bool:
        if process() is None:
            raise PoolError(f"The pool stopped at once. Why: see {POOL / 'run.log'} and {TREE}/var/log/condor.")
        asked = subprocess.run(enter(["condor_status", "-af", "Name"]), capture_output=True, timeout=60)
        queue = subprocess.run(enter(["condor_q", "-totals"]), capture_output=True, timeout=60)
        return len(asked.stdout.split()) >= SLOTS and queue.returncode == 0

    _within(5, lambda: process() is not None)
    if not _within(120, slots):
        raise PoolError(f"The pool's slots do not come up. Its daemons' logs are in {TREE}/var/log/condor.")


def _within(seconds: float, happened: Callable[[], bool]) -> bool:
    """Whether something happens in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.1)
    return False


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks: a number that another one with its id has not."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def main(arguments: Sequence[str]) -> int:
    """The command line; see the top of the file."""
    if list(arguments) == ["--inside"]:
        _inside()
        return 0
    if len(arguments) != 1 or arguments[0] not in ("up", "status", "down"):
        print("usage: python3 lab.py pool up|status|down", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments[0] == "down":
            down()
            print("The personal pool is down.")
            return 0
        if arguments[0] == "up" and not own_htcondor():
            up()
        print(status())
    except PoolError as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # what is half made has no stamp, and is made anew
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
