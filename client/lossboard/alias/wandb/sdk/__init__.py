"""Parts of wandb that integrations reach by path."""

import importlib
from typing import Any

import lossboard
from lossboard.live_run.config import Config

_SUBMODULES = frozenset(
    {
        "artifacts",
        "data_types",
        "lib",
        "wandb_alerts",
        "wandb_artifacts",
        "wandb_config",
        "wandb_init",
        "wandb_login",
        "wandb_metric",
        "wandb_run",
        "wandb_settings",
        "wandb_setup",
        "wandb_summary",
    }
)


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "Config":  # the class here, the running one's in the package
        return Config
    return getattr(lossboard, name)
