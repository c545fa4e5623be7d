"""What a run's metadata say about where it runs."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from lossboard.settings import Launcher, Settings

__all__ = ["describe", "main_program"]

_GIT_TIMEOUT_SECS = 2.0


def main_program(settings: Settings) -> Path | None:
    """The script that was started; None in a notebook or an interactive session."""
    if settings.program:
        return Path(settings.program)
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(path) if path else None


def describe(settings: Settings, launcher: Launcher | None) -> dict[str, Any]:
    """Host, process, program, Python, hardware and git state, as far as the settings allow."""
    ranks = {"rank": launcher.rank, "world_size": launcher.world_size} if launcher else {}
    if settings.x_disable_meta:
        return ranks
    program = main_program(settings)
    folder = program.resolve().parent if program else Path.cwd()
    return {
        **ranks,
        "host": settings.host or socket.gethostname(),
        "pid": os.getpid(),
        "os": platform.platform(),
        "python": platform.python_version(),
        "executable": sys.executable,
        "program": str(program) if program else settings.notebook_name,
        "args": sys.argv[1:],
        "directory": str(Path.cwd()),
        "cpu_count": os.cpu_count(),
        **_gpus(),
        **({} if settings.disable_git else _git(folder)),
    }


def _gpus() -> dict[str, Any]:
    """CUDA devices, if torch is there and has begun to use them: we don't initialise CUDA."""
    torch = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not cuda.is_initialized():
        return {}
    names = [cuda.get_device_name(index) for index in range(cuda.device_count())]
    return {"gpu": names[0] if names else None, "gpu_count": len(names)}


def _git(folder: Path) -> dict[str, Any]:
    """Commit, branch and remote of the repository around `folder`; empty where there is none."""
    if not any((root / ".git").exists() for root in (folder, *folder.parents)):
        return {}
    commit = _git_says(folder, "rev-parse", "HEAD")
    if commit is None:
        return {}
    remote = _git_says(folder, "config", "--get", "remote.origin.url")
    found = {"commit": commit, "branch": _git_says(folder, "rev-parse", "--abbrev-ref", "HEAD")}
    return {"git": found | ({"remote": _without_password(remote)} if remote else {})}


def _git_says(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_SECS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # no git, or a slow disk: the run goes on
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _without_password(remote: str) -> str:
    scheme, separator, rest = remote.partition("://")
    return scheme + separator + rest.rpartition("@")[2] if separator else remote
