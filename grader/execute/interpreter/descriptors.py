"""Protects the interpreter's own file descriptors from a program, which may well close file 4 by mistake."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

FIRST_ARGUMENT = "close dup fdatasync fstat fsync ftruncate lseek pread pwrite read readv write writev".split()
"""The functions of the module os whose first argument is a descriptor."""
_MOST = 256
"""Descriptors to check where the system has no list of them."""


def open_now() -> frozenset[int]:
    """The interpreter's open descriptors, without its streams."""
    try:
        numbers = list(map(int, os.listdir("/proc/self/fd")))  # includes the descriptor of the listing itself
    except OSError:
        numbers = list(range(_MOST))
    return frozenset(number for number in numbers if number > 2 and _is_open(number))


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def refuse(foreign: frozenset[int], number: object) -> None:
    """Raises OSError if this is a foreign descriptor."""
    if isinstance(number, int) and number in foreign:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def functions(foreign: frozenset[int]) -> dict[str, Callable[..., Any]]:
    """Functions for the module os that treat these descriptors as closed."""

    def checked(real: Callable[..., Any], number: Any, *arguments: Any, **options: Any) -> Any:
        refuse(foreign, number)
        return real(number, *arguments, **options)

    def dup2(real: Callable[..., int], fd: int, fd2: int, inheritable: bool = True) -> int:
        refuse(foreign, fd)
        refuse(foreign, fd2)
        return real(fd, fd2, inheritable)

    def closerange(real: Callable[..., Any], low: int, high: int, /) -> None:
        for number in range(low, min(high, 1 << 16)):
            if number not in foreign:
                with suppress(OSError):
                    close(number)

    close = os.close
    simple = {name: partial(checked, getattr(os, name)) for name in FIRST_ARGUMENT if hasattr(os, name)}
    return {**simple, "dup2": partial(dup2, os.dup2), "closerange": partial(closerange, os.closerange)}
