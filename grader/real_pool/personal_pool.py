"""A complete HTCondor pool on this machine, for tests and for learners without an access point.

It is a Debian tree with the `condor` package, built once in .lab/pool, in which `condor_master` runs. The pool has its
own namespaces: its mounts, processes and network (loopback only) are invisible from outside, and end with its first
process. queue.py submits jobs to it. It is not used where HTCondor is already installed. This file imports only the
standard library, so `python3 lab.py pool` needs nothing installed:

    python3 grader/real_pool/personal_pool.py up|status|down

The environment variable POOL_SUITE names another Debian release, for another version of HTCondor. Each release has its
own tree and pool.
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
"""The Debian release that provides HTCondor. Debian 13 is the only stable release that packages it."""
POOL = Path(__file__).resolve().parents[2] / ".lab" / ("pool" if SUITE == "trixie" else f"pool-{SUITE}")
TREE, STAMP, PROCESS, LOG = POOL / "tree", POOL / "stamp", POOL / "process", POOL / "setup.log"
CLIENT = POOL / "client"
"""The configuration and token of HTCondor's bindings outside the tree."""

PACKAGES = ("condor", "python3")
MIRROR = "http://deb.debian.org/debian"
"""The source of packages if apt's configuration names no mirror of Debian."""

USER = "student"
"""The user who submits jobs: HTCondor accepts none from root."""
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

# Many small slots that are always available.
NUM_CPUS = {SLOTS}
MEMORY = {SLOTS * 4096}
NUM_SLOTS = {SLOTS}
NUM_SLOTS_TYPE_1 = {SLOTS}
SLOT_TYPE_1 = 1/{SLOTS}
JOB_DEFAULT_REQUESTDISK = 1
JOB_DEFAULT_REQUESTMEMORY = 1

# A chroot can't give each job a /tmp of its own.
MOUNT_UNDER_SCRATCH =

# As in most pools, access point and execution points share no file system, so files are always transferred.
STARTD.FILESYSTEM_DOMAIN = execution-points.localdomain
STARTER.FILESYSTEM_DOMAIN = execution-points.localdomain

# A draining slot waits for its job, even a young one.
MAXJOBRETIREMENTTIME = 3600

# For a single user: jobs start within seconds.
NEGOTIATOR_INTERVAL = 2
NEGOTIATOR_CYCLE_DELAY = 1
NEGOTIATOR_MIN_INTERVAL = 1
SCHEDD_INTERVAL = 1
SCHEDD_MIN_INTERVAL = 1
UPDATE_INTERVAL = 5
JOB_START_DELAY = 0
PERIODIC_EXPR_INTERVAL = 5

# Nobody asks how fast the slots are, which takes 16 s of processor time at each start.
RunBenchmarks = False
"""


NOT_RUNNING = "The pool is not running. Start it with: python3 lab.py pool up"


class PoolError(Exception):
    """Why there is no pool, and what to do about it, in words for the user."""


# -- state -----------------------------------------------------------------------------


def own_htcondor() -> bool:
    """Whether this machine has an HTCondor whose queue answers."""
    if not (shutil.which("condor_submit") and shutil.which("condor_q")):
        return False
    try:
        return subprocess.run(["condor_q", "-totals"], capture_output=True, timeout=60).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def obstacle() -> str:
    """Why this machine can't have a personal pool; '' if it can."""
    if not sys.platform.startswith("linux"):
        return "A personal pool needs Linux. Submit at an access point instead (the OSPool's, for example)."
    if os.geteuid() != 0:
        return "A personal pool needs root, to start daemons in their own tree. Run this with sudo."
    if not shutil.which("debootstrap", path=PATH) and not ready():
        return "A personal pool needs debootstrap. On Debian and Ubuntu: apt install debootstrap"
    if subprocess.run(["unshare", *NAMESPACES, "--fork", "true"], capture_output=True).returncode:
        return (
            "A personal pool needs namespaces, which this container may not create. Run this outside of "
            "it, or start it with `--privileged`."
        )
    return ""


def ready() -> bool:
    """Whether the tree is complete and up to date with this file."""
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
    """The command line that runs `command` in the running pool as one of its users."""
    first = process()
    if first is None:
        raise PoolError(NOT_RUNNING)
    ids = ["--setuid", str(id_of(user)), "--setgid", str(id_of(user))] if user != "root" else []
    env = ["/usr/bin/env", "-i", f"--chdir={directory}", f"PATH={PATH}", f"HOME={HOME}", "LANG=C.UTF-8"]
    return ["nsenter", "--target", str(first), *NAMESPACES, "--root", *ids, *env, *command]


def client_configuration() -> Path:
    """The configuration with which HTCondor's bindings, outside the tree, act as the pool's user.

    They can't authenticate by a file, as the tools in the tree do, because their /tmp is a different directory. So they
    use a token, valid while this pool runs.
    """
    done = subprocess.run(
        enter(["condor_token_create", "-identity", f"{USER}@{DOMAIN}"], user="root"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode:
        raise PoolError(f"condor_token_create failed: {done.stderr.strip()}")
    (CLIENT / "tokens").mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(CLIENT / "tokens" / "pool", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as token:
        token.write(done.stdout)
    configuration = CLIENT / "configuration"
    configuration.write_text(
        f"{COMMON}SEC_CLIENT_AUTHENTICATION_METHODS = IDTOKENS\nSEC_TOKEN_DIRECTORY = {CLIENT}/tokens\n"
    )
    return configuration


@contextmanager
def network() -> Iterator[None]:
    """A context in which this thread uses the network of the running pool, where only its daemons listen."""
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
    """Call setns(2), which Python offers from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, 0x40000000):  # CLONE_NEWNET
        raise PoolError(f"Can't enter the network of the pool: {os.strerror(ctypes.get_errno())}.")


# -- up, status, down ------------------------------------------------------------------


def up() -> None:
    """Start the pool, building its tree first if necessary. Returns when every slot is up."""
    if process() is None or not ready():
        if problem := obstacle():
            raise PoolError(problem)
        POOL.mkdir(parents=True, exist_ok=True)
        with open(POOL / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # only one process builds and starts it
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
            os.kill(outer, signal.SIGKILL)  # --kill-child ends the rest
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
        state = "is built but not running" if ready() else "does not exist yet"
        return f"The personal pool {state}. Start it with: python3 lab.py pool up"

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


# -- building it -----------------------------------------------------------------------


def _recipe() -> str:
    """A hash of what the tree depends on: its folder, and what is installed in it."""
    facts = (str(TREE), SUITE, PACKAGES, USER)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _build(lock: int) -> None:
    """Build the tree. The stamp is written last, so an interrupted build is repeated. The build's mounts are in a
    namespace that ends with it, and it inherits the file descriptor `lock`, so the lock is held until it ends."""
    down()  # a pool that an older version of this file built
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(TREE, ignore_errors=True)
    print(f"Building the pool: Debian and HTCondor, 600 MB in .lab/{POOL.name}. It takes a minute or two.", flush=True)
    # debootstrap does not know releases newer than itself; its script for sid fits every release after buster.
    # /proc is there for systemd's tools, which packages may call during installation. An interrupted build is repeated,
    # so dpkg need not wait for the disk after each file.
    script = f"""set -e
        mkdir -p {TREE}/etc/dpkg/dpkg.cfg.d
        echo force-unsafe-io > {TREE}/etc/dpkg/dpkg.cfg.d/unsafe-io
        debootstrap --variant=minbase {SUITE} {TREE} {mirror()} /usr/share/debootstrap/scripts/sid
        mount -t proc proc {TREE}/proc
        printf '#!/bin/sh\\nexit 101\\n' > {TREE}/usr/sbin/policy-rc.d; chmod 755 {TREE}/usr/sbin/policy-rc.d
        export DEBIAN_FRONTEND=noninteractive
        chroot {TREE} apt-get install -y --no-install-recommends {" ".join(PACKAGES)}
        chroot {TREE} useradd --create-home {USER}
        """
    with open(LOG, "wb") as log:
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={"PATH": PATH, **_proxies()},
            pass_fds=[lock],
        )
    if done.returncode:
        last = LOG.read_text(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise PoolError(f"Could not build the pool: {last[0]}\nIs there a network? The log is {LOG}")
    STAMP.write_text(_recipe())


def _configure() -> None:
    """Write this file's configuration into the tree. Cheap, so done at each start."""
    config = TREE / "etc/condor/config.d"
    for file in config.iterdir():
        file.unlink()
    (config / "personal-pool").write_text(CONFIGURATION)
    (TREE / "etc/hosts").write_text("127.0.0.1 localhost pool.localdomain pool\n")
    (TREE / "etc/hostname").write_text("pool\n")
    # A path into the tree means the same inside and outside.
    link = TREE / TREE.relative_to("/")
    link.parent.mkdir(parents=True, exist_ok=True)
    for folder in link.parents[: len(TREE.parts) - 2]:  # some, such as /root, are closed to other users
        folder.chmod(folder.stat().st_mode | 0o111)
    if not link.is_symlink():
        link.symlink_to("/")
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
    """The proxy settings of this environment, for the downloads."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def id_of(user: str, group: bool = False) -> int:
    """The numeric id of a user of the tree, or of the user's group. Raises PoolError if there is no such user."""
    for line in (TREE / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == user:
            return int(gid if group else uid)
    raise PoolError(f"The pool's tree has no user {user}. Rebuild it: remove {POOL} and run this again.")


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
    """The first process of the namespaces: mounts file systems, brings loopback up, and waits for condor_master."""
    socket.sethostname("pool")
    with socket.socket() as any_socket:  # SIOCSIFFLAGS with IFF_UP | IFF_RUNNING
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
    subprocess.run(["mount", "--rbind", "/dev", TREE / "dev"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", TREE / "proc"], check=True)
    os.chroot(TREE)
    os.chdir("/")
    master = subprocess.Popen(["/usr/sbin/condor_master", "-f"], env={"PATH": PATH, "LANG": "C.UTF-8"})
    signal.signal(signal.SIGTERM, lambda *_: master.send_signal(signal.SIGQUIT))  # the fast shutdown
    while os.wait()[0] != master.pid:  # as the first process it also reaps orphans
        pass


def _wait_for_slots() -> None:
    def slots() -> bool:
        if process() is None:
            raise PoolError(f"The pool stopped at once. To see why: {POOL / 'run.log'} and {TREE}/var/log/condor.")
        status = subprocess.run(enter(["condor_status", "-af", "Name"]), capture_output=True, timeout=60)
        queue = subprocess.run(enter(["condor_q", "-totals"]), capture_output=True, timeout=60)
        return len(status.stdout.split()) >= SLOTS and queue.returncode == 0

    _within(5, lambda: process() is not None)
    if not _within(120, slots):
        raise PoolError(f"The pool's slots do not come up. Its daemons' logs are in {TREE}/var/log/condor.")


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks; differs for a later process with the same id."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def main(arguments: Sequence[str]) -> int:
    """The command line; see the top of this file."""
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
    except PoolError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # an unfinished tree has no stamp, and is built again
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
