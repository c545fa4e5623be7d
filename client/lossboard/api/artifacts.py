"""Artifacts of a project: types, collections, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lossboard.api.run import stored_artifact
from lossboard.artifacts import Artifact
from lossboard.artifacts.names import artifact_name_checked, artifact_type_checked
from lossboard.connection import Connection
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
    """The versions of one name. `name`, `description`, `tags` and the `type` of one that artifacts
    are logged to can be changed; `save` sends the changes."""

    name: str
    description: str
    tags: list[str]

    def __init__(
        self, connection: Connection, place: tuple[str, str], attributes: Mapping[str, Any]
    ) -> None:
        self._connection = connection
        self._place = place
        self._take(attributes)

    def _take(self, attributes: Mapping[str, Any]) -> None:
        self._attributes = attributes
        self.name, self.description = attributes["name"], attributes["description"]
        self.tags, self._type = list(attributes["tags"]), str(attributes["type"])

    @property
    def id(self) -> str:
        """The server's number of it."""
        return str(self._attributes["id"])

    @property
    def type(self) -> str:
        """The type of its artifacts."""
        return self._type

    @type.setter
    def type(self, type: str) -> None:
        if not self.is_sequence():
            raise ValueError(f"{self.name!r} holds links: its type can't be changed")
        self._type = artifact_type_checked(type)

    @property
    def created_at(self) -> str:
        """When its first version was announced, in ISO 8601."""
        return iso_time(self._attributes["created_us"])

    def is_sequence(self) -> bool:
        """Whether artifacts are logged to it, not only linked."""
        return bool(self._attributes["is_sequence"])

    def artifacts(self, per_page: int = 50) -> list[Artifact]:
        """Its versions, the newest first."""
        found = self._connection.get(*self._address)
        return [Artifact.of(stored_artifact(self._connection, one)) for one in found["versions"]]

    versions = artifacts

    @property
    def aliases(self) -> list[str]:
        """The aliases of all versions."""
        return sorted({alias for artifact in self.artifacts() for alias in artifact.aliases})

    @property
    def _address(self) -> tuple[str, ...]:
        return ("projects", *self._place, "artifacts", str(self._attributes["name"]))

    def save(self) -> None:
        """Sends changes. Raises ValueError for a name that can't be, CommError for a name
        that is taken."""
        changes: dict[str, Any] = {
            "name": artifact_name_checked(self.name),
            "type": self._type,
            "description": self.description,
            "tags": list(self.tags),
        }
        changed = {
            name: value for name, value in changes.items() if value != self._attributes[name]
        }
        if changed:
            self._connection.patch(*self._address, **changed)
            self._take({**self._attributes, **changed})

    def change_type(self, new_type: str) -> None:
        """Sets the type and sends it."""
        self.type = new_type
        self.save()

    def delete(self) -> None:
        """Deletes it with the artifacts that were logged to it; linked ones stay where they are."""
        self._connection.delete(*self._address)

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self.artifacts())

    def __len__(self) -> int:
        return len(self.artifacts())

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name} ({self.type})>"
