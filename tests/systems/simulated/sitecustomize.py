"""Python as another system has it, as far as our own code sees it.

With this folder on PYTHONPATH and SIMULATED_SYSTEM=macos or windows, modules of lossboard find
neither the modules nor the functions that Python's documentation says are not available there, and
what they do with files behaves as it does there. Other packages see the machine as it is.
"""

from __future__ import annotations

import builtins
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.append(str(Path(__file__).parent))  # also where something else was put before it

import windows_files
from missing import MISSING, MISSING_MODULES

OURS = ("lossboard", "lossboard_server")
SYSTEM = os.environ.get("SIMULATED_SYSTEM", "")


class Lacking(ModuleType):
    """A module without what the simulated system has not, and with what it has besides."""

    def __init__(self, real: ModuleType, missing: frozenset[str], more: dict[str, Any]) -> None:
        super().__init__(real.__name__)
        self.__dict__.update({k: v for k, v in vars(real).items() if k not in missing} | more)
        self._real, self._own = real, frozenset(missing | set(more))

    def __getattribute__(self, name: str) -> Any:
        own = ModuleType.__getattribute__(self, "__dict__").get("_own", frozenset())
        if name in own or name.startswith("__"):
            return ModuleType.__getattribute__(self, name)
        # What a test puts into the module later holds here too.
        return getattr(ModuleType.__getattribute__(self, "__dict__")["_real"], name)


def simulate(system: str) -> None:
    """From now on, what our modules import is what the system has."""
    more = windows_files.install(os) if system == "windows" else {}
    lacking = {
        "os": Lacking(os, MISSING[system]["os"], more),
        "signal": Lacking(__import__("signal"), MISSING[system]["signal"], {}),
    }
    real_import = builtins.__import__

    def simulated(name: str, given: Any = None, *rest: Any, **named: Any) -> Any:
        importer = str((given or {}).get("__name__", "")).partition(".")[0]
        if importer in (*OURS, "uvicorn") and name in MISSING_MODULES[system]:
            raise ModuleNotFoundError(f"No module named {name!r} on {system}", name=name)
        if importer in OURS and name in lacking:
            return lacking[name]
        return real_import(name, given, *rest, **named)

    builtins.__import__ = simulated
    if system == "macos":
        hide_proc()


def hide_proc() -> None:
    """Our modules find no /proc and no /sys; psutil has its own ways on each system."""

    def hiding(function: Any) -> Any:
        def hidden(path: Any, *rest: Any, **named: Any) -> Any:
            if str(path).startswith(("/proc", "/sys")) and asked_by_us():
                raise FileNotFoundError(2, "No such file or directory", str(path))
            return function(path, *rest, **named)

        return hidden

    os.stat = hiding(os.stat)
    builtins.open = hiding(builtins.open)


def asked_by_us() -> bool:
    """Whether the first caller outside of the standard library's files is a module of ours."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in ("pathlib", "genericpath"):
        frame = frame.f_back
    name = frame.f_globals.get("__name__", "") if frame is not None else ""
    return str(name).partition(".")[0] in OURS


if SYSTEM:
    simulate(SYSTEM)
