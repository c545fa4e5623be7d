"""`install`: `import wandb` means lossboard in this process and in those that it starts."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final

from lossboard.settings import let_children_look_in
from lossboard.terminal import termwarn

__all__ = ["ALIAS_FOLDER", "install"]

ALIAS_FOLDER: Final = Path(__file__).parents[1] / "alias"  # holds the package `wandb`


def install() -> None:
    """Makes lossboard the `wandb` of everything that is imported from now on, as `lossboard run`
    does for a whole program: for notebooks, servers and schedulers.

    A `wandb` that is imported already gives way, with a warning: who has it keeps it.
    """
    folder = str(ALIAS_FOLDER)
    sys.path[:] = [folder, *(place for place in sys.path if place != folder)]
    let_children_look_in(ALIAS_FOLDER)
    importlib.invalidate_caches()
    if holders := _forget_other():
        termwarn(
            f"wandb was imported before install(), by {', '.join(holders)}: what has it already"
            " goes on with it. Call lossboard.install() first"
        )


def _forget_other() -> list[str]:
    """Takes another `wandb` out of the loaded modules; the modules that have it, by name."""
    other = sys.modules.get("wandb")
    if other is None or str(getattr(other, "__file__", "")).startswith(str(ALIAS_FOLDER)):
        return []
    gone = [name for name in sys.modules if name.partition(".")[0] == "wandb"]
    holders = [
        name
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] != "wandb"
        and any(value is other for value in list(getattr(module, "__dict__", {}).values()))
    ]
    for name in gone:
        del sys.modules[name]
    return holders or ["something"]
