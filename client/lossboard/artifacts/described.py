"""What is said of an artifact: name, version, aliases, size and the like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lossboard.artifacts.manifest import Manifest
from lossboard.artifacts.names import aliases_checked, metadata_checked
from lossboard.artifacts.stored import StoredArtifact
from lossboard.terminal import termwarn
from lossboard.times import iso_time

__all__ = ["Told"]


class Told:
    """Properties; what only the server knows is fetched, and waited for, when it is asked for."""

    description: str
    metadata: dict[str, Any]

    def __init__(self, name: str, type: str) -> None:
        self._base_name = name
        self._type = type
        self._stored: StoredArtifact | None = None
        self._client_id = ""  # what it is announced by, once a run has taken it
        self._wanted_aliases: list[str] = []
        self._wanted_tags: list[str] = []

    def _logged(self, timeout: float | None = None) -> StoredArtifact:
        """The artifact of the server; waits for it."""
        raise NotImplementedError

    @property
    def manifest(self) -> Manifest:
        """All its files."""
        raise NotImplementedError

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
        """What kind of artifact it is."""
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
        """What it is to be called when it is logged. Raises ValueError for what no alias can be."""
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
