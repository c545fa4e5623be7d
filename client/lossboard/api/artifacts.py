"""Artifacts of a project: types, collections, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lossboard.api.connection import Connection
from lossboard.api.run import stored_artifact
from lossboard.artifacts import Artifact
from lossboard.times import iso_time

__all__ = ["ArtifactCollection", "ArtifactType", "artifact_types"]


def artifact_types(connection: Connection, entity: str, project: str) -> list[ArtifactType]:
    """The types of a project's artifacts."""
    found = connection.get("projects", entity, project, "artifacts")["types"]
    return [ArtifactType(connection, (entity, project), name) for name in found]


class ArtifactType:
    """A kind of artifacts in a project."""

    def __init__(self, connection: Connection, place: tuple[str, str], name: str) -> None:
        self._connection = connection
        self._place = place
        self.name = name

    def collections(self) -> list[ArtifactCollection]:
        """The collections of this type, by name."""
        found = self._connection.get("projects", *self._place, "artifacts", type=self.name)
        return [
            ArtifactCollection(self._connection, self._place, attributes)
            for attributes in found["collections"]
        ]

    def collection(self, name: str) -> ArtifactCollection:
        """One collection. Raises NotFound if the project has none of that name."""
        found = self._connection.get("projects", *self._place, "artifacts", name)
        return ArtifactCollection(self._connection, self._place, found["collection"])

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"


class ArtifactCollection:
    """The versions of one name."""

    def __init__(
        self, connection: Connection, place: tuple[str, str], attributes: Mapping[str, Any]
    ) -> None:
        self._connection = connection
        self._place = place
        self._attributes = attributes

    @property
    def id(self) -> str:
        """The server's number of it."""
        return str(self._attributes["id"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._attributes["name"])

    @property
    def type(self) -> str:
        """The type of its artifacts."""
        return str(self._attributes["type"])

    @property
    def description(self) -> str:
        """What is said of it."""
        return str(self._attributes["description"])

    @property
    def created_at(self) -> str:
        """When its first version was announced, in ISO 8601."""
        return iso_time(self._attributes["created_us"])

    def is_sequence(self) -> bool:
        """Whether artifacts are logged to it, not only linked."""
        return bool(self._attributes["is_sequence"])

    def artifacts(self, per_page: int = 50) -> list[Artifact]:
        """Its versions, the newest first."""
        found = self._connection.get("projects", *self._place, "artifacts", self.name)
        return [Artifact.of(stored_artifact(self._connection, one)) for one in found["versions"]]

    versions = artifacts

    @property
    def aliases(self) -> list[str]:
        """The aliases of all versions."""
        return sorted({alias for artifact in self.artifacts() for alias in artifact.aliases})

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self.artifacts())

    def __len__(self) -> int:
        return len(self.artifacts())

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name} ({self.type})>"
