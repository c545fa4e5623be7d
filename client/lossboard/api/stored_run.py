"""A run as the server tells of it: what can't be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from lossboard.connection import Connection
from lossboard.page_urls import page_url
from lossboard.times import iso_time

__all__ = ["StoredRun"]


class StoredRun:
    """The names and facts of a run."""

    def __init__(self, connection: Connection, attributes: Mapping[str, Any]) -> None:
        self._connection = connection
        self._take(attributes)

    def _take(self, attributes: Mapping[str, Any]) -> None:
        self._attributes = attributes

    def load(self, force: bool = True) -> Self:
        """Fetches everything again; unsent changes are lost."""
        self._take(self._detail())
        return self

    @property
    def id(self) -> str:
        """Its id, unique in its project."""
        return str(self._attributes["run_id"])

    @property
    def entity(self) -> str:
        """The namespace of its project."""
        return str(self._attributes["entity"])

    @property
    def project(self) -> str:
        """Its project's name."""
        return str(self._attributes["project"])

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self.entity, self.project, self.id]

    @property
    def url(self) -> str:
        """Its page."""
        app_url = self._connection.settings.app_url
        return page_url(app_url, self.entity, self.project, "runs", self.id)

    @property
    def state(self) -> str:
        """running, finished, failed, crashed, killed or preempting."""
        return str(self._attributes["state"])

    @property
    def exit_code(self) -> int | None:
        """The exit code of its process; None while it runs or if it never said."""
        return self._attributes["exit_code"]  # type: ignore[no-any-return]

    @property
    def created_at(self) -> str:
        """When it began, in ISO 8601."""
        return iso_time(self._attributes["started_us"])

    @property
    def lastHistoryStep(self) -> int:  # W&B's name
        """The highest step it has logged; -1 if none."""
        last = self._attributes["last_step"]
        return -1 if last is None else int(last)

    @property
    def storage_id(self) -> str:
        """The server's number of it, unique over all projects."""
        return str(self._uid)

    @property
    def _uid(self) -> int:
        return int(self._attributes["uid"])

    def _detail(self) -> dict[str, Any]:
        return self._connection.get("runs", *self.path)
