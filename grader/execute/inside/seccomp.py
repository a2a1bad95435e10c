"""Refuses system calls with which a job could keep state outside its files, or reach its starter (Linux).

Keys, message queues, and shared memory of System V and POSIX outlive a process; ptrace and the like inspect another
process; and calls that set scheduling or limits may act on another process, whose attributes all later jobs inherit.
In a user namespace of its own, a process may mount files of its own over those of the system. Programs of the course
need none of this; it fails with EPERM.
"""

import ctypes
import os
import struct

MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""Audit architecture, and column below. On other machines nothing is refused."""
X32 = 0x40000000
"""Call numbers from here up belong to another table of the same architecture."""
REFUSED = """
    ptrace 101 117      process_vm_readv 310 270    process_vm_writev 311 271   kcmp 312 272
    add_key 248 217     request_key 249 218         keyctl 250 219              pidfd_getfd 438 438
    shmget 29 194       shmat 30 196                shmctl 31 195               semget 64 190
    semctl 66 191       semop 65 193                semtimedop 220 192          msgget 68 186
    msgsnd 69 189       msgrcv 70 188               msgctl 71 187               mq_open 240 180
    mq_unlink 241 181   migrate_pages 256 238       move_pages 279 239          process_madvise 440 440
    bpf 321 280         perf_event_open 298 241     userfaultfd 323 282         io_uring_setup 425 425
    setns 308 268       unshare 272 97              mount 165 40                open_by_handle_at 304 265
    ioprio_set 251 30
"""
"""Name, and number on x86_64 and aarch64 (include/uapi/asm-generic/unistd.h,
arch/x86/entry/syscalls/syscall_64.tbl)."""
OWN_ONLY = """
    prlimit64 302 261 0             sched_setaffinity 203 122 0     sched_setparam 142 118 0
    sched_setscheduler 144 119 0    sched_setattr 314 274 0         setpriority 141 140 01
"""
"""The same, and the arguments that name a process: they may only be 0, for the calling process itself."""
CLONE, CLONE3 = (56, 220), (435, 435)
"""The calls behind fork() and threads, with flags for new namespaces. Those of clone3() can't be examined here, so it
counts as missing: libraries then use clone()."""
NAMESPACES = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""

_LOAD, _RETURN = 0x20, 0x06  # BPF_LD|W|ABS, BPF_RET|K
_EQUAL, _AT_LEAST, _SOME = 0x15, 0x35, 0x45  # BPF_JMP|K with JEQ, JGE, JSET
_ALLOW, _REFUSE, _MISSING = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # SECCOMP_RET_ALLOW, _ERRNO | EPERM or ENOSYS
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2  # PR_..., SECCOMP_MODE_FILTER


def program(machine: str) -> "list[tuple[int, int, int, int]]":
    """The BPF filter for this kind of machine, as (code, jump if true, jump if false, value); [] for unknown
    machines."""
    if machine not in MACHINES:
        return []
    architecture, column = MACHINES[machine]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        lines += [(_AT_LEAST, 0, 1, X32), (_RETURN, 0, 0, _REFUSE)]
    lines += [(_EQUAL, 0, 1, CLONE3[column]), (_RETURN, 0, 0, _MISSING)]
    lines += [(_EQUAL, 0, 4, CLONE[column]), (_LOAD, 0, 0, _ARGUMENTS), (_SOME, 0, 1, NAMESPACES)]
    lines += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    words = REFUSED.split()
    for number in words[1 + column :: 3]:
        lines += [(_EQUAL, 0, 1, int(number)), (_RETURN, 0, 0, _REFUSE)]
    words = OWN_ONLY.split()
    for number, arguments in zip(words[1 + column :: 4], words[3::4]):
        checks = [
            line
            for argument in arguments
            for line in ((_LOAD, 0, 0, _ARGUMENTS + 8 * int(argument)), (_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _REFUSE))
        ]
        lines += [(_EQUAL, 0, len(checks) + 1, int(number)), *checks, (_RETURN, 0, 0, _ALLOW)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def refuse() -> bool:
    """Refuse these calls to this process and all that it starts from now on. False where that is not possible."""
    lines = program(os.uname().machine)
    if not lines:
        return False
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    filter = ctypes.create_string_buffer(struct.pack("@HP", len(lines), ctypes.addressof(packed)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int, *4 * [ctypes.c_ulong]]
    if prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(filter), 0, 0) == 0)
