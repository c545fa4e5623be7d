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

from lossboard.errors import (
    AuthenticationError,
    CommError,
    ConfigError,
    Error,
    UnsupportedError,
    UsageError,
)
from lossboard.histogram import Histogram
from lossboard.integration.missing import missing
from lossboard.live_run.alerts import AlertLevel
from lossboard.live_run.run import Run
from lossboard.module_functions import (
    alert,
    attach,
    define_metric,
    finish,
    join,
    link_artifact,
    link_model,
    log,
    log_artifact,
    log_code,
    log_model,
    login,
    mark_preempting,
    require,
    restore,
    save,
    setup,
    teardown,
    unwatch,
    use_artifact,
    use_model,
    watch,
)
from lossboard.opening.current import Unset, runs
from lossboard.opening.initialize import init
from lossboard.opening.install import install
from lossboard.opening.magics import register_magics
from lossboard.settings import Settings
from lossboard.terminal import termerror, termlog, termwarn
from lossboard.version import __version__

if TYPE_CHECKING:
    from lossboard import data_types, plot
    from lossboard.api import Api
    from lossboard.artifacts import Artifact
    from lossboard.data_types import (
        Audio,
        Classes,
        Graph,
        Html,
        Image,
        JoinedTable,
        Molecule,
        Object3D,
        PartitionedTable,
        Plotly,
        Table,
        Video,
    )
    from lossboard.integration import lightgbm, sklearn, xgboost
    from lossboard.live_run.config import Config
    from lossboard.live_run.summary import Summary
    from lossboard.plot import plot_table

    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "AlertLevel",
    "Api",
    "Artifact",
    "Audio",
    "AuthenticationError",
    "Classes",
    "CommError",
    "ConfigError",
    "Error",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Run",
    "Settings",
    "Table",
    "UnsupportedError",
    "UsageError",
    "Video",
    "__version__",
    "alert",
    "attach",
    "config",
    "data_types",
    "define_metric",
    "finish",
    "init",
    "install",
    "join",
    "lightgbm",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "login",
    "mark_preempting",
    "plot",
    "plot_table",
    "require",
    "restore",
    "run",
    "save",
    "setup",
    "sklearn",
    "summary",
    "teardown",
    "termerror",
    "termlog",
    "termwarn",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
    "xgboost",
]

_attach = attach  # what Lightning calls

register_magics()

# Loaded when first used: a name of a module, or, after a colon, in it.
_DATA_TYPES: Final = (
    "Audio Classes Graph Html Image JoinedTable Molecule Object3D PartitionedTable Plotly Table"
    " Video"
)
_LAZY: Final = {
    **{name: f"lossboard.data_types:{name}" for name in _DATA_TYPES.split()},
    "Api": "lossboard.api:Api",
    "Artifact": "lossboard.artifacts:Artifact",
    "apis": "lossboard.apis",
    "data_types": "lossboard.data_types",
    "lightgbm": "lossboard.integration.lightgbm",
    "plot": "lossboard.plot",
    "plot_table": "lossboard.plot:plot_table",
    "gym": "lossboard.tensorboard.gym_videos",
    "keras": "lossboard.integration.keras",
    "sb3": "lossboard.integration.sb3",
    "sklearn": "lossboard.integration.sklearn",
    "tensorboard": "lossboard.tensorboard",
    "xgboost": "lossboard.integration.xgboost",
}
_MISSING: Final = frozenset({"catboost", "fastai", "sacred", "tensorflow"})
_SWEEPS: Final = frozenset({"agent", "controller", "sweep"})


def __getattr__(name: str) -> Any:
    if name == "run":
        return runs.main
    if name == "config":
        return Unset("config") if runs.main is None else runs.main.config
    if name == "summary":
        return Unset("summary") if runs.main is None else runs.main.summary
    if name in _LAZY:
        module, _, member = _LAZY[name].partition(":")
        loaded = importlib.import_module(module)
        return getattr(loaded, member) if member else loaded
    if name in _MISSING:
        raise AttributeError(str(missing(f"integration {name!r}")))
    if name in _SWEEPS:
        raise AttributeError(
            f"lossboard's client has no {name!r}: sweeps are of the official client:"
            " `lossboard run --official` runs a program with it, against this server"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
