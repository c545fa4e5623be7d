"""The files of an artifact that is being made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from lossboard.artifacts.manifest import ArtifactManifestEntry
from lossboard.artifacts.names import entry_path
from lossboard.artifacts.references import reference_entries
from lossboard.artifacts.staging import Hashed, Staging, hashed
from lossboard.files.below import files_below

__all__ = ["Contents"]

_POLICIES: Final = ("mutable", "immutable")


class Contents:
    """Entries by path. What is added is read at once: later changes of a file don't matter."""

    def __init__(self) -> None:
        self.entries: dict[str, ArtifactManifestEntry] = {}
        self._staging = Staging()

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        *,
        policy: str = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Adds a file. `policy` "immutable" saves the copy: the file must stay as it is.

        Raises ValueError for what is no file, and for a path that holds other content already.
        """
        if policy not in _POLICIES:
            raise ValueError(f"Invalid policy {policy!r}. Must be one of: {', '.join(_POLICIES)}.")
        path = Path(local_path)
        if not path.is_file():
            raise ValueError(f"Path is not a file: {str(path)!r}")
        content = hashed(path) if policy == "immutable" else self._staging.copied(path)
        return self.put(_entry(entry_path(name or path.name), content), overwrite=overwrite)

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        *,
        policy: str = "mutable",
    ) -> None:
        """Adds all files below a folder, linked folders too, under `name` if given. Raises
        ValueError for no folder."""
        root = Path(local_path)
        if not root.is_dir():
            raise ValueError(f"Path is not a directory: {str(root)!r}")
        prefix = PurePosixPath(entry_path(name)) if name else PurePosixPath()
        for path in files_below(root):
            inner = prefix / path.relative_to(root).as_posix()
            self.add_file(path, str(inner), policy=policy)

    def add_bytes(self, content: bytes, name: str) -> ArtifactManifestEntry:
        """Adds a file of these bytes; the same ones under the same name are no harm."""
        return self.put(_entry(entry_path(name), self._staging.kept(content)), overwrite=False)

    def add_reference(
        self, uri: str, name: str | None, *, checksum: bool, max_objects: int
    ) -> list[ArtifactManifestEntry]:
        """Adds what an address points to, without its content; see `reference_entries`."""
        found = reference_entries(uri, name, checksum=checksum, max_objects=max_objects)
        return [self.put(entry, overwrite=False) for entry in found]

    @contextmanager
    def new_file(self, name: str, mode: str, encoding: str | None) -> Iterator[IO[Any]]:
        """A file to be written, which is added when it is closed without an error.

        Raises ValueError where the artifact has a file of that name.
        """
        path = entry_path(name)
        if path in self.entries and not mode.startswith(("w", "a")):
            raise ValueError(f"File with name {path!r} already exists in this artifact")
        target = self._staging.place()
        with target.open(mode, encoding=encoding) as file:
            yield file
        self.put(_entry(path, hashed(target)), overwrite=mode.startswith("w"))

    def put(self, entry: ArtifactManifestEntry, *, overwrite: bool) -> ArtifactManifestEntry:
        """Takes an entry. Raises ValueError for a path that holds other content already."""
        known = self.entries.get(entry.path)
        if known is not None and known.digest != entry.digest and not overwrite:
            raise ValueError(f"Cannot add the same path twice: {entry.path!r}")
        self.entries[entry.path] = entry
        return entry

    def remove(self, item: str | os.PathLike[str] | ArtifactManifestEntry) -> None:
        """Takes out a file, or all files of a folder. Raises FileNotFoundError for neither."""
        path = item.path if isinstance(item, ArtifactManifestEntry) else entry_path(item)
        gone = [held for held in self.entries if held == path or held.startswith(f"{path}/")]
        if not gone:
            raise FileNotFoundError(f"No such file or directory: {path!r}")
        for held in gone:
            del self.entries[held]


def _entry(path: str, content: Hashed) -> ArtifactManifestEntry:
    return ArtifactManifestEntry(
        path=path,
        digest=content.md5,
        size=content.size_bytes,
        sha256=content.sha256,
        local_path=str(content.path),
    )
