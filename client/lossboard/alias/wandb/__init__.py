"""lossboard under the name of wandb. `lossboard run` puts this package before all others, so that
scripts which say `import wandb`, and all processes they start, log here."""

from __future__ import annotations

import importlib
from typing import Any

import lossboard
from lossboard.version import WANDB_VERSION

__version__ = f"{WANDB_VERSION}+lossboard"

# Reached as attributes of wandb, without being imported first.
_SUBMODULES = frozenset(
    {
        "apis",
        "data_types",
        "env",
        "errors",
        "helper",
        "integration",
        "plot",
        "sdk",
        "util",
        "wandb_config",
        "wandb_run",
    }
)


def __getattr__(name: str) -> Any:
    if name == "wandb_sdk":  # what older programs call it
        name = "sdk"
    if name in _SUBMODULES:
        return importlib.import_module(f"wandb.{name}")
    return getattr(lossboard, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *lossboard.__all__})
