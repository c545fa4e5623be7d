"""The read side of an artifact: its properties, and its files on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from lossboard.artifacts.contents import Contents
from lossboard.artifacts.manifest import ArtifactManifestEntry, Manifest
from lossboard.artifacts.names import aliases_checked, metadata_checked
from lossboard.artifacts.staging import md5_of
from lossboard.artifacts.stored import StoredArtifact
from lossboard.errors import ArtifactNotLoggedError, UnsupportedError
from lossboard.files.placing import inside, is_being_written
from lossboard.terminal import termwarn
from lossboard.times import iso_time

__all__ = ["Described", "Waiter"]

Waiter = Callable[[float | None], StoredArtifact]  # timeout in seconds, None waits on

_AT_ONCE: Final = 4  # files that are downloaded


class Described:
    """An artifact as its properties and the folder of its files.

    What only the server knows is fetched, and waited for, when it is asked for.
    """

    def __init__(self, name: str, type: str, description: str, metadata: dict[str, Any]) -> None:
        self.description = description
        self.metadata = metadata
        self._base_name = name
        self._type = type
        self._contents = Contents()
        self._waiter: Waiter | None = None  # while the server is not known to have it
        self._stored: StoredArtifact | None = None
        self._client_id = ""  # announces it, once a run has taken it
        self._wanted_aliases: list[str] = []
        self._wanted_tags: list[str] = []

    def _logged(self, timeout: float | None = None) -> StoredArtifact:
        if self._stored is None:
            if self._waiter is None:
                raise ArtifactNotLoggedError(
                    f"Artifact {self._base_name!r} is not logged yet: log it with log_artifact()"
                )
            wanted = self.description, self.metadata  # perhaps changed since it was logged
            self._take(self._waiter(timeout))
            self.description, self.metadata = wanted
        return self._known()

    @property
    def manifest(self) -> Manifest:
        """All its files."""
        if self._stored is not None:
            return self._stored.manifest
        return Manifest(self._contents.entries)

    def _take(self, stored: StoredArtifact) -> None:
        self._stored = stored
        self._base_name, self._type = stored.attributes["collection"], stored.attributes["type"]
        self.description = stored.attributes["description"]
        self.metadata = dict(stored.attributes["metadata"])
        self._wanted_tags = list(stored.attributes["tags"])
        self._wanted_aliases = list(stored.attributes["aliases"])

    def _known(self) -> StoredArtifact:
        assert self._stored is not None, "it was just fetched"
        return self._stored

    def _send_changes(self) -> None:
        stored = self._known()
        told = stored.attributes
        changes: dict[str, Any] = {
            "description": self.description,
            "metadata": metadata_checked(self.metadata),
            "tags": list(self._wanted_tags),
        }
        changed = {name: value for name, value in changes.items() if value != told[name]}
        old, new = set(told["aliases"]), set(aliases_checked(self._wanted_aliases))
        stored.edit(**changed, add_aliases=sorted(new - old), remove_aliases=sorted(old - new))

    def _attribute(self, name: str) -> Any:
        return self._logged().attributes[name]

    @property
    def id(self) -> str:
        """The server's number of it."""
        return str(self._attribute("id"))

    @property
    def name(self) -> str:
        """`collection:v3`, once it is logged; the plain name before."""
        return self._base_name if self._stored is None else self._stored.name

    @property
    def full_name(self) -> str:
        """`entity/project/collection:v3`."""
        return f"{self.entity}/{self.project}/{self._logged().name}"

    qualified_name = full_name

    @property
    def entity(self) -> str:
        """The namespace of its project."""
        return str(self._attribute("entity"))

    @property
    def project(self) -> str:
        """The project's name."""
        return str(self._attribute("project"))

    @property
    def type(self) -> str:
        """The kind of artifact that it is."""
        return self._type

    @property
    def version(self) -> str:
        """`v3`."""
        return f"v{self._attribute('version')}"

    @property
    def digest(self) -> str:
        """The digest of its content; see `manifest_digest`."""
        if self._stored is not None:
            return str(self._stored.attributes["digest"])
        return self.manifest.digest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self.manifest.size

    @property
    def file_count(self) -> int:
        """How many files it has."""
        return len(self.manifest.entries)

    @property
    def state(self) -> str:
        """PENDING, or COMMITTED once it is a version."""
        return "PENDING" if self._stored is None else str(self._stored.attributes["state"])

    @property
    def created_at(self) -> str:
        """When it was logged, in ISO 8601."""
        return iso_time(self._attribute("created_us"))

    @property
    def updated_at(self) -> str:
        """When what is said of it was last changed, in ISO 8601."""
        return iso_time(self._attribute("updated_us"))

    @property
    def history_step(self) -> int | None:
        """The step of the run at which it was logged."""
        return self._attribute("history_step")  # type: ignore[no-any-return]

    @property
    def aliases(self) -> list[str]:
        """Names of this version in its collection; `save` sends changes."""
        self._logged()
        return self._wanted_aliases

    @aliases.setter
    def aliases(self, aliases: Iterable[str]) -> None:
        self._logged()
        self._wanted_aliases = list(aliases_checked(aliases))

    @property
    def tags(self) -> list[str]:
        """Labels of this version; `save` sends changes."""
        return self._wanted_tags

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self._wanted_tags = list(tags)

    @property
    def ttl(self) -> None:
        """Always None: nothing expires here. Setting something else is warned of."""
        return None

    @ttl.setter
    def ttl(self, duration: object) -> None:
        if duration is not None:
            termwarn(f"Artifact.ttl has no effect in lossboard: {self.name} doesn't expire")

    def want(self, aliases: str | Iterable[str] | None, tags: Iterable[str] | None = None) -> None:
        """The aliases it gets when it is logged. Raises ValueError for what no alias can be."""
        checked = aliases_checked(aliases)
        self._wanted_aliases = list(dict.fromkeys([*self._wanted_aliases, *checked]))
        self._wanted_tags = list(dict.fromkeys([*self._wanted_tags, *(tags or ())]))

    def _source(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._attribute("source")
        return found

    @property
    def is_link(self) -> bool:
        """Whether it is seen in a collection that it is only linked to."""
        return bool(self._attribute("collection_id") != self._attribute("sequence_id"))

    @property
    def source_entity(self) -> str:
        """The entity that it was logged to."""
        return str(self._source()["entity"])

    @property
    def source_project(self) -> str:
        """The project that it was logged to."""
        return str(self._source()["project"])

    @property
    def source_name(self) -> str:
        """`collection:v3` where it was logged to, however it was found."""
        return f"{self._source()['collection']}:{self.source_version}"

    @property
    def source_version(self) -> str:
        """Its version where it was logged to."""
        return f"v{self._source()['version']}"

    # ---- files

    def get_entry(self, name: str | os.PathLike[str]) -> ArtifactManifestEntry:
        """The file of this path. Raises KeyError if there is none."""
        entry = self._logged().manifest.get_entry_by_path(str(name))
        if entry is None:
            raise KeyError(f"Path not contained in artifact: {str(name)}")
        return entry

    get_path = get_entry

    def files(
        self, names: list[str] | None = None, per_page: int = 50
    ) -> list[ArtifactManifestEntry]:
        """Its files; with `names` only these."""
        entries = self.manifest.entries.values()
        return [entry for entry in entries if names is None or entry.path in names]

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | os.PathLike[str] | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Writes all files (of the folder `path_prefix`) below `root`, by default
        `./artifacts/<name>`; the path of that folder. What is there already is left. Several
        processes may download to one folder.

        Raises CommError where a file has not the digest that the artifact says, ValueError for a
        name that leads out of `root`; nothing is written then.
        """
        stored = self._logged()
        target = Path(root or stored.default_root)
        prefix = str(path_prefix or "")
        wanted = [entry for entry in self.files() if entry.path.startswith(prefix)]

        def fetch(entry: ArtifactManifestEntry) -> None:
            try:
                stored.fetch(entry, target)
            except (FileNotFoundError, UnsupportedError):
                if entry.ref is None or not allow_missing_references:
                    raise

        for entry in wanted:
            inside(target, entry.path)
        target.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(fetch, wanted))
        return str(target)

    def checkout(self, root: str | os.PathLike[str] | None = None) -> str:
        """`download`, and removes what else is below `root`."""
        target = Path(root or self._logged().default_root)
        for path in [path for path in target.rglob("*") if path.is_file()]:
            known = path.relative_to(target).as_posix() in self.manifest.entries
            if not known and not is_being_written(path):  # perhaps by another process
                path.unlink(missing_ok=True)
        return self.download(target)

    def file(self, root: str | os.PathLike[str] | None = None) -> str:
        """Downloads the only file; its path. Raises ValueError if there are several."""
        entries = self.files()
        if len(entries) != 1:
            raise ValueError(f"{self.name} has {len(entries)} files: use download()")
        return entries[0].download(root)

    def verify(self, root: str | os.PathLike[str] | None = None) -> None:
        """Raises ValueError unless the files below `root` are those of the artifact."""
        target = Path(root or self._logged().default_root)
        for entry in self.manifest.entries.values():
            if entry.ref is not None and entry.digest == entry.ref:
                continue
            path = inside(target, entry.path)
            if not path.is_file() or md5_of(path) != entry.digest:
                raise ValueError(f"Digest mismatch for file: {path}")
