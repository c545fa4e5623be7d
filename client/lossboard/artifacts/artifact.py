"""`Artifact`: made, logged by a run, found again, downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import IO, Any, Final, Self

from lossboard.artifacts.addresses import by_client_id
from lossboard.artifacts.contents import Contents
from lossboard.artifacts.described import Described, Waiter
from lossboard.artifacts.manifest import ArtifactManifestEntry, Manifest
from lossboard.artifacts.names import (
    aliases_checked,
    artifact_name_checked,
    artifact_type_checked,
    entry_path,
    metadata_checked,
)
from lossboard.artifacts.objects import add_object, object_entry, read_object
from lossboard.artifacts.stored import StoredArtifact
from lossboard.errors import ArtifactFinalizedError
from lossboard.media.combined import CombinedTable

__all__ = ["Artifact"]

_MAX_OBJECTS: Final = 10_000


class Artifact(Described):
    """A named directory of files; each different content of one name is a version of it.

    `name` has 1 to 128 letters, digits, `-`, `_` and `.`; `metadata` is any plain data. With
    `incremental` it holds what the latest version holds too, as far as it is not replaced or
    removed. Raises ValueError for names and types that can't be, TypeError for other metadata.
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
    ) -> None:
        checked = artifact_name_checked(name), artifact_type_checked(type)
        super().__init__(*checked, description or "", metadata_checked(metadata))
        self.incremental = incremental
        self.removed: set[str] = set()  # paths that an incremental one takes out
        self._finalized = False

    @classmethod
    def of(cls, stored: StoredArtifact) -> Self:
        """An artifact of the server, whatever its name and type."""
        made = cls("stored", "unspecified")
        made._finalized = True
        made._take(stored)
        return made

    @classmethod
    def internal(cls, name: str, type: str) -> Self:
        """An artifact of a type that is reserved for us, such as run_table."""
        made = cls(name, "unspecified")
        made._type = type
        return made

    # ---- making

    def _open(self) -> Contents:
        if self._finalized:
            raise ArtifactFinalizedError(
                f"Artifact {self._base_name!r} is logged and can't be changed any more: use"
                " new_draft() for another version"
            )
        return self._contents

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Adds a file, under `name` or its own. With `policy` "immutable" no copy is made: the
        file must not change until it is uploaded. Raises ValueError for what is no file."""
        contents = self._open()
        return contents.add_file(local_path, name, policy=policy or "mutable", overwrite=overwrite)

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: str | None = "mutable",
        merge: bool = False,
    ) -> None:
        """Adds all files below a folder, under the folder `name` if given."""
        self._open().add_dir(local_path, name, policy=policy or "mutable")

    def add_reference(
        self,
        uri: str | ArtifactManifestEntry,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """Adds an address instead of content: `file://` ones with their MD5, others as they are.
        An entry of another artifact is added with its content, which is not uploaded again."""
        contents = self._open()
        if isinstance(uri, ArtifactManifestEntry):
            shared = ArtifactManifestEntry(
                entry_path(name or uri.path),
                uri.digest,
                uri.size,
                uri.ref,
                uri.sha256,
                uri.local_path,
            )
            return [contents.put(shared, overwrite=False)]
        limit = _MAX_OBJECTS if max_objects is None else max_objects
        return contents.add_reference(str(uri), name, checksum=checksum, max_objects=limit)

    def add(self, obj: Any, name: str, overwrite: bool = False) -> ArtifactManifestEntry:
        """Adds media or a table, to be had again by `get(name)`. Raises ValueError for others.

        A joined or partitioned table that a logged artifact has is referred to there.
        """
        entry = add_object(self._open(), obj, name)
        if isinstance(obj, CombinedTable) and obj.reference() is None:
            obj.settle(self, entry.path)
        return entry

    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None
    ) -> AbstractContextManager[IO[Any]]:
        """A file to be written within `with`; it is added at the end, unless an error is raised."""
        return self._open().new_file(name, mode, encoding)

    def remove(self, item: str | os.PathLike[str] | ArtifactManifestEntry) -> None:
        """Takes out a file or a folder. Raises FileNotFoundError if it is not there."""
        contents = self._open()
        if self.incremental:
            path = item.path if isinstance(item, ArtifactManifestEntry) else str(item)
            self.removed.add(path)
            if path not in contents.entries:
                return
        contents.remove(item)

    def finalize(self) -> None:
        """Lets nothing more be added. Raises TypeError for metadata that are no dict."""
        self.metadata = metadata_checked(self.metadata)
        self._finalized = True

    def is_draft(self) -> bool:
        """Whether it is not logged yet."""
        return self._stored is None and self._waiter is None

    def new_draft(self) -> Artifact:
        """A new artifact of the same name with the same content, to be changed and logged."""
        draft = Artifact(self._base_name, self._type, self.description, self.metadata)
        for entry in self.manifest.entries.values():
            draft.add_reference(entry, entry.path)
        return draft

    def inherit(self, older: Manifest) -> None:
        """Takes over the entries of an older version that are neither replaced nor removed."""
        for path, entry in older.entries.items():
            gone = any(path == name or path.startswith(f"{name}/") for name in self.removed)
            if not gone and path not in self._contents.entries:
                self.add_reference(entry, path)

    # ---- logging

    def mark_logged(self, client_id: str, waiter: Waiter) -> None:
        """A run has taken it and announced it so; `waiter` gets it from the server."""
        self._finalized = True
        self._client_id, self._waiter = client_id, waiter

    def wait(self, timeout: float | None = None) -> Self:
        """Waits until it is a version at the server, at most `timeout` seconds.

        Raises ArtifactNotLoggedError for one that no run has logged, WaitTimeoutError when the
        time is over, UsageError offline, and ValueError when the server refused it.
        """
        self._logged(timeout)
        return self

    def save(self, project: str | None = None, settings: Any = None) -> None:
        """Sends changed description, metadata, aliases and tags of a logged artifact."""
        self._logged()
        self._send_changes()

    def link(self, target_path: str, aliases: Iterable[str] | None = None) -> Artifact:
        """Makes it a version of another collection too: `collection`, `project/collection` or
        `entity/project/collection`; returns it as seen there."""
        stored = self._logged()
        parts = target_path.strip("/").split("/")
        if len(parts) > 3:
            raise ValueError(f"{target_path!r} is no collection: expected entity/project/name")
        defaults = (stored.attributes["entity"], stored.attributes["project"])
        whole = [*defaults[: 3 - len(parts)], *parts]
        collection, wanted = artifact_name_checked(whole[2]), list(aliases_checked(aliases))
        return Artifact.of(stored.link(whole[0], whole[1], collection, wanted))

    @property
    def linked_artifacts(self) -> list[Artifact]:
        """It as seen in each collection that it is linked to; none for what is seen there."""
        stored = self._logged()
        return [] if self.is_link else [Artifact.of(one) for one in stored.links()]

    def unlink(self) -> None:
        """Takes it out of the collection that it is linked to and seen in. Raises ValueError for
        one seen in the collection that it was logged to."""
        if not self.is_link:
            raise ValueError(f"{self.full_name} is not linked: use delete() to delete it")
        self._logged().unlink()

    def delete(self, delete_aliases: bool = False) -> None:
        """Deletes this version; of one that is seen in a collection that it is linked to, only the
        link. Raises ValueError for one with aliases, unless they are to go with it
        (`delete_aliases`)."""
        stored = self._logged()
        if self.is_link:
            stored.unlink()
            return
        stored.reload()
        kept = stored.attributes["aliases"]
        if kept and not delete_aliases:
            raise ValueError(f"{self.name} has the aliases {kept}: use delete_aliases=True")
        stored.delete(delete_aliases=delete_aliases)

    def logged_by(self) -> Any | None:
        """The run that logged it."""
        return self._logged().logged_by()

    def used_by(self) -> list[Any]:
        """The runs that used it."""
        return self._logged().used_by()

    # ---- content

    def get(self, name: str) -> Any | None:
        """The media or table that was added as `name`, or None."""
        path = object_entry(list(self._logged().manifest.entries), name)
        return None if path is None else read_object(self, path)

    def reference_to(self, path: str) -> ArtifactManifestEntry | None:
        """An entry that refers to this file of it; None while no run has logged it."""
        entry = self.manifest.entries[path]
        if self._stored is None and self._client_id:
            url = by_client_id(self._client_id, path)
            return ArtifactManifestEntry(path, entry.digest, entry.size, ref=url)
        return entry.reference() if entry.url else None

    def referred(self, path: str) -> tuple[Artifact, str] | None:
        """The artifact that a file of it refers to, and the path there; None for others."""
        found = self._logged().referred(self.get_entry(path))
        return None if found is None else (Artifact.of(found[0]), found[1].path)

    def tables_below(self, folder: str) -> Iterator[Any]:
        """Its tables in a folder, by path."""
        prefix = f"{folder.rstrip('/')}/"
        for path in sorted(self._logged().manifest.entries):
            if path.startswith(prefix) and path.endswith(".table.json"):
                yield self.get(path)

    def __getitem__(self, name: str) -> Any | None:
        return self.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.add(value, name)

    def __repr__(self) -> str:
        return f"<Artifact {self.name} ({self._type})>"
