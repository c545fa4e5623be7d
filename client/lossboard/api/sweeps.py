"""Sweeps, which the official client makes and runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossboard.api.run import Run
from lossboard.api.runs import Runs
from lossboard.connection import Connection, NotFound
from lossboard.page_urls import page_url
from lossboard.times import iso_time

__all__ = ["Sweep", "one_sweep", "sweeps_of"]


def one_sweep(connection: Connection, place: tuple[str, str], name: str) -> Sweep:
    """A sweep of a project. Raises NotFound if there is none of that name."""
    for sweep in sweeps_of(connection, place):
        if sweep.id == name:
            return sweep
    raise NotFound(f"the project {'/'.join(place)} has no sweep {name!r}")


def sweeps_of(connection: Connection, place: tuple[str, str]) -> list[Sweep]:
    """The sweeps of a project, the newest first."""
    found = connection.get("projects", *place, "sweeps")["sweeps"]
    return [Sweep(connection, place, attributes) for attributes in found]


class Sweep:
    """A search over parameters, and its runs."""

    def __init__(
        self, connection: Connection, place: tuple[str, str], attributes: Mapping[str, Any]
    ) -> None:
        self._connection = connection
        self._attributes = attributes
        self.entity, self.project = place

    @property
    def id(self) -> str:
        """Its id, unique in its project."""
        return str(self._attributes["name"])

    @property
    def name(self) -> str:
        """Its display name."""
        return str(self._attributes["display_name"])

    display_name = name

    @property
    def state(self) -> str:
        """RUNNING, PAUSED, STOPPED, FINISHED or CANCELED."""
        return str(self._attributes["state"])

    @property
    def config(self) -> dict[str, Any]:
        """Method, metric and parameters, as they were given."""
        import yaml  # the text is what the client sent

        return dict(yaml.safe_load(self._attributes["config"]))

    @property
    def created_at(self) -> str:
        """When it was made, in ISO 8601."""
        return iso_time(self._attributes["created_us"])

    createdAt = created_at

    @property
    def username(self) -> str:
        """Its entity, as W&B called it before."""
        return self.entity

    @property
    def path(self) -> list[str]:
        """Entity, project and id."""
        return [self.entity, self.project, self.id]

    @property
    def url(self) -> str:
        """Its page, which is that of its project."""
        app_url = self._connection.settings.app_url
        return page_url(app_url, self.entity, self.project, "sweeps", self.id)

    @property
    def expected_run_count(self) -> int | None:
        """The most runs that it makes, where its config says so."""
        return self.config.get("run_cap")

    @property
    def order(self) -> str | None:
        """The order of runs that the metric of its config means, the best first; None without."""
        metric = self.config.get("metric") or {}
        if "name" not in metric:
            return None
        sign = "-" if metric.get("goal", "minimize") == "maximize" else "+"
        return f"{sign}summary_metrics.{metric['name']}"

    @property
    def runs(self) -> Runs:
        """Its runs, the oldest first."""
        return self._runs("+created_at", 50)

    def best_run(self, order: str | None = None) -> Run | None:
        """The first of its runs by the metric of its config, or by `order`; the newest where there
        is neither, None if it has none."""
        found = self._runs(order or self.order or "-created_at", 1)
        return found[0] if len(found) else None

    def load(self, force: bool = True) -> Sweep:
        """Fetches it again."""
        again = one_sweep(self._connection, (self.entity, self.project), self.id)
        self._attributes = again._attributes
        return self

    def _runs(self, order: str, per_page: int) -> Runs:
        place = (self.entity, self.project)
        return Runs(self._connection, place, {"sweep": self.id}, order, per_page)

    def __repr__(self) -> str:
        return f"<Sweep {'/'.join(self.path)} ({self.state})>"
