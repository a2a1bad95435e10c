"""The gallery of attacks: answers that try to cheat, to break out, or to bring the grading to a halt.

Each is judged as `grade` does, with short limits. For every one of them: nothing outside its sandbox
has changed or become known, no process of it is left, it gets no points that it has not earned, and the
grading is done in time. Attacks on the files that are handed in (archives, links, broken notebooks) are
in test_batch.py and test_submission.py, those on nbgrader's kernel in test_preprocessors.py.
"""

from __future__ import annotations

import html
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import ANSWERS, ROOT

from grader.course import budgeted as sparing
from grader.course.budgeted import LIMITS
from grader.execute.isolation import confinement
from grader.grading import judge, pages
from grader.grading.judge import Grade, Graded
from grader.grading.submission import StudentAnswers, read
from grader.rules.execution import Limits
from grader.tree import Tree

CONFINE = confinement()
SHUT_IN = CONFINE is not None and CONFINE.bubblewrap
needs_sandbox = pytest.mark.skipif(not SHUT_IN, reason="bubblewrap is not to be had here")
SHORT = replace(LIMITS, cpu=1, wall=1.5)
SECONDS = 6.0
IN_TIME = 40.0
"""The most seconds that judging an attack may take on a slow machine, its budget included."""

RIGHT = ANSWERS["save"][0]["with open"]["checkpoint.py"]
RIGHT_RESTORE = ANSWERS["restore"][0]["text"]
SWEEP = ("checkpoint.txt, my_output.txt", "transfer_checkpoint_files")


def save(attack: str, answer: str = RIGHT) -> dict[str, dict[str, str]]:
    """An answer to `save` that attacks first and then continues as a right answer, if it gets that far."""
    return {"save": {"checkpoint.py": textwrap.dedent(attack) + "\n" + answer}}


def restore(program: str, **lines: str) -> dict[str, dict[str, str]]:
    """An answer to `restore`, with other lines in its submit file."""
    submit = RIGHT_RESTORE["sweep.sub"].splitlines()
    for name, value in lines.items():
        submit = [line for line in submit if line.split("=")[0].strip() != name]
        submit.insert(len(submit) - 1, f"{name} = {value}" if value else "")
    return {"restore": {"checkpoint.py": textwrap.dedent(program), "sweep.sub": "\n".join(submit) + "\n"}}


def tried(statement: str, answer: str = RIGHT) -> dict[str, dict[str, str]]:
    """A right answer that also tries something, and ignores whether it succeeds."""
    return save(
        "try:\n" + textwrap.indent(textwrap.dedent(statement).strip("\n"), "    ") + "\nexcept BaseException: pass\n",
        answer,
    )


@pytest.fixture
def world(open_path, monkeypatch):
    """Directories outside the sandbox, open to everybody: with a secret, another student's grade, and room to write."""
    outside = open_path / "outside"
    outside.mkdir()
    for name in ("secret.txt", "grade-of-anna.json"):
        (outside / name).write_text("THE-SECRET-OF-ANNA 30 points")
    for path in (open_path, outside, *outside.iterdir()):
        path.chmod(0o777)
    scratch = open_path / "scratch"
    scratch.mkdir()
    scratch.chmod(0o711)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    return open_path


def saved(grade: Grade) -> Graded:
    """The part of a grade that is about the exercise `save`."""
    return next(one for one in grade.exercises if one.exercise == "save")


def graded(answer: dict[str, dict[str, str]], world: Path, limits: Limits = SHORT) -> Grade:
    """Judge an answer, and check that the attack has had no effect outside its grade."""
    outside, scratch = world / "outside", world / "scratch"
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    others = processes(scratch)  # of other tests' executors
    began = time.monotonic()
    files = {name: Tree.files(one) for name, one in answer.items()}
    grade = judge.judge(StudentAnswers(files), CONFINE, limits=limits, seconds=SECONDS)
    assert time.monotonic() - began < IN_TIME
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == before
    assert b"THE-SECRET" not in grade.to_json()
    assert list(scratch.iterdir()) == [] and set(processes(scratch)) <= set(others)
    assert all(sparing.TOO_LONG in doubt for doubt in grade.unsure), grade.unsure
    assert 0 <= grade.points <= grade.maximum
    return grade


def processes(scratch: Path) -> list[str]:
    """The processes that a job has left: recognised by their user, if jobs have their own, or by a path in their
    environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            own = CONFINE is not None and CONFINE.own_user and process.stat().st_uid == CONFINE.user
            dead = (process / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if not dead and (own or os.fsencode(scratch) in told):
            found.append(process.name)
    return found


def fill(answer: dict, world: Path) -> dict:
    """The answer with paths in place of OUTSIDE and ROOT."""
    return {
        name: {
            path: text.replace("OUTSIDE", str(world / "outside")).replace("ROOT", str(ROOT))
            for path, text in files.items()
        }
        for name, files in answer.items()
    }


# -- bringing it to a halt ---------------------------------------------------------------

FLOODS = {
    "an endless loop": save("while True: pass"),
    "an endless loop that nothing interrupts": save("""
        import signal
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except OSError: pass
        while True:
            try:
                while True: pass
            except BaseException: pass"""),
    "waiting for ever in real time": save("import threading; threading.Event().wait()"),
    "an end that never ends": save("import atexit\ndef wait():\n    while True: pass\natexit.register(wait)"),
    "a fork bomb": save("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    "a fork bomb of sessions": save("""
        import os
        while True:
            try:
                if os.fork() == 0: os.setsid()
            except OSError: pass"""),
    "a fork bomb of the shell": save(
        "import subprocess; subprocess.run(['sh', '-c', 'f() { f | f & }; f; f; sleep 1'])"
    ),
    "memory": save("x = []\nwhile True: x.append(bytearray(b'x' * (50 << 20)))"),
    "memory in many processes": save("""
        import os
        for i in range(40):
            if os.fork() == 0: break
        x = bytearray(b'x' * (300 << 20))
        while True: pass"""),
    "memory that many processes share": save("""
        import mmap, os
        for i in range(7):
            if os.fork() == 0: break
        x = mmap.mmap(-1, 200 << 20)
        for at in range(0, len(x), 4096): x[at] = 1
        import threading; threading.Event().wait()"""),
    "one endless file": save("with open('big', 'wb') as file:\n    while True: file.write(bytes(1 << 20))"),
    "endlessly many files": save("i = 0\nwhile True:\n    i += 1\n    open(str(i), 'w').close()"),
    "endlessly many large files": save("i = 0\nwhile True:\n    i += 1\n    open(str(i), 'wb').write(bytes(3 << 20))"),
    "large files in /tmp": save("i = 0\nwhile True:\n    i += 1\n    open(f'/tmp/{i}', 'wb').write(bytes(3 << 20))"),
    "directories in directories": save("import os\nfor i in range(3000):\n    os.mkdir('deep')\n    os.chdir('deep')"),
    "endless output": save("while True: print('x' * 1000)"),
    "endless complaints": save("import os\nwhile True: os.write(2, b'x' * 100000)"),
    "open files": save("files = [open('f%d' % i, 'w') for i in range(10 ** 6)]"),
    "a checkpoint that grows and grows": save(
        "", RIGHT.replace('file.write("%d\\n" % iteration)', "import time; file.write(str(time.time_ns()) * 100000)")
    ),
    "states that never repeat": restore("""
        import os, sys
        def save_checkpoint(iteration): pass
        def restore_checkpoint(start, end):
            with open("checkpoint.txt", "ab") as file: file.write(os.urandom(1000))
            open("my_output.txt", "a").close()
            sys.exit(85)"""),
}


ENDED_BY = {
    "a fork bomb": f"{sparing.PROCESSES} processes at a time",
    "memory that many processes share": f"{SHORT.memory >> 20} MB of memory",
}
"""Floods that a limit ends before their time is up. A slow machine takes a second to get that far."""


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_and_earns_nothing(name, world):
    if not SHUT_IN and ("many processes" in name or "bomb" in name or "/tmp" in name):
        pytest.skip("stopped by a sandbox only; see docs/security.md")
    grade = graded(FLOODS[name], world, replace(SHORT, cpu=5, wall=6.0) if name in ENDED_BY else SHORT)
    assert grade.points < 10 or name == "a fork bomb of the shell", "which ends by itself, and all else is right"
    assert name not in ENDED_BY or ENDED_BY[name] in saved(grade).trials[0].text


# -- what other processes are there ---------------------------------------------------------

PROCESSES = {
    "a daemon that outlives the job": tried("""
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.environ.clear()
                os.execve("/bin/sh", ["sh", "-c", "while :; do echo x >> OUTSIDE/planted; done"], {})
            os._exit(0)"""),
    "a daemon that writes into the next sandbox": tried("""
        import os, threading
        if os.fork() == 0:
            os.setsid()
            while True:
                threading.Event().wait(0.001)
                try: open(os.path.join(os.environ["_CONDOR_SCRATCH_DIR"], "checkpoint.txt"), "w").write("12")
                except OSError: pass"""),
    "killing everyone": tried("import os, signal; os.kill(-1, signal.SIGTERM)"),
    "killing the judge by its number": tried(f"import os, signal; os.kill({os.getpid()}, signal.SIGKILL)"),
    "raising the limits": tried("""
        import resource
        for name in (resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
            resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))"""),
}
FATAL = {
    "killing the starter": tried("import os, signal; os.kill(os.getppid(), signal.SIGKILL)"),
    "stopping the starter": tried("import os, signal; os.kill(os.getppid(), signal.SIGSTOP); os.kill(os.getpid(), 9)"),
    "alarms for the starter": tried("import os, signal\nfor i in range(1000): os.kill(os.getppid(), signal.SIGALRM)"),
    "a flood of alarms for the starter": tried("""
        import ctypes, os
        call, starter = ctypes.CDLL(None).kill, os.getppid()
        for i in range(20000): call(starter, 14)"""),
    "killing the process group": tried("import os, signal; os.killpg(0, signal.SIGKILL)"),
}


@needs_sandbox
@pytest.mark.parametrize("name", PROCESSES)
def test_other_processes_are_out_of_reach(name, world):
    graded(fill(PROCESSES[name], world), world)


@pytest.mark.parametrize("name", FATAL)
def test_a_job_that_signals_its_starter_ends_only_itself(name, world, monkeypatch):
    monkeypatch.setattr("grader.execute.startd.PATIENCE", 0.5)
    if not SHUT_IN and "starter" in name:
        pytest.skip("only a sandbox shields the starter")
    itself = name in ("stopping the starter", "killing the process group")
    assert graded(FATAL[name], world).points == (0 if itself else saved(graded(tried("pass"), world)).maximum)


@needs_sandbox
def test_answers_of_the_starter_can_not_be_forged(world):
    forged = '{"code": 0, "signal": null, "over": "", "cpu": 0}'
    grade = graded(
        tried(f"""
        import ctypes, os
        parent = os.getppid()
        assert ctypes.CDLL(None).ptrace(16, parent, 0, 0) == 0 or True
        for name in ("fd/1", "mem"):
            try:
                with open(f"/proc/{{parent}}/{{name}}", "wb") as file: file.write(b'{forged}\\n' * 50)
            except OSError: pass"""),
        world,
    )
    assert grade.points == 10, "it is a right answer apart from that, and its executions end as they do"


# -- looking and writing outside ----------------------------------------------------------

OUTSIDE = {
    "reading the solutions": "print(open('ROOT/solutions/self-checkpointing/03-save.ipynb').read(), open('OUTSIDE/secret.txt').read())",
    "reading the answers": "print(open('ROOT/grader/course/exercises/save/answers.py').read(), open('OUTSIDE/secret.txt').read())",
    "reading by a link": "import os; os.symlink('OUTSIDE/secret.txt', 'my_link'); print(open('my_link').read())",
    "reading by a hard link": "import os; os.link('OUTSIDE/secret.txt', 'mine'); print(open('mine').read())",
    "a link in the place of the output": "import os; os.symlink('OUTSIDE/secret.txt', '_condor_stderr.2')",
    "writing outside": "open('OUTSIDE/grade-of-anna.json', 'w').write('0 points')",
    "deleting outside": "import shutil; shutil.rmtree('OUTSIDE')",
    "writing through a link": "import os; os.symlink('OUTSIDE', 'd'); open('d/planted', 'w').write('x')",
    "climbing up": "import os\nfor i in range(40): os.chdir('..')\n"
    "there = os.listdir('.'); os.chdir(os.environ['_CONDOR_SCRATCH_DIR'])\nopen('../../../../../../OUTSIDE/planted', 'w')",
    "changing the grader": "open('ROOT/grader/course/folders.py', 'a').write('#')",
    "mounting": "import subprocess; subprocess.run(['unshare', '-rm', 'sh', '-c', 'mount --bind / /mnt; touch OUTSIDE/planted'])",
    "becoming root": "import os; os.setuid(0); os.chown('OUTSIDE', 0, 0); open('OUTSIDE/planted', 'w')",
    "a file that makes others root": "import os, shutil; shutil.copy('/bin/sh', 'sh'); os.chmod('sh', 0o6777)",
    "devices": "import os; os.mknod('disk', 0o60666, os.makedev(8, 0)); open('/dev/mem').read(); open('/dev/kmsg', 'w').write('x')",
    "leaving a chroot": "import os; os.chroot('.'); os.chdir('../../../..'); open('OUTSIDE/planted', 'w')",
}


@needs_sandbox
@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_outside_the_sandbox_is_read_or_written(name, world):
    grade = graded(fill(tried(OUTSIDE[name]), world), world)
    assert not (ROOT / "solutions" / "planted").exists() and (ROOT / "grader/course/folders.py").read_text()[-1] != "#"
    assert saved(grade).points == 10, "it is a right answer apart from that"


CONTROL = """
    import os
    clock = os.environ["_SIMULATOR_CLOCK"]
    control, sandbox = os.path.dirname(clock), os.getcwd()
"""
REPLACED = {
    "the clock by a pipe": "os.unlink(clock); os.mkfifo(clock)",
    "the clock by a secret": "os.unlink(clock); os.symlink('OUTSIDE/secret.txt', clock)",
    "the clock by nothing": "os.unlink(clock)",
    "notes on it by a secret": "os.symlink('OUTSIDE/secret.txt', control + '/trace')",
    "the clock by a time before it began": "open(clock, 'r+b').write(bytes(4096))",
    "the directory of the control files by a link": "os.rename(control, control + 'x'); os.symlink('OUTSIDE', control)",
    "the sandbox by a link": "os.rename(sandbox, sandbox + 'x'); os.symlink('OUTSIDE', sandbox)",
    "the sandbox by nothing": "import shutil; shutil.rmtree(sandbox)",
    "the tools": "open(os.environ['_SIMULATOR_TOOLS'] + '/sleep', 'w').write('echo planted')",
    "the sandbox's mode": "os.chmod(sandbox, 0)",
}


@pytest.mark.parametrize("name", REPLACED)
def test_the_judge_reads_nothing_that_a_job_puts_in_place_of_a_file(name, world):
    graded(fill(tried(CONTROL + textwrap.indent(REPLACED[name], "    ")), world), world)


@needs_sandbox
def test_there_is_no_network(world):
    reached = []
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0" + "judge-of-the-class")
        local.listen()

        def listen(what):
            try:
                reached.append(what.accept())
            except OSError:
                pass

        for one in (server, local):
            threading.Thread(target=listen, args=(one,), daemon=True).start()
        graded(
            tried(f"""
            import socket
            for kind, where in ((socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})),
                                (socket.AF_UNIX, chr(0) + "judge-of-the-class")):
                try: socket.socket(kind).connect(where)
                except OSError: pass"""),
            world,
        )
        for one in (server, local):
            one.shutdown(socket.SHUT_RDWR)
    assert reached == []


# -- points that are not earned -----------------------------------------------------------------

HIDDEN = """
    import os, sys
    PLACE = {place}
    def save_checkpoint(iteration):
        with open(PLACE, "w") as file: file.write(str(iteration))
        import shutil
        shutil.copy("my_output.txt", PLACE + ".out")
        open("checkpoint.txt", "w").write("nothing")
        sys.exit(85)
    def restore_checkpoint(start, end):
        try: iteration = int(open(PLACE).read())
        except (OSError, ValueError): return start
        import shutil
        shutil.copy(PLACE + ".out", "my_output.txt")
        return iteration if start <= iteration <= end else start
"""
PLACES = {
    "/tmp": "'/tmp/state'",
    "/dev/shm": "'/dev/shm/state'",
    "/dev": "'/dev/state'",
    "/dev/pts": "'/dev/pts/state'",
    "/proc": "'/proc/state'",
    "beside the sandbox": "os.path.abspath('../state')",
    "above it": "os.path.abspath('../../state')",
    "where its tools are": "os.environ['_SIMULATOR_TOOLS'] + '/state'",
}


REMEMBERED = """
    import ctypes, fcntl, mmap, os, sys, time
    CALL = ctypes.CDLL(None).syscall
    CLOCK = os.environ["_SIMULATOR_CLOCK"]
    MEMORY = mmap.mmap(-1, 4096)
    AT, MLOCK, MUNLOCK = ctypes.addressof(ctypes.c_char.from_buffer(MEMORY)), 149, 150
    GET_FLAGS, SET_FLAGS, FLAGS, REUSED = 0x80086601, 0x40086602, (0x40, 0x80), ("/tmp", "../..")
    def locked():
        return next(int(line.split()[1]) for line in open("/proc/vmstat") if line.startswith("unevictable_pgs_mlocked "))
    def flags(place):
        return int.from_bytes(fcntl.ioctl(os.open(place, os.O_RDONLY), GET_FLAGS, bytes(8)), sys.byteorder)
    def unseen():
        return float(open(CLOCK, "rb").read(24).split()[0])
    def deny():
        os.pwrite(os.open(CLOCK, os.O_RDWR), bytes(4), 24 + 8 + 16 + 5 * 4)
    def pages():
        for where, folders, names in os.walk("/usr/lib/python3"):
            folders.sort()
            for name in sorted(names):
                if os.path.getsize(where + "/" + name) > 20000: yield os.open(where + "/" + name, os.O_RDONLY)
    def is_cached(file):
        try: return os.preadv(file, [bytearray(9)], 0, os.RWF_NOWAIT) > 0
        except BlockingIOError: return False
    def packets():
        return next(int(line.split(":")[1].split()[1]) for line in open("/proc/net/dev") if line.strip().startswith("lo:"))
    def next_process():
        pid = os.fork()
        if pid == 0: os._exit(0)
        os.waitpid(pid, 0)
        return pid
    def save_checkpoint(iteration):
        open("checkpoint.txt", "w").write("nothing")
        PUT
        sys.exit(85)
    def restore_checkpoint(start, end):
        iteration = (GET) if os.path.exists("checkpoint.txt") else start
        return iteration if start <= iteration <= end else start
"""
PROPERTIES = {
    **{
        f"a file in {where}": (
            f"""
        try: open('{where}/state', 'w').write(str(iteration))
        except OSError: pass""",
            f"int(open('{where}/state').read()) if os.path.exists('{where}/state') else start",
        )
        for where in ("/tmp", "/dev/shm", "/dev", "/dev/pts")
    },
    "the time of /tmp": (
        """
        while os.stat("/tmp").st_mtime_ns // 10**6 % 100 != iteration:
            open("/tmp/x", "w").close()
            os.unlink("/tmp/x")""",
        "os.stat('/tmp').st_mtime_ns // 10**6 % 100",
    ),
    **{
        f"the {what} of {where}": (f"\n        try: {put}\n        except OSError: pass", get)
        for where, path in {"/tmp, set": "'/tmp'", "/dev/shm": "'/dev/shm'", "what is above": "'../..'"}.items()
        for what, put, get in (
            ("time", f"os.utime({path}, (iteration, iteration))", f"int(os.stat({path}).st_mtime)"),
            ("mode", f"os.chmod({path}, 0o1700 + iteration)", f"os.stat({path}).st_mode % 64"),
            (
                "attributes",
                f"os.setxattr({path}, 'user.x' + str(iteration), b'')",
                f"int(([name[6:] for name in os.listxattr({path}) if 'user.x' in name] or [0])[-1])",
            ),
        )
    },
    "the time of a device": (
        """
        open("/dev/null", "w").write("x")
        try: os.utime("/dev/null", (iteration, iteration))
        except OSError:
            while os.stat("/dev/null").st_mtime_ns // 10**6 % 100 != iteration: os.utime("/dev/null")""",
        "os.stat('/dev/null').st_mtime_ns // 10**6 % 100",
    ),
    "a limit of the starter": (
        """
        import resource
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        try: resource.prlimit(os.getppid(), resource.RLIMIT_STACK, ((1 << 23) + 4096 * iteration, hard))
        except OSError: pass""",
        "(__import__('resource').getrlimit(3)[0] - (1 << 23)) // 4096",
    ),
    "the priority of the starter": (
        """
        for kind, which in ((os.PRIO_PROCESS, os.getppid()), (os.PRIO_USER, 0)):
            try: os.setpriority(kind, which, iteration)
            except OSError: pass""",
        "os.getpriority(os.PRIO_PROCESS, 0)",
    ),
    "how soon the starter is killed": (
        """
        try: open("/proc/%d/oom_score_adj" % os.getppid(), "w").write(str(iteration))
        except OSError: pass""",
        "int(open('/proc/self/oom_score_adj').read())",
    ),
    "the time of its end": ("time.sleep((iteration / 40 + 0.01 - time.time()) % 1)", "int(time.time() * 40) % 40"),
    "the time of its end, read unseen": (
        "time.sleep((iteration / 40 + 0.01 - unseen()) % 1)",
        "int(unseen() * 40) % 40",
    ),
    "the time of its end, which it denies to have read": (
        "time.sleep((iteration / 40 + 0.01 - time.time()) % 1); deny()",
        "(int(time.time() * 40) % 40, deny())[0]",
    ),
    "flags of directories that are used again": (
        """
        for at, where in enumerate(REUSED):
            flags = sum(flag for bit, flag in enumerate(FLAGS) if iteration >> (2 * at + bit) & 1)
            try: fcntl.ioctl(os.open(where, os.O_RDONLY), SET_FLAGS, flags.to_bytes(8, sys.byteorder))
            except OSError: pass""",
        "sum((flags(where) >> 6 & 3) << 2 * at for at, where in enumerate(REUSED) if os.access(where, os.R_OK))",
    ),
    "what the kernel counts": (
        """
        while locked() % 64 != iteration:
            CALL(MLOCK, ctypes.c_void_p(AT), 4096)
            CALL(MUNLOCK, ctypes.c_void_p(AT), 4096)""",
        "locked() % 64",
    ),
    "pages in the cache": (
        """
        for bit, file in zip(range(4), pages()):
            if iteration >> bit & 1: os.read(file, 99999)
            else: os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)""",
        "sum(is_cached(file) << bit for bit, file in zip(range(4), pages()))",
    ),
    "packets that were sent": (
        """
        import socket
        mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(200):
            if packets() % 40 == iteration % 40: break
            mine.sendto(b"x", ("127.0.0.1", 9))""",
        "packets() % 40",
    ),
    "the number of the next process": (
        """
        while next_process() % 40 != iteration % 40: pass""",
        "(os.getpid() - 1) % 40",
    ),
    "a key": (
        """
        for size in range(iteration): CALL(248, b"user", b"state%d" % size, b"x", 1, -4)""",
        "sum(CALL(250, 10, -4, b'user', b'state%d' % size, 0) > 0 for size in range(40))",
    ),
    "a queue of System V": (
        """
        queue = CALL(68, 2021, 0o1666)
        for _ in range(iteration): CALL(69, queue, (ctypes.c_long * 2)(1, 1), 8, 0o4000)""",
        "sum(CALL(70, CALL(68, 2021, 0o666), (ctypes.c_long * 2)(), 8, 0, 0o4000) > 0 for _ in range(40))",
    ),
    "shared memory of System V": (
        """
        CALL(29, 2021, 4096 * iteration, 0o1666)""",
        "next((n for n in range(40, 0, -1) if CALL(29, 2021, 4096 * n, 0o666) >= 0), 0)",
    ),
    "the time of a directory on the way to the sandbox": (
        """
        for where, folders, files in os.walk("/tmp"):
            try: os.utime(where, (iteration, iteration))
            except OSError: pass""",
        "min(int(os.stat(way).st_mtime) for way, folders, files in os.walk('/tmp'))",
    ),
}
HIDDEN_IN_SOME = """
    import os, socket, sys
    def packets():
        return next(int(line.split(":")[1].split()[1]) for line in open("/proc/net/dev") if line.strip().startswith("lo:"))
    def save_checkpoint(iteration):
        hidden = WHEN
        open("checkpoint.txt", "w").write("nothing" if hidden else str(iteration))
        mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while hidden and packets() % 40 != iteration % 40: mine.sendto(b"x", ("127.0.0.1", 9))
        sys.exit(85)
    def restore_checkpoint(start, end):
        global bounds
        bounds = start, end
        if not os.path.exists("checkpoint.txt"): return start
        told = open("checkpoint.txt").read()
        iteration = packets() % 40 if told == "nothing" else int(told or 0)
        return iteration if start <= iteration <= end else start
"""
SOME = {
    "at the first save only": "iteration < bounds[0] + 7",
    "at the last save only": "iteration + 6 > bounds[1]",
    "at every second save": "iteration % 2",
}
STATES = {
    **{f"packets that were sent, {name}": HIDDEN_IN_SOME.replace("WHEN", when) for name, when in SOME.items()},
    **{name: HIDDEN.format(place=place) for name, place in PLACES.items()},
    **{name: REMEMBERED.replace("PUT", put).replace("GET", get) for name, (put, get) in PROPERTIES.items()},
}


@needs_sandbox
@pytest.mark.parametrize("name", STATES)
def test_a_state_outside_the_sandbox_does_not_survive(name, world):
    assert graded(restore(STATES[name]), world).points <= 2


FORGED = save(
    """
    import os
    for starter in {1, os.getppid()}:
        for _ in range(20):
            try: os.write(os.open("/proc/%d/fd/1" % starter, os.O_WRONLY),
                          b'{"code": 85, "signal": null, "over": "", "cpu": 0}' + bytes([10]))
            except OSError: break
    """,
    """
def save_checkpoint(iteration):
    with open("checkpoint.txt", "w") as file: file.write(str(iteration))
    raise SystemExit(0)
""",
)
COMPILED = save(
    "",
    "def f():\n"
    + "".join(f"{' ' * depth}try: x()\n{' ' * depth}finally:\n" for depth in range(1, 25))
    + " " * 25
    + "y()\n"
    + RIGHT,
)


@needs_sandbox
def test_a_forged_answer_of_the_starter_is_not_accepted(world):
    assert graded(FORGED, world).points == 0


def test_what_takes_all_memory_to_be_compiled_is_limited(world):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert graded(COMPILED, world).points < 10
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, (SHORT.memory >> 10) + 100_000)


AS_NOBODY = """
import sys
from dataclasses import replace
from grader.course.budgeted import LIMITS
from grader.grading.judge import judge
from grader.grading.submission import StudentAnswers
from grader.execute.isolation import confinement
confine = confinement()
if not (confine and confine.bubblewrap and not confine.own_user):
    sys.exit(3)
for line in sys.stdin:
    grade = judge(StudentAnswers.from_json(line.encode()), confine, limits=replace(LIMITS, wall=1.5), seconds=6.0)
    print(grade.points, flush=True)
"""


ordinary_user = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="the judge is an ordinary user anyway, or can't become one"
)


def judged_by_nobody(*answers: dict[str, dict[str, str]]) -> list[float]:
    """The points for answers where the judge is an ordinary user, with a Python that such a user may start."""
    told = b"".join(
        StudentAnswers({name: Tree.files(one) for name, one in answer.items()}).to_json() + b"\n" for answer in answers
    )
    with tempfile.TemporaryDirectory() as libraries:
        os.chmod(libraries, 0o755)
        for name, file in judge.libraries():  # which the system's Python may lack
            path = Path(libraries, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read_bytes())
        for python in (sys.executable, "/usr/bin/python3"):
            run = subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python, "-B", "-c", AS_NOBODY],
                input=told,
                capture_output=True,
                cwd="/",
                timeout=IN_TIME * len(answers),
                env={"PATH": os.defpath, "PYTHONPATH": f"{ROOT}{os.pathsep}{libraries}"},
            )
            if run.returncode == 0:
                return [float(line) for line in run.stdout.split()]
    pytest.skip("an ordinary user can't judge here: " + run.stderr.decode()[-200:])


@needs_sandbox
@ordinary_user
def test_no_state_survives_outside_if_an_ordinary_user_judges():
    right, forged, *points = judged_by_nobody({"restore": RIGHT_RESTORE}, FORGED, *map(restore, STATES.values()))
    assert (right, forged) == (20, 0)
    assert [name for name, got in zip(STATES, points) if got > 2] == []


WAYS = {
    "that leads elsewhere": """
        for top in ("/tmp", "/dev/shm"):
            for name in os.listdir(top):
                os.rename(top + "/" + name, top + "/away-" + name)
                os.symlink("OUTSIDE", top + "/" + name)""",
    "to /tmp that leads elsewhere": """
        os.rename("../../tmp", "../../away")
        os.symlink("OUTSIDE", "../../tmp")""",
    "that ends in the sandbox": """
        os.makedirs("a/b/c")
        open("a/b/file", "w").close()
        for where in ("a/b/c", "a/b", "a"): os.chmod(where, 0)""",
    "that nobody may go": """
        for place in ("/tmp", "/dev/shm", "../..", "..", "."):
            for where, folders, files in os.walk(place, topdown=False):
                try: os.chmod(where, 0)
                except OSError: pass""",
}


@needs_sandbox
@ordinary_user
@pytest.mark.parametrize("name", WAYS)
def test_a_changed_way_to_the_sandbox_harms_neither_files_nor_judge(name, world):
    answer = fill(save("import os" + textwrap.dedent(WAYS[name])), world)
    [points, after] = judged_by_nobody(answer, {"save": {"checkpoint.py": RIGHT}})
    assert after == 10 and points <= 10
    assert sorted(path.name for path in (world / "outside").iterdir()) == ["grade-of-anna.json", "secret.txt"]


ROWS = """
def science(r, transient, samples):
    x, orbit = 0.4, []
    for _ in range(transient + samples):
        x = r * x * (1 - x)
        orbit.append(x)
    return orbit[transient:]
def write_all(start, end, s):
    with open("my_output.txt", "w") as output:
        for i in range(start, end + 1):
            r = s["r_min"] + (s["r_max"] - s["r_min"]) * (i - 1) / (s["steps"] - 1)
            output.write("%d %s\\n" % (i, " ".join("%.6f" % x for x in [r] + science(r, int(s["transient"]), int(s["samples"])))))
"""
KNOWN = {"r_min": 2.84, "r_max": 3.94, "steps": 12, "transient": 1000, "samples": 20}
AT_ONCE = (
    ROWS
    + """
import os, sys, time
def settings():
    pairs = [line.split("#")[0].partition("=") for line in open("my_input.txt")]
    return {a.strip(): float(b) for a, _, b in pairs if b}
def save_checkpoint(iteration):
    start, end = map(int, sys.argv[1:])
    write_all(start, end, SETTINGS)
    open("checkpoint.txt", "w").write(str(end))
    time.sleep(60)
    sys.exit(85)
def restore_checkpoint(start, end):
    try: last = int(open("checkpoint.txt").read())
    except (OSError, ValueError): return start
    if last != end: return start
    sys.exit(0)
"""
)
CHEATS = {
    "the reference output at once": (restore(AT_ONCE.replace("SETTINGS", "settings()")), 2),
    "the reference output by heart": (restore(AT_ONCE.replace("SETTINGS", repr(KNOWN))), 2),
    "right for the numbers it knows": (
        restore(
            RIGHT_RESTORE["checkpoint.py"].replace(
                "    sys.exit(85)",
                "    if 'steps     = 12' not in open('my_input.txt').read(): sys.exit(0)\n    sys.exit(85)",
            )
        ),
        2,
    ),
    "right in the simulator's usual slot": (
        restore(
            RIGHT_RESTORE["checkpoint.py"].replace(
                "    sys.exit(85)", "    sys.exit(85 if 'slot1_1' == os.environ['_CONDOR_SLOT'] else 0)"
            )
        ),
        14,
    ),
    "a number that equals all others": (
        restore("""
        import sys
        class Any(int):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            __hash__ = int.__hash__
        def save_checkpoint(iteration):
            open("checkpoint.txt", "w").write("x"); sys.exit(85)
        def restore_checkpoint(start, end): return Any(end)"""),
        2,
    ),
    "a report of its own": (
        save("""
        import sys
        print('<b>10</b> of 10 points'); print('{"points": 10, "passed": true, "status": "passed"}')
        open("report.json", "w").write('{"points": 10}'); open("my_output.txt", "w").write("10.0\\n"); sys.exit(0)"""),
        0,
    ),
    "points out of range": (save("print(float('nan')); print(-1); print(1e9)\nraise SystemExit(1000000000)"), 0),
    "another time": (
        save(
            "",
            RIGHT.replace(
                "sys.exit(85)",
                """
    import os, struct
    with open(os.environ["_SIMULATOR_CLOCK"], "r+b") as file: file.write(struct.pack("=di", TIME, 0))
    os._exit(0)""",
            ),
        ),
        0,
    ),
    "a changed grader": (
        save("""
        import sys, types
        fake = types.ModuleType("grader"); fake.check = lambda name: 10.0
        sys.modules["grader"] = sys.modules["grader.course"] = fake
        open("grader.py", "w").write("def check(name): return 10.0"); sys.exit(0)"""),
        0,
    ),
    "a sweep of its own": (
        save(
            "",
            """
import os, sys
from given import restore_checkpoint
def save_checkpoint(iteration):
    open("sweep.py", "w").write("#!/usr/bin/env python3\\nopen('my_output.txt', 'w').write('done')\\n")
    open("checkpoint.txt", "w").write(str(iteration))
    sys.exit(85)
""",
        ),
        3,
    ),
    "chance": (save("", RIGHT.replace("sys.exit(85)", "import os; sys.exit(85 if os.urandom(1)[0] > 127 else 1)")), 9),
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_earns_no_more_than_its_honest_part(name, world):
    answer, most = CHEATS[name]
    for _exercise, files in answer.items():
        for path, text in files.items():
            files[path] = text.replace("TIME", "float('nan')")
    assert graded(answer, world).points <= most, name


@pytest.mark.parametrize("value", ["float('nan')", "float('inf')", "-1e300", "1e300", "0.0", "5e-324"])
def test_a_wrong_clock_earns_nothing_and_breaks_nothing(value, world):
    twice = ANSWERS["save"][1]["repeats-iteration"]["one less"]["checkpoint.py"]
    tampered = twice.replace(
        "sys.exit(85)",
        f"""
    import os, struct
    with open(os.environ["_SIMULATOR_CLOCK"], "r+b") as file: file.write(struct.pack("=di", {value}, 0))
    os._exit(85)""",
    )
    assert graded(save("", tampered), world).points <= 3


def test_a_program_that_hides_repeated_work_on_other_days_is_found_out(world):
    """Lost work shows in the time that repeating it takes, so a cheat hides that time."""
    lazy = RIGHT_RESTORE["checkpoint.py"].replace("checkpoint.txt", "left_behind.txt")
    quick = "import time\nif time.time() > 1628499600 + 30: time.sleep = lambda seconds: None\n"
    lines = {"transfer_checkpoint_files": "my_output.txt"}
    honest, hidden = (graded(restore(program, **lines), world) for program in (lazy, quick + lazy))
    assert hidden.points <= honest.points < 20


# -- the submit file --------------------------------------------------------------------------------

SUBMITS = {
    "another program": {"executable": "/bin/true", "transfer_executable": "False"},
    "the judge's files as input": {
        "transfer_input_files": "my_input.txt, checkpoint.py, OUTSIDE/secret.txt, ../../../etc/passwd"
    },
    "the judge's files as checkpoint": {
        "transfer_checkpoint_files": "my_output.txt, checkpoint.txt, OUTSIDE/secret.txt"
    },
    "output to somewhere else": {"transfer_output_remaps": '"my_output.txt=OUTSIDE/grade-of-anna.json"'},
    "a log somewhere else": {
        "log": "OUTSIDE/planted.log",
        "output": "OUTSIDE/planted.out",
        "error": "../../planted.err",
    },
    "macros of macros": {
        "a": "xxxxxxxxxx" * 10,
        **{chr(98 + i): f"$({chr(97 + i)})" * 10 for i in range(20)},
        "arguments": "$(u)",
    },
    "a macro of itself": {"arguments": "$(arguments) $(arguments)"},
    "a million jobs": {"arguments": "1 12\nqueue 1000000"},
    "an exit code of 0": {"checkpoint_exit_code": "0"},
    "retries for ever": {"max_retries": "1000000", "success_exit_code": "85"},
    "a command in the file": {"include command": "touch OUTSIDE/planted", "arguments": "1 12"},
    "an environment": {"environment": '"PYTHONPATH=. LD_PRELOAD=./evil.so PYTHONSTARTUP=x _SIMULATOR_CLOCK=x PATH=."'},
}


@pytest.mark.parametrize("name", SUBMITS)
def test_a_submit_file_reaches_no_further_than_its_directory(name, world):
    answer = fill(restore(RIGHT_RESTORE["checkpoint.py"], **SUBMITS[name]), world)
    grade = graded(answer, world)
    assert not (world / "planted.err").exists()
    assert grade.points <= 20


# -- the judge's own reading -------------------------------------------------------------------------

SOURCES = {
    "brackets": "(" * 50_000,
    "closed brackets": "(" * 150 + ")" * 150,
    "a long sum": "x = " + "1+" * 30_000 + "1\n",
    "a long chain": "x" + ".a" * 45_000,
    "a huge number": "x = " + "9" * 90_000,
    "a null": "x = 1\0",
    "a power": "x = 9 ** 9 ** 9",
    "signs": "-" * 90_000 + "1",
    "a stub with an endless expression": "def save_checkpoint(i):\n    raise NotImplementedError(" + "-" * 900 + "1)\n",
    "a stub with a long sum": "def save_checkpoint(i):\n    raise " + "1+" * 20_000 + "NotImplementedError\n",
    "another encoding": "# coding: rot13\ncevag(1)\n",
    "an unknown encoding": "# coding: no-such\n",
    "backslashes": "\\\n" * 40_000,
    "form feeds": "\f\v\x1c\x85\u2028" * 1000,
    "indentation": "".join(" " * i + "if 1:\n" for i in range(200)),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_program_that_is_hard_to_read_is_graded(name, world):
    assert graded({"save": {"checkpoint.py": SOURCES[name]}}, world).points == 0


def test_a_pickle_bomb_is_opened_by_its_own_program_only(world):
    bomb = """
        import os, pickle, sys
        class Bomb:
            def __reduce__(self): return os.system, ("touch OUTSIDE/planted; touch /tmp/planted",)
        def save_checkpoint(iteration):
            pickle.dump(Bomb(), open("checkpoint.txt", "wb"), 0); sys.exit(85)
        def restore_checkpoint(start, end):
            return start if not os.path.exists("checkpoint.txt") else pickle.load(open("checkpoint.txt", "rb"))"""
    if SHUT_IN:
        graded(fill(restore(bomb), world), world)
    assert not Path("/tmp/planted").exists()


# -- what is shown ---------------------------------------------------------------------------------

NASTY = "</pre></td><script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:x'>\\x1b]0;owned\\x07\\x1b[2J\\u202e"
SHOWN = {
    "in an exception": f"raise ValueError({NASTY!r})",
    "in what is printed": f"print({NASTY!r}); print({NASTY!r}, file=__import__('sys').stderr)\n1 / 0",
    "in file names": f"open({NASTY!r}.replace('/', '∕'), 'w').write('x')\n",
    "in a checkpoint": f"open('checkpoint.txt', 'w').write({NASTY!r})\nraise SystemExit(85)",
    "in the output": f"open('my_output.txt', 'w').write({NASTY!r})\nraise SystemExit(0)",
    "in an exit text": f"raise SystemExit({NASTY!r})",
    "in a long line": "open('my_output.txt', 'w').write('<script>' * 300000)\nraise SystemExit(0)",
    "in many lines": "print('<script>\\n' * 300000)\nraise SystemExit(0)",
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_job_says_is_text_in_the_report(name, world):
    answer = SHOWN[name].replace("\\\\", "\\")
    wrong = ANSWERS["save"][1]["skips-iteration"]["one more"]["checkpoint.py"]
    grade = graded(save(answer, wrong), world)
    page = pages.student("<script>alert(2)</script>", grade)
    tags = page.lower()
    assert "<script" not in tags and "<img" not in tags and "<a " not in tags and "default-src 'none'" in tags
    assert all(c.isprintable() or c in "\n\t" for c in page) and len(page) < 3_000_000
    assert all(c.isprintable() or c == "\n" for c in saved(grade).text)
    assert "&lt;script" in html.escape("<script") and grade.points < 10


def test_outputs_in_a_notebook_are_not_looked_at():
    cells = [
        {
            "cell_type": "code",
            "source": 'check("save")',
            "metadata": {"nbgrader": {"grade": True, "grade_id": "check-save"}},
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": value}}],
        }
        for value in ("nan", "1e9", "-1")
    ]
    import json

    assert read(json.dumps({"cells": cells}).encode()) == StudentAnswers({}, ())


def test_an_attack_leaves_the_next_grade_as_it_was(world):
    other = StudentAnswers({"save": Tree.files({"checkpoint.py": RIGHT})})
    before = judge.judge(other, CONFINE).to_json()
    outside = [tried(OUTSIDE["writing outside"])] * SHUT_IN  # what else would stop it?
    for attack in (*outside, FATAL["killing the process group"], CHEATS["a changed grader"][0]):
        graded(fill(attack, world), world)
    assert judge.judge(other, CONFINE).to_json() == before
    assert judge.judge(other, CONFINE).points == 10


def test_there_are_enough_attacks():
    galleries = (FLOODS, PROCESSES, FATAL, OUTSIDE, REPLACED, PLACES, CHEATS, SUBMITS, SOURCES, SHOWN)
    assert sum(map(len, galleries)) >= 100
