"""The base of all media types: where their bytes go and how their files are named."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import signature
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary

from lossboard import wire
from lossboard.arrays import array_of
from lossboard.faults import Fault, collected, is_for_the_caller, note, type_name
from lossboard.plain_values import exact_text

__all__ = [
    "Content",
    "Media",
    "MediaHome",
    "as_array",
    "as_path",
    "bind_all",
    "forgiving",
    "media_name",
    "optional_module",
    "store",
]

Content: TypeAlias = bytes | Path
_Init = TypeVar("_Init", bound=Callable[..., None])
HASH_LENGTH = 20  # hex digits of the SHA-256 that W&B's file names carry


class MediaHome(Protocol):
    """The run that media are logged to."""

    def put_file(self, source: Content, *, name: str, mime_type: str) -> wire.FileEntry:
        """Stores the bytes as a file of the run and returns its entry."""

    def put_config(self, path: Sequence[str], value: Any) -> None:
        """Sets a nested config value below `_wandb`, such as the class labels of masks."""

    def put_table(self, key: str, table: Any) -> Mapping[str, Any]:
        """Logs the run_table artifact of a table; the artifact fields of its JSON."""

    def tell(self, fault: Fault) -> None:
        """Says what became of a value in it that can't be stored as it is."""


class Media:
    """A value with bytes of its own. Subclasses say in `_store` what `bind` makes of them."""

    kind: ClassVar[str]  # the `_type` in history
    batch_kind: ClassVar[str] = ""  # the `_type` of a list of them, if lists have one
    _caption: Any = None
    _failure: BaseException | None = None  # why there is nothing of it
    _faults: Sequence[Fault] = ()  # of its values, to be told when it is logged

    def bind(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        """Stores the bytes as a file of the run and returns W&B's JSON for history.

        The same object logged twice keeps its first file; `step` may be "summary".
        """
        if self._failure is not None:
            raise self._failure
        homes = self.__dict__.setdefault("_homes", WeakKeyDictionary())
        if home not in homes:
            with collected() as found:
                homes[home] = self._store(home, key, step)
            for fault in (*self._faults, *found):
                home.tell(fault.below(key))
        return dict(homes[home])

    def __getattr__(self, name: str) -> Any:
        """Only of what is not there: the reason, where the values could not be read."""
        failure = self.__dict__.get("_failure")
        if failure is None or name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise failure

    def forget_homes(self) -> None:
        """Has the next `bind` store it anew: it was changed."""
        self.__dict__.pop("_homes", None)

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        raise NotImplementedError

    def _described(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON of what was stored: with its type, and its caption if it has one."""
        caption = {} if self._caption is None else {"caption": exact_text(self._caption)}
        return {"_type": self.kind, **stored, **caption}

    def __getstate__(self) -> dict[str, Any]:
        """A copy in another process belongs to no run yet."""
        return {name: value for name, value in self.__dict__.items() if name != "_homes"}

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """The JSON of a list of this type."""
        raise NotImplementedError


def forgiving(init: _Init) -> _Init:
    """An `__init__` of media that ends no training: what its values raise is kept, and raised by
    `bind` and by the attributes that are missing then. A call that doesn't fit raises at once."""

    @wraps(init)
    def made(self: Media, *args: Any, **kwargs: Any) -> None:
        with collected() as found:
            try:
                init(self, *args, **kwargs)
            except BaseException as error:
                if is_for_the_caller(error):
                    raise
                signature(init).bind(self, *args, **kwargs)
                self._failure = error
        self._faults = found

    return cast(_Init, made)


def bind_all(
    items: Sequence[Media], home: MediaHome, key: str, step: int | str
) -> dict[str, Any] | list[dict[str, Any]]:
    """A list of media as W&B stores it: batched when all are of one type that has a batched
    form, else a list of the JSON of each."""
    first = type(items[0])
    if first.batch_kind and all(type(item) is first for item in items):
        return first.bind_batch(items, home, key, step)
    return [item.bind(home, key, step) for item in items]


def store(
    home: MediaHome,
    content: Content,
    *,
    folder: str,
    key: str,
    step: int | str,
    suffix: str,
    mime_type: str,
) -> dict[str, Any]:
    """Puts the content under `media/<folder>/<key>_<step>_<hash><suffix>`; its path, size, hash."""
    name = media_name(folder, key, step, _sha256(content), suffix)
    entry = home.put_file(content, name=name, mime_type=mime_type)
    return {"path": entry.name, "sha256": entry.sha256, "size": entry.size_bytes}


def media_name(folder: str, key: str, step: int | str, sha256: str, suffix: str) -> str:
    """A file name below `media/`: slashes of the key make folders, dot parts are neutralised."""
    parts = [part.replace("..", "__") for part in key.split("/") if part not in ("", ".")]
    safe = PurePosixPath(*parts) if parts else PurePosixPath("_")
    return f"media/{folder}/{safe}_{step}_{sha256[:HASH_LENGTH]}{suffix}"


def optional_module(name: str, *, package: str, purpose: str) -> Any:
    """An optional package's module. Raises ImportError naming what to install and for what."""
    try:
        module: ModuleType = importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs the package {package!r}, which is not installed:"
            f" pip install {package}"
        ) from error
    return module


def as_path(value: object) -> Path | None:
    """The path of an existing file that `value` names, or None when it is no path at all.

    Raises FileNotFoundError for a path that leads nowhere.
    """
    if not isinstance(value, str | os.PathLike):
        return None
    path = Path(value)
    if not path.is_file():
        raise FileNotFoundError(f"no file at {str(path)!r}; give an existing file or the data")
    return path


def as_array(value: object) -> Any:
    """The numpy array of an array-like or tensor (detached and copied to the host)."""
    return array_of(value, lambda lack: note(Fault("", type_name(value), "part", lack)))


def _sha256(content: Content) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
