"""Senders in a forked child."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final, Protocol

__all__ = ["Forkable", "follow_forks", "forks_wait"]

# Held by a thread of ours while it does what a child can't inherit half done (imports, scans of
# the machine): a fork of the program waits for it, a fraction of a second at the most.
forks_wait: Final = threading.Lock()


class Forkable(Protocol):
    """Something with threads, sockets or open files."""

    def after_fork_in_child(self) -> None:
        """Called in the child right after the fork, in its only thread."""


_followed: Final[weakref.WeakSet[Forkable]] = weakref.WeakSet()
_registered: Final[list[bool]] = []  # not empty once the hook is set


def follow_forks(forkable: Forkable) -> None:
    """Calls `forkable.after_fork_in_child` in every child forked from now on."""
    _followed.add(forkable)
    if not _registered and hasattr(os, "register_at_fork"):  # Windows has no forks
        os.register_at_fork(
            before=forks_wait.acquire, after_in_parent=forks_wait.release, after_in_child=_in_child
        )
        _registered.append(True)


def _in_child() -> None:
    forks_wait.release()
    for forkable in list(_followed):
        forkable.after_fork_in_child()
