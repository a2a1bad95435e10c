"""What a confined job can't reach, and that confinement changes nothing else."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from grader.course.exercises.save import answers
from grader.execute import isolation
from grader.execute.executor import Executor
from grader.execute.inside import INSIDE
from grader.execute.isolation import Confinement, confinement, own_confinement
from grader.rules.execution import Limits
from grader.tree import Fifo, Tree
from grader.verify.explore import RESTART_SAFE, explore

SHUT_IN = confinement() is not None and confinement().bubblewrap
HERE = Path(__file__).resolve()


@pytest.fixture(scope="module")
def confined():
    if not SHUT_IN:
        pytest.skip("bubblewrap is not to be had here")
    with Executor(confine=confinement()) as executor:
        yield executor


@pytest.mark.parametrize(
    ("attempt", "complaint"),
    [
        (f"open({str(HERE)!r})", "FileNotFoundError"),
        (f"open({str(HERE.parents[2] / 'solutions')!r} + '/x', 'w')", "FileNotFoundError"),
        (f"open({str(answers.__file__)!r})", "FileNotFoundError"),
        ("open('/usr/intruder', 'w')", "Read-only file system"),
        ("import socket; socket.create_connection(('192.0.2.1', 80), 2)", "Network is unreachable"),
        ("import os; os.kill(os.getppid() + 100000, 9)", "ProcessLookupError"),
    ],
)
def test_a_confined_job_reaches_nothing_outside_its_sandbox(confined, python_job, attempt, complaint):
    job = python_job(attempt)
    run = confined.run(job, job.inputs)
    assert run.exit.code == 1
    assert complaint in run.stderr


def test_a_confined_job_does_not_see_who_else_is_there(confined, shell_job):
    job = shell_job("ls /proc | grep -c '^[0-9]'")
    assert int(confined.run(job, job.inputs).stdout) < 12


def test_confinement_does_not_change_a_verdict(confined, executor, python_job):
    job = python_job(
        """
        import os, sys, time
        done = int(open("state").read()) if os.path.exists("state") else 0
        time.sleep(30)
        with open("state", "w") as file:
            file.write(str(done + 1))
        with open("result", "a") as file:
            file.write(f"{done}\\n")
        sys.exit(85 if done < 3 else 0)
        """,
        checkpoint_exit_code=85,
        transfer_checkpoint_files=("state", "result"),
        transfer_output_files=("result",),
    )
    inside, outside = explore(job, confined), explore(job, executor)
    assert inside.verdict == outside.verdict == RESTART_SAFE
    assert (inside.states, inside.executions, inside.seconds) == (outside.states, outside.executions, outside.seconds)


def test_a_job_that_kills_its_starter_does_not_harm_the_next(confined, python_job):
    killer, decent = python_job("import os; os.kill(os.getppid(), 9)"), python_job("print('fine')")
    confined.run(killer, killer.inputs)
    assert confined.run(decent, decent.inputs).stdout == "fine\n"


@pytest.mark.parametrize("where", ["/tmp", "/dev/shm", "/tmp/{name}", "/dev/shm/{name}", "{path}"])
def test_what_a_confined_job_leaves_beside_its_sandbox_is_gone_next_time(confined, python_job, where):
    with Executor(confine=confinement()._replace(own_user=False)) as executor:
        scratch = executor.directory(0).parents[1]
        job = python_job(f"""
            import os
            path = {where.format(name=scratch.name, path=scratch)!r} + "/state"
            print(os.path.exists(path))
            try: open(path, "w").close()
            except OSError: pass
        """)
        assert [executor.run(job, job.inputs).stdout for _ in range(2)] == ["False\n"] * 2


def test_a_script_allowed_one_process_runs_although_it_mentions_sleep(confined, shell_job):
    with Executor(Limits(processes=1), confinement()) as executor:
        job = shell_job("(sleep 1)\necho $?; exit 5")
        assert executor.run(job, job.inputs).unstartable is None


# -- what the starter may signal ---------------------------------------------------


@pytest.mark.parametrize(
    "environment", [{}, {"_SIMULATOR_CONFINED": "1"}, {"_SIMULATOR_CONFINED": "1", "_SIMULATOR_USER": "0"}]
)
def test_a_starter_is_not_alone_because_a_variable_says_so(environment):
    program = f"import sys; sys.path[0] = {str(INSIDE)!r}; import starter; starter.be_nobody(); print(starter.alone())"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize("confine", [None, Confinement(bubblewrap=False, own_user=False)])
def test_an_unconfined_job_is_ended_without_anyone_else(confine, python_job):
    with Executor(Limits(wall=0.3), confine) as executor, subprocess.Popen(["sleep", "60"]) as bystander:
        job = python_job("import threading; threading.Event().wait()")
        assert "real time" in executor.run(job, job.inputs).over
        assert bystander.poll() is None
        bystander.kill()


@pytest.mark.parametrize("path", ["/proc/1/fd/0", "/proc/1/fd/1", "/proc/1/mem", "/proc/1/oom_score_adj"])
def test_a_confined_job_can_not_open_what_its_starter_has(confined, python_job, path):
    job = python_job(f"open({path!r}, 'r+b')")
    assert "PermissionError" in confined.run(job, job.inputs).stderr


@pytest.mark.parametrize("number", [1, 2, 9, 10, 14, 15, 19, 24, 30])
def test_a_confined_job_can_not_end_its_starter(confined, python_job, number):
    job = python_job(f"import os, threading; os.kill(1, {number}); os.kill(1, {number}); print(os.getppid())")
    for _ in range(2):
        run = confined.run(job, job.inputs)
        assert (run.exit.code, run.stdout) == (0, "1\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend jobs a user of their own")
def test_the_times_of_devices_tell_nothing_of_an_execution_before(confined, python_job):
    job = python_job("""
        import os
        print(os.stat("/dev/null").st_mtime < 1e9)
        os.utime("/dev/null")
        open("/dev/null", "w").write("x")
    """)
    os.utime("/dev/null", (1, 1))
    assert [confined.run(job, job.inputs).stdout for _ in range(2)] == ["False\n"] * 2


# -- system calls that are refused -------------------------------------------------

OTHERS = [
    "resource.prlimit(os.getppid(), resource.RLIMIT_CORE)",
    "os.sched_setaffinity(os.getppid(), {0})",
    "os.setpriority(os.PRIO_PROCESS, os.getppid(), 5)",
    "os.setpriority(os.PRIO_USER, 0, 5)",
]
OWN = [
    "resource.prlimit(0, resource.RLIMIT_CORE)",
    "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "os.setpriority(os.PRIO_PROCESS, 0, 19)",
    "os.nice(1)",
    "__import__('threading').Thread(target=print).start()",
    "__import__('multiprocessing').Lock()",
    "__import__('subprocess').run(['nice', '-n', '3', 'true'], check=True)",
]
refusing = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="nothing is refused here")


@refusing
@pytest.mark.parametrize("call", OTHERS)
def test_a_job_can_not_change_what_belongs_to_its_starter(confined, python_job, call):
    job = python_job(f"import os, resource; {call}")
    assert "PermissionError" in confined.run(job, job.inputs).stderr


@refusing
@pytest.mark.parametrize("call", OWN)
def test_a_job_can_change_what_is_its_own(confined, python_job, call):
    job = python_job(f"import os, resource; {call}")
    run = confined.run(job, job.inputs)
    assert run.exit.code == 0, run.stderr


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("keyctl", "250, 0"),
        ("ptrace", "101, 0"),
        ("shmget", "29, 0"),
        ("msgget", "68, 0"),
        ("mq_open", "240, 0"),
        ("read, of x32", "0x40000000, 0"),
        ("clone, with a user namespace", "56, 0x10000000 | 17"),
        ("clone3, which may have one", "435, bytes(64), 64"),
    ],
)
def test_calls_to_state_or_processes_outside_are_refused(confined, python_job, name, number):
    job = python_job(f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.syscall({number}, 0, 0, 0, 0), ctypes.get_errno())
    """)
    assert confined.run(job, job.inputs).stdout == ("-1 38\n" if "clone3" in name else "-1 1\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_job_s_variables_change_nothing_in_its_starter(confined, python_job):
    """A starter that reads this pipe does not answer, as nobody writes to the pipe."""
    pipe = str(confined.directory(0) / "openssl.cnf")
    job = python_job("import hashlib; print('fine')", environment=(("OPENSSL_CONF", pipe),))
    confined.renew()
    run = confined.run(job, job.inputs | Tree({"openssl.cnf": Fifo()}))
    assert (run.exit.code, run.stdout) == (0, "fine\n")


@pytest.fixture
def habits():
    """What a judge may inherit from the process that started it: blocked and ignored signals, a umask."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM})
    handler, umask = signal.signal(signal.SIGTERM, signal.SIG_IGN), os.umask(0o077)
    yield
    os.umask(umask)
    signal.signal(signal.SIGTERM, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@pytest.mark.parametrize("confine", [None, confinement()])
def test_a_job_has_nothing_of_what_its_judge_inherited(habits, confine, python_job, shell_job):
    with Executor(confine=confine) as executor:
        job = python_job(
            "import os, signal; print(signal.pthread_sigmask(0, ()), signal.getsignal(15) == signal.SIG_DFL, os.umask(0))"
        )
        assert executor.run(job, job.inputs).stdout == "set() True 18\n"
        job = shell_job("umask; kill -TERM $$; echo still there")
        run = executor.run(job, job.inputs)
        assert (run.exit.signal, run.stdout) == (signal.SIGTERM, "0022\n")


# -- names -------------------------------------------------------------------------


def test_a_confined_job_finds_its_user(confined, python_job):
    job = python_job(
        "import getpass, os, pwd; print(pwd.getpwuid(os.getuid()).pw_uid == os.getuid(), getpass.getuser())"
    )
    assert confined.run(job, job.inputs).stdout == "True slot1\n"


def test_an_interpreter_with_two_dots_in_its_path_is_shut_in():
    if not SHUT_IN:
        pytest.skip("bubblewrap is not to be had here")
    home, way = os.path.dirname(sys.executable), os.path.relpath(sys.executable, os.path.dirname(sys.executable))
    python = f"{home}/../{os.path.basename(home)}/{way}"
    program = "from grader.execute.isolation import confinement; print(confinement().bubblewrap)"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, cwd=HERE.parents[2])
    assert done.stdout == "True\n", done.stderr


# -- a program of the user's own --------------------------------------------------------


@pytest.fixture(scope="module")
def own():
    if own_confinement() is None:
        pytest.skip("bubblewrap is not to be had here")
    with Executor(confine=own_confinement()) as executor:
        yield executor


@pytest.mark.parametrize(
    ("attempt", "complaint"),
    [
        ("open('/var/tmp/intruder', 'w')", "Read-only file system"),
        ("open('/usr/intruder', 'w')", "Read-only file system"),
        ("import socket; socket.create_connection(('192.0.2.1', 80), 2)", "Network is unreachable"),
        ("import os; os.kill(os.getppid() + 100000, 9)", "ProcessLookupError"),
    ],
)
def test_a_program_of_ones_own_can_write_nowhere_else(own, python_job, attempt, complaint):
    job = python_job(attempt)
    run = own.run(job, job.inputs)
    assert run.exit.code == 1 and complaint in run.stderr


def test_a_program_of_ones_own_reads_what_its_user_reads(own, python_job):
    with tempfile.NamedTemporaryFile("w", dir="/var/tmp") as file:
        file.write("mine")
        file.flush()
        job = python_job(f"print(open({file.name!r}).read())")
        assert own.run(job, job.inputs).stdout == "mine\n"


def test_what_is_read_only_is_so_for_root_too(own, shell_job):
    job = shell_job("touch file; chmod 444 file; echo x > file || echo refused")
    assert own.run(job, job.inputs).stdout == "refused\n"


LEAVES = "cat /tmp/state ~/state 2> /dev/null; echo 1 > /tmp/state; echo 2 > ~/state"


def test_what_is_left_outside_is_seen_and_not_found_again(own, shell_job):
    job = shell_job(LEAVES)
    runs = [own.run(job, job.inputs) for _ in range(2)]
    assert [(run.stdout, run.outside) for run in runs] == [("", ("/tmp/state", "~/state"))] * 2
    assert not own.kept_outside and not Path("/tmp/state").exists()


def test_on_one_machine_it_is_found_in_the_same_slot(shell_job):
    if own_confinement() is None:
        pytest.skip("bubblewrap is not to be had here")
    job = shell_job(LEAVES)
    with Executor(confine=own_confinement(), one_machine=True) as executor:
        assert [executor.run(job, job.inputs, slot=slot).stdout for slot in (0, 0, 1, 0)] == ["", "1\n2\n", "", ""]
        assert executor.kept_outside == Tree.files({"tmp/state": "1\n", "~/state": "2\n"})


def test_the_trial_in_advance_is_the_only_trial(monkeypatch):
    tried = []
    monkeypatch.setattr(isolation, "_works", lambda confine: tried.append(confine) or True)
    monkeypatch.setattr(isolation.shutil, "which", lambda name: f"/usr/bin/{name}")
    isolation._own_confinement.cache_clear()
    try:
        isolation.try_own_confinement()
        assert isolation.own_confinement() == tried[0] and len(tried) == 1
    finally:
        isolation._own_confinement.cache_clear()
