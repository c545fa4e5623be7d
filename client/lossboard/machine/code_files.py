"""Source code below a folder."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from lossboard.files.below import folders_below

__all__ = ["CodeFilter", "code_files"]

CodeFilter: TypeAlias = Callable[..., Any]  # of (path) or (path, root), both text

_OURS: Final = frozenset({"wandb", ".wandb"})


def code_files(root: Path, include: CodeFilter | None, exclude: CodeFilter | None) -> list[Path]:
    """The files that `include` and not `exclude` says; see `Run.log_code`."""
    wanted, unwanted = _with_root(include or _is_source), _with_root(exclude or _is_ours)
    found = []
    for folder, names in folders_below(root):
        paths = (os.path.join(folder, name) for name in names)
        found += [
            path for path in paths if wanted(path, str(root)) and not unwanted(path, str(root))
        ]
    return [Path(path) for path in sorted(found)]


def _is_source(path: str) -> bool:
    name = os.path.basename(path)
    return name.endswith(".py") or name.startswith("Dockerfile") or name == "requirements.txt"


def _is_ours(path: str, root: str) -> bool:
    return bool(_OURS & set(Path(path).relative_to(root).parts[:-1]))


def _with_root(chosen: CodeFilter) -> CodeFilter:
    takes_root = len(inspect.signature(chosen).parameters) > 1
    return chosen if takes_root else lambda path, root: chosen(path)
