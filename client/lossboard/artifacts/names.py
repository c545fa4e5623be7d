"""Rules for names, types, aliases and paths in artifacts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from lossboard.sending.columns import json_ready
from lossboard.values import config_values

__all__ = [
    "aliases_checked",
    "artifact_name_checked",
    "artifact_type_checked",
    "entry_path",
    "metadata_checked",
]

_NAME: Final = re.compile(r"[a-zA-Z0-9_\-.]{1,128}")
_DRIVE: Final = re.compile(r"[a-zA-Z]:/")
_RESERVED: Final = frozenset({"job", "run_table"})


def artifact_name_checked(name: str) -> str:
    """The name, if artifacts can have it; else ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            "Artifact name may only contain alphanumeric characters, dashes, underscores, and dots,"
            f" 1 to 128 of them. Invalid name: {name[:200]!r}"
        )
    return name


def artifact_type_checked(type: str) -> str:
    """The type, if users can give it; else ValueError."""
    if type in _RESERVED or type.startswith("wandb-"):
        raise ValueError(
            f"Artifact type {type!r} is reserved for internal use. Please use a different type."
        )
    if not 1 <= len(type) <= 128 or any(character in type for character in "/:"):
        raise ValueError(f"Artifact type {type!r} must have 1 to 128 characters, none of / and :")
    return type


def aliases_checked(aliases: str | Iterable[str] | None) -> tuple[str, ...]:
    """The aliases without repetitions, one given as text alone too; ValueError for others."""
    given = [aliases] if isinstance(aliases, str) else list(aliases or ())
    wrong = [alias for alias in given if not alias or any(part in alias for part in "/:")]
    if wrong:
        raise ValueError(f"Aliases must not be empty nor contain '/' or ':'; got {wrong}")
    return tuple(dict.fromkeys(given))


def metadata_checked(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata as plain data; TypeError for what is no dict, ValueError for what is nested too
    deeply."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise TypeError(f"metadata must be dict, not {type(metadata).__name__}")
    plain = config_values({str(key): value for key, value in metadata.items()})
    return {key: json_ready(value) for key, value in plain.items()}


def entry_path(name: object) -> str:
    """A path within an artifact, with slashes; ValueError for one that leads out of it."""
    path = PurePosixPath(str(name).replace("\\", "/"))
    whole = path.is_absolute() or _DRIVE.match(str(path))
    if whole or ".." in path.parts or not path.parts:
        raise ValueError(
            f"{str(name)!r} is not a path within an artifact: expected such as 'a/b.txt'"
        )
    return str(path)
