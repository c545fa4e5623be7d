"""A run as the server has it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self

from lossboard.api.editable import EditableValues, grown
from lossboard.api.files import File, upload_file
from lossboard.api.histograms import StoredHistogram, stored_histograms
from lossboard.api.history import as_frame, sampled_rows, scan_rows
from lossboard.api.users import User
from lossboard.artifacts import Artifact, StoredArtifact
from lossboard.connection import Connection, NotFound, numbers_restored
from lossboard.page_urls import page_url
from lossboard.times import iso_time

__all__ = ["Run", "stored_artifact"]

_WRITER: Final = "_writer"  # who logged a row, where several processes logged one at its step


class Run:
    """A run as the server has it; `load` fetches it again. `name`, `notes`, `tags`, `group`,
    `config` and `summary` can be changed; `update` sends the changes."""

    def __init__(self, connection: Connection, attributes: Mapping[str, Any]) -> None:
        self._connection = connection
        self._take(attributes)

    def _take(self, attributes: Mapping[str, Any]) -> None:
        self._attributes = attributes
        config = {k: v for k, v in attributes["config"].items() if not k.startswith("_")}
        self.config = EditableValues(numbers_restored(config), self.update)
        self.summary = EditableValues(numbers_restored(attributes["summary"]), self.update)
        self.name = str(attributes["name"])
        self.notes = str(attributes["notes"])
        self.tags = list(attributes["tags"])
        self.group = str(attributes["group"])
        self._sent = self._editable()

    def load(self, force: bool = True) -> Self:
        """Fetches everything again; unsent changes are lost."""
        self._take(self._detail())
        return self

    def update(self) -> None:
        """Sends what was changed. Raises UnsupportedError where a value was removed: a run's
        config and summary only grow."""
        now = self._editable()
        changed = {field: value for field, value in now.items() if value != self._sent[field]}
        for field in ("config", "summary"):
            if field in changed:
                changed[field] = grown(field, self._sent[field], now[field])
        if changed:
            self._connection.patch("runs", self._uid, **changed)
            self._sent = now

    def delete(self, delete_artifacts: bool = False) -> None:
        """Deletes the run with all it has logged."""
        self._connection.delete("runs", self._uid)

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
    def job_type(self) -> str:
        """The kind of job that it was."""
        return str(self._attributes["job_type"])

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
    def user(self) -> User:
        """Who logged it."""
        return User(self.entity)

    @property
    def commit(self) -> str | None:
        """The git commit that it ran with; None where it was in no repository."""
        metadata = self.metadata
        return metadata.get("git", {}).get("commit") or metadata.get("commit")

    @property
    def rawconfig(self) -> dict[str, Any]:
        """The config as the server has it, with what clients keep below `_wandb`."""
        restored: dict[str, Any] = numbers_restored(self._attributes["config"])
        return restored

    @property
    def json_config(self) -> str:
        """`rawconfig` as JSON in W&B's form, `{key: {"value": value}}`."""
        return json.dumps({key: {"value": value} for key, value in self.rawconfig.items()})

    @property
    def metadata(self) -> dict[str, Any]:
        """Host, program, Python, git and hardware it ran with."""
        return dict(self._detail()["metadata"])

    @property
    def system_metrics(self) -> dict[str, Any]:
        """The last value of each system metric."""
        last: dict[str, Any] = {}
        for row in self._rows(stream="system"):
            last.update(row)
        return {key: value for key, value in last.items() if not key.startswith("_")}

    def history(
        self,
        samples: int = 500,
        keys: Sequence[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: Literal["default", "system", "history"] = "default",
    ) -> Any:
        """At most `samples` rows, evenly spaced, as a DataFrame or a list of dicts.

        With `keys` only rows that have all of them, and only these and `x_axis`, by which the
        rows are ordered; among them are, for each key that holds numbers, the row of its minimum,
        that of its maximum and that of its first value that is not finite. The server chooses
        the rows, so that no others travel. At a step at which several processes logged one key
        there is a row for each, with its name as `_writer`.
        """
        rows = sampled_rows(
            self._connection,
            self._uid,
            _with_axis(keys, x_axis),
            samples=samples,
            stream="system" if stream == "system" else "history",
        )
        if x_axis != "_step":
            rows = sorted((row for row in rows if x_axis in row), key=lambda row: row[x_axis])
        if keys is not None:
            wanted = (x_axis, *keys, _WRITER)
            rows = [{k: row[k] for k in wanted if k in row} for row in rows]
        return as_frame(rows) if pandas else rows

    def scan_history(
        self,
        keys: Sequence[str] | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """All rows, one a step; with `keys` only rows that have all of them, and only these.

        From the first one on, also at negative steps, unless `min_step` is given; `max_step` is
        exclusive. At a step at which several processes logged one key there is a row
        for each of them, with its name as `_writer`.
        """
        for row in self._rows(keys=keys, page_size=page_size, min_step=min_step, max_step=max_step):
            yield row if keys is None else {k: row[k] for k in (*keys, _WRITER) if k in row}

    def histograms(self, key: str) -> Iterator[StoredHistogram]:
        """Every stored histogram of a key as (step, batch, time, Histogram), none left out."""
        return stored_histograms(self._connection, self._uid, key)

    def files(self, names: Sequence[str] | None = None, per_page: int = 50) -> list[File]:
        """Its files; with `names` only these."""
        found = self._connection.get("runs", self._uid, "files")["files"]
        files = [File(self._connection, self._uid, attributes) for attributes in found]
        return [file for file in files if names is None or file.name in names]

    def file(self, name: str) -> File:
        """One file. Raises NotFound if there is none of that name."""
        found = self.files([name])
        if not found:
            raise NotFound(f"run {'/'.join(self.path)} has no file {name!r}")
        return found[0]

    def upload_file(self, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> File:
        """Stores a file with the run, under its path as seen from the folder `root`. Raises
        ValueError for one outside of it, OSError for one that can't be read."""
        place = (self.entity, self.project, self.id)
        return self.file(upload_file(self._connection, place, Path(path), Path(root)))

    def logged_artifacts(self, per_page: int = 100) -> list[Artifact]:
        """The versions that it logged, in order."""
        return self._artifacts("logged")

    def used_artifacts(self, per_page: int = 100) -> list[Artifact]:
        """The versions that it took as input, in order."""
        return self._artifacts("used")

    def _artifacts(self, side: str) -> list[Artifact]:
        found = self._connection.get("runs", self._uid, "artifacts")[side]
        return [Artifact.of(stored_artifact(self._connection, one)) for one in found]

    @property
    def notices(self) -> dict[str, str]:
        """Notices of the run, by kind: things refused, dropped, waited for."""
        return {notice["kind"]: notice["text"] for notice in self._detail()["notices"]}

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"

    @property
    def _uid(self) -> int:
        return int(self._attributes["uid"])

    def _detail(self) -> dict[str, Any]:
        return self._connection.get("runs", *self.path)

    def _rows(
        self,
        *,
        keys: Sequence[str] | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
        stream: str = "history",
    ) -> Iterator[dict[str, Any]]:
        return scan_rows(
            self._connection,
            self._uid,
            keys,
            page_size=page_size,
            min_step=min_step,
            max_step=max_step,
            stream=stream,
        )

    def _editable(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "notes": self.notes,
            "tags": list(self.tags),
            "group": self.group,
            "config": dict(self.config),
            "summary": dict(self.summary),
        }


def stored_artifact(connection: Connection, attributes: Mapping[str, Any]) -> StoredArtifact:
    """An artifact of the server that knows its runs."""

    def make_run(place: Mapping[str, Any]) -> Run:
        path = (place["entity"], place["project"], place["run_id"])
        return Run(connection, connection.get("runs", *path))

    return StoredArtifact(connection, attributes, make_run)


def _with_axis(keys: Sequence[str] | None, x_axis: str) -> list[str] | None:
    if keys is None:
        return None
    return list(dict.fromkeys([*keys, x_axis]))
