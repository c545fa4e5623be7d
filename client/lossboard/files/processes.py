"""Names of processes that outlive them: a number alone is given to another one in time."""

from __future__ import annotations

import os
import socket
from pathlib import Path

__all__ = ["is_alive", "is_here", "this_process"]


def this_process() -> str:
    """This process, as `<host> <number> <when it began>`."""
    return f"{socket.gethostname()} {os.getpid()} {_began(os.getpid())}"


def is_here(process: str) -> bool:
    """Whether it ran, or runs, on this host."""
    return process.split(" ")[0] == socket.gethostname()


def is_alive(process: str) -> bool:
    """Whether it runs on this host still; of another host's that can't be told: False."""
    host, _, place = process.partition(" ")
    number, _, began = place.partition(" ")
    if host != socket.gethostname() or not number.isdecimal() or not _exists(int(number)):
        return False
    return _began(int(number)) == began


def _exists(number: int) -> bool:
    if os.name == "nt":  # a signal would end it there
        import psutil  # 10 ms to load: only where it is needed

        return bool(psutil.pid_exists(number))
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def _began(number: int) -> str:
    """When it began, in ticks of the system's clock, where the system tells."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]  # a dead process that nobody waited for
