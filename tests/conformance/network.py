"""A network that fails during the transfer of a checkpoint: only the connection that sends it is cut."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from pathlib import Path

PIDFD_GETFD = 438
BYTES_ACKNOWLEDGED = 120
"""The offset of that counter in Linux's struct tcp_info."""
UNDER_WAY = 1_000_000
"""Acknowledged bytes that show that files are being sent: more than a handshake takes."""
PATIENCE = 20.0


class Upload:
    """The connection that a starter is going to open to send files on."""

    def __init__(self, starter: int):
        """`starter`: its process id in the pool. It must not be sending anything yet."""
        self.starter = _outside(starter)
        self.before = _sockets(self.starter)

    def cut(self) -> None:
        """Wait until it sends files, and shut it down in both directions. Raises TimeoutError if it sends none."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for name, descriptor in _sockets(self.starter).items():
                if name not in self.before and _cut(self.starter, descriptor):
                    return
            time.sleep(0.002)
        raise TimeoutError(f"starter {self.starter} sent nothing")


def _outside(inside: int) -> int:
    """The process id outside the pool of the starter that has the process id `inside` in the pool."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        ids = next((line.split()[1:] for line in text.splitlines() if line.startswith("NSpid:")), [])
        if text.startswith("Name:\tcondor_starter") and len(ids) > 1 and ids[-1] == str(inside):
            return int(ids[0])
    raise ProcessLookupError(f"no starter has the process id {inside} in the pool")


def _sockets(pid: int) -> dict[str, int]:
    """Socket → its descriptor in that process."""
    sockets = {}
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            if (target := os.readlink(link)).startswith("socket:"):
                sockets[target] = int(link.name)
    except OSError:
        pass
    return sockets


def _cut(pid: int, descriptor: int) -> bool:
    """Shut down the connection behind a process's descriptor, if it has sent much. Returns whether it was shut down."""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    try:
        own = libc.syscall(PIDFD_GETFD, process, descriptor, 0)
    finally:
        os.close(process)
    if own < 0:
        return False
    with socket.socket(fileno=own) as connection:
        try:
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)
            (acknowledged,) = struct.unpack_from("Q", info, BYTES_ACKNOWLEDGED)
            if acknowledged < UNDER_WAY:
                return False
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # a socket of another kind
            return False
    return True
