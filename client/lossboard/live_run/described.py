"""The descriptive side of a run: names, tags, links. All of it readable after the run's end."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

import msgspec

from lossboard import wire
from lossboard.errors import Error
from lossboard.live_run.core import Core, while_running
from lossboard.live_run.notebook import frame_html, in_notebook, show_html
from lossboard.live_run.report import RunLinks
from lossboard.page_urls import page_url
from lossboard.settings import Settings

__all__ = ["Described"]

_TAG_LIMIT = 64


class Described(Core):
    """Properties that a run has from its beginning; name, notes and tags can be set."""

    def __setattr__(self, name: str, value: Any) -> None:
        known = name.startswith("_") or isinstance(getattr(type(self), name, None), property)
        if not known:
            raise Error(f"Attribute {name} is not supported on Run object.")
        object.__setattr__(self, name, value)

    @while_running("name, notes or tags")
    def _send_fields(self, fields: wire.RunFields) -> None:
        self._sender.put_fields(fields)

    def _describe(self, **changed: Any) -> None:
        self._send_fields(wire.RunFields(**changed))
        self._start = msgspec.structs.replace(self._start, **changed)

    @property
    def name(self) -> str:
        """The display name."""
        return self._start.name or self._start.run_id

    @name.setter
    def name(self, name: str) -> None:
        self._describe(name=name)

    @property
    def notes(self) -> str:
        """Free text."""
        return self._start.notes

    @notes.setter
    def notes(self, notes: str) -> None:
        self._describe(notes=notes)

    @property
    def tags(self) -> tuple[str, ...]:
        """Labels of 1 to 64 characters."""
        return self._start.tags

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        wanted = tuple(tags)
        wrong = [tag for tag in wanted if not 1 <= len(tag) <= _TAG_LIMIT]
        if wrong:
            self._warn(f"tags are not changed: {wrong} are not of 1 to {_TAG_LIMIT} characters")
            return
        self._describe(tags=wanted)

    @property
    def group(self) -> str:
        """The group of runs that it belongs to; may be empty."""
        return self._start.group

    @property
    def job_type(self) -> str:
        """The kind of job that it is; may be empty."""
        return self._start.job_type

    @property
    def start_time(self) -> float:
        """When it began, in seconds since the epoch."""
        return self._start.started_us / 1e6

    @property
    def resumed(self) -> bool:
        """Whether it continues a run that was there before."""
        return self._resumed

    @property
    def disabled(self) -> bool:
        """Whether nothing is recorded at all."""
        return self._settings.mode == "disabled"

    @property
    def settings(self) -> Settings:
        """The settings, which can't be changed any more."""
        return self._settings

    @property
    def project_url(self) -> str | None:
        """The project's page; None offline."""
        if self._settings.mode not in ("online", "shared"):
            return None
        return page_url(self._settings.app_url, self.entity, self.project)

    @property
    def url(self) -> str | None:
        """The run's page; None offline."""
        return page_url(self.project_url, "runs", self.id) if self.project_url else None

    @property
    def sweep_id(self) -> str | None:
        """The sweep that started the run."""
        return None

    @property
    def sweep_url(self) -> str | None:
        """The page of the sweep that started the run."""
        return None

    def get_url(self) -> str | None:
        """The run's page, as older scripts ask for it."""
        return self.url

    def get_project_url(self) -> str | None:
        """The project's page, as older scripts ask for it."""
        return self.project_url

    def project_name(self) -> str:
        """The project's name, as older scripts ask for it."""
        return self.project

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Shows the run's page below the cell of a notebook; False anywhere else."""
        if not in_notebook() or self.url is None:
            return False
        show_html(self.to_html(height, hidden))
        return True

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """The run's page in an HTML frame."""
        if self.url is None:
            return f"<p>Run {html.escape(self.name)} has no page: it is {self._settings.mode}</p>"
        return frame_html(self.url, height, hidden=hidden)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.to_html(hidden=True)}

    def _links(self, directory: str) -> RunLinks:
        return RunLinks(
            name=self.name,
            run_url=self.url,
            project=self.project,
            project_url=self.project_url,
            directory=directory,
            emoji=self._settings.show_emoji,
        )
