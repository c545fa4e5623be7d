"""The training side of lossboard: `import lossboard as wandb`.

    import lossboard as wandb

    run = wandb.init(project="digits", config={"lr": 0.01})
    wandb.watch(model, log="all")
    wandb.log({"loss": loss})

Everything is loaded when it is first used; importing this brings numpy and msgspec.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from lossboard.alerts import AlertLevel
from lossboard.current import Unset, runs
from lossboard.errors import (
    AuthenticationError,
    CommError,
    ConfigError,
    Error,
    UnsupportedError,
    UsageError,
)
from lossboard.histogram import Histogram
from lossboard.initialize import init
from lossboard.live_run import Run
from lossboard.module_functions import (
    alert,
    attach,
    define_metric,
    finish,
    join,
    log,
    login,
    mark_preempting,
    require,
    setup,
    teardown,
    unwatch,
    watch,
)
from lossboard.settings import Settings
from lossboard.terminal import termerror, termlog, termwarn
from lossboard.version import __version__

if TYPE_CHECKING:
    from lossboard.api import Api
    from lossboard.run_config import Config
    from lossboard.run_summary import Summary

    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "AlertLevel",
    "Api",
    "AuthenticationError",
    "CommError",
    "ConfigError",
    "Error",
    "Histogram",
    "Run",
    "Settings",
    "UnsupportedError",
    "UsageError",
    "__version__",
    "alert",
    "attach",
    "config",
    "define_metric",
    "finish",
    "init",
    "join",
    "log",
    "login",
    "mark_preempting",
    "require",
    "run",
    "setup",
    "summary",
    "teardown",
    "termerror",
    "termlog",
    "termwarn",
    "unwatch",
    "watch",
]

_attach = attach  # what Lightning calls

# Loaded when first used.
_LAZY: Final = {"Api": "lossboard.api"}


def __getattr__(name: str) -> Any:
    if name == "run":
        return runs.main
    if name == "config":
        return Unset("config") if runs.main is None else runs.main.config
    if name == "summary":
        return Unset("summary") if runs.main is None else runs.main.summary
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
