"""Helpers that integrations import by path."""

import importlib
from typing import Any

from lossboard.live_run.disabled import NoopRun as RunDisabled

__all__ = ["RunDisabled"]

_SUBMODULES = frozenset({"config_util", "disabled", "runid", "telemetry"})


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
