"""Projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossboard.api.artifacts import ArtifactType, artifact_types
from lossboard.api.runs import Runs
from lossboard.api.sweeps import Sweep, sweeps_of
from lossboard.api.users import User
from lossboard.connection import Connection
from lossboard.page_urls import page_url
from lossboard.times import iso_time

__all__ = ["Project"]


class Project:
    """A project and what is in it."""

    def __init__(self, connection: Connection, attributes: Mapping[str, Any]) -> None:
        self._connection = connection
        self._attributes = attributes

    @property
    def entity(self) -> str:
        """Its namespace."""
        return str(self._attributes["entity"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._attributes["name"])

    @property
    def path(self) -> list[str]:
        """Entity and name."""
        return [self.entity, self.name]

    @property
    def url(self) -> str:
        """Its page."""
        return page_url(self._connection.settings.app_url, self.entity, self.name)

    @property
    def created_at(self) -> str:
        """When it began, in ISO 8601."""
        return iso_time(self._attributes["created_us"])

    createdAt = created_at

    @property
    def owner(self) -> User:
        """Who has it."""
        return User(self.entity)

    @property
    def id(self) -> str:
        """Its path: it is unique."""
        return "/".join(self.path)

    @property
    def run_count(self) -> int:
        """How many runs it has."""
        return int(self._attributes["runs"])

    def runs(self, filters: Mapping[str, Any] | None = None, order: str = "+created_at") -> Runs:
        """Its runs; see `Api.runs`."""
        return Runs(self._connection, (self.entity, self.name), filters or {}, order, 50)

    def sweeps(self, per_page: int = 50) -> list[Sweep]:
        """Its sweeps, the newest first."""
        return sweeps_of(self._connection, (self.entity, self.name))

    def artifacts_types(self, per_page: int = 50) -> list[ArtifactType]:
        """The types of its artifacts."""
        return artifact_types(self._connection, self.entity, self.name)

    def delete(self) -> None:
        """Deletes all of its runs."""
        self._connection.delete("projects", self.entity, self.name)

    def __repr__(self) -> str:
        return f"<Project {self.entity}/{self.name}>"
