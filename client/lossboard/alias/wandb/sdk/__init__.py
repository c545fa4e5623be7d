"""Parts of wandb that integrations reach by path."""

import importlib
from typing import Any

_SUBMODULES = frozenset({"artifacts", "lib", "wandb_config", "wandb_run", "wandb_settings"})


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
