"""Metadata of a run about the machine it runs on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from lossboard.files.directories import current_folder
from lossboard.settings import Settings

__all__ = ["describe", "describe_machine", "main_program", "program_folder", "requirements"]

_CPU_FACTS: Final = Path("/proc/cpuinfo")


def main_program(settings: Settings) -> Path | None:
    """The script that was started; None in a notebook or an interactive session."""
    if settings.program:
        return Path(settings.program)
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(path) if path else None


def program_folder(settings: Settings) -> Path:
    """The folder of the script; the current directory if there is none."""
    program = main_program(settings)
    try:
        return program.resolve().parent if program else current_folder()
    except (OSError, RuntimeError):  # the current directory is gone, or links go in a circle
        return current_folder()


def describe(settings: Settings) -> dict[str, Any]:
    """Host, process, program and Python: what is known without asking anybody."""
    if settings.x_disable_meta:
        return {}
    program = main_program(settings)
    return {
        "host": settings.host or socket.gethostname(),
        "pid": os.getpid(),
        "os": platform.platform(),
        "python": platform.python_version(),
        "executable": sys.executable,
        "program": str(program) if program else settings.notebook_name,
        "args": sys.argv[1:],
        "directory": str(current_folder()),
    }


def describe_machine() -> dict[str, Any]:
    """Processor, memory and disk, under W&B's names; sizes in bytes."""
    import psutil  # late: only the recorders' thread needs it

    disk = psutil.disk_usage(os.sep)
    return {
        "cpu_count": psutil.cpu_count(logical=False),
        "cpu_count_logical": psutil.cpu_count(),
        "cpu": {"model": _cpu_model()},
        "memory": {"total": psutil.virtual_memory().total},
        "disk": {os.sep: {"total": disk.total, "used": disk.used}},
    }


def _cpu_model() -> str:
    if _CPU_FACTS.exists():
        for line in _CPU_FACTS.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@cache
def requirements() -> str:
    """All installed packages, as lines that pip can read."""
    found = {
        f"{distribution.metadata['Name']}=={distribution.version}"
        for distribution in importlib.metadata.distributions()
        if distribution.metadata["Name"]
    }
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))
