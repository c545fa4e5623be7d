"""A run as the server has it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from lossboard.api.editable import (
    EditableSummary,
    EditableValues,
    checked_tags,
    checked_text,
    replace,
)
from lossboard.api.edits import Change, changes_of, send_changes
from lossboard.api.files import File, like, upload_file
from lossboard.api.frames import Rows, frame_of, x_name
from lossboard.api.histograms import StoredHistogram, stored_histograms
from lossboard.api.history import as_frame, keys_checked, sampled_rows, scan_rows
from lossboard.api.joining import RunPlace, join_run
from lossboard.api.run_names import RunNames
from lossboard.api.users import User
from lossboard.artifacts import Artifact, StoredArtifact
from lossboard.connection import Connection, NotFound, numbers_restored
from lossboard.faults import Fault, fault_of
from lossboard.terminal import termwarn
from lossboard.wire import UsedArtifact

__all__ = ["Run", "stored_artifact"]

_DESCRIPTIONS: Final = ("name", "notes", "group", "job_type")  # texts that can be changed
_WRITER: Final = "_writer"  # who logged a row, where several processes logged one at its step


class Run(RunNames):
    """A run as the server has it; `load` fetches it again. `name`, `notes`, `tags`, `group`,
    `job_type`, `config` and `summary` can be changed; `update` sends the changes."""

    def _take(self, attributes: Mapping[str, Any]) -> None:
        super()._take(attributes)
        self._described: dict[str, Any] = {name: attributes[name] for name in _DESCRIPTIONS}
        self._tags = list(attributes["tags"])
        self._config: EditableValues | None = None
        self._summary: EditableSummary | None = None

    @property
    def config(self) -> EditableValues:
        """The settings of the run; changes, also inside of nested values, are sent by
        `update`."""
        if self._config is None:
            stored = self._attributes["config"]
            shown = {key: value for key, value in stored.items() if not key.startswith("_")}
            self._config = EditableValues(shown, self.update)
        return self._config

    @config.setter
    def config(self, values: Mapping[str, Any]) -> None:
        replace(self.config, "config", values)

    @property
    def summary(self) -> EditableSummary:
        """The last value of each metric, and what was set; changes are sent by `update`."""
        if self._summary is None:
            self._summary = EditableSummary(self._attributes["summary"], self.update)
        return self._summary

    @summary.setter
    def summary(self, values: Mapping[str, Any]) -> None:
        replace(self.summary, "summary", values)

    @property
    def name(self) -> str:
        """Its display name."""
        return str(self._described["name"])

    @name.setter
    def name(self, name: str) -> None:
        if not checked_text("name", name):
            raise ValueError("the name of a run can't be empty")
        self._described["name"] = name

    display_name = name

    @property
    def notes(self) -> str:
        """Notes about it, Markdown."""
        return str(self._described["notes"])

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._described["notes"] = checked_text("notes", notes)

    @property
    def description(self) -> str:
        """Its notes, as W&B called them before."""
        return self.notes

    @property
    def group(self) -> str:
        """The group that it is shown in; empty if none."""
        return str(self._described["group"])

    @group.setter
    def group(self, group: str | None) -> None:
        self._described["group"] = checked_text("group", group)

    @property
    def job_type(self) -> str:
        """The kind of job that it was."""
        return str(self._described["job_type"])

    @job_type.setter
    def job_type(self, job_type: str | None) -> None:
        self._described["job_type"] = checked_text("job type", job_type)

    @property
    def tags(self) -> list[str]:
        """Its labels, a list that can be changed in place too."""
        return self._tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._tags = checked_tags(tags)

    def update(self) -> None:
        """Sends what was changed, also what was removed from config and summary.

        What can't be stored costs nothing else: the rest is stored, then TypeError is raised for
        values that have no form, CommError for what the server refused. Values of which the text
        is kept are warned of.
        """
        changes, faults = self._changes()
        try:
            send_changes(self._connection, self._uid, changes)
        finally:
            for fault in faults:
                if fault.fate != "left out":
                    termwarn(f"run {self.id} keeps a value in another form: {fault.sentence}")
        lost = [fault.sentence for fault in faults if fault.fate == "left out"]
        if lost:
            raise TypeError("these can't be stored, all else was: " + "; ".join(lost))

    save = update

    def _changes(self) -> tuple[list[Change], list[Fault]]:
        changes = self._described_changes()
        faults: list[Fault] = []
        for name, values in (("config", self._config), ("summary", self._summary)):
            if values is not None:
                changed, told = changes_of(name, values)
                changes, faults = changes + changed, faults + told
        return changes, faults + self._wrong_tags()

    def _wrong_tags(self) -> list[Fault]:
        error = TypeError("a tag is text")
        wrong = [tag for tag in self._tags if not isinstance(tag, str)]
        return [fault_of("tags", tag, "left out", error) for tag in wrong]

    def _described_changes(self) -> list[Change]:
        now = {**self._described, "tags": [tag for tag in self._tags if isinstance(tag, str)]}
        told = self._attributes
        return [
            Change({name: value}, partial(self._note_described, name, value))
            for name, value in now.items()
            if value != told[name]
        ]

    def _note_described(self, name: str, value: Any) -> None:
        self._attributes = {**self._attributes, name: value}

    def delete(self, delete_artifacts: bool = False) -> None:
        """Deletes the run with all it has logged; its artifacts stay, unless they are to go too."""
        self._connection.delete("runs", self._uid, artifacts=delete_artifacts or None)

    @property
    def summary_metrics(self) -> EditableSummary:
        """`summary`, under its name in filters."""
        return self.summary

    summaryMetrics = summary_metrics

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
        keys: Sequence[str] | str | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: Literal["default", "system", "history"] = "default",
    ) -> Any:
        """At most `samples` rows, evenly spaced, as a DataFrame or a list of dicts.

        With `keys` only rows that have all of them, and only these and `x_axis`, by which the
        rows are ordered; among them are, for each key that holds numbers, the row of its minimum,
        that of its maximum and that of its first value that is not finite. The server chooses
        the rows, so that no others travel. At a step at which several processes logged one key
        there is a row for each, with its name as `_writer`. No keys (None or []) means all, 0
        samples no rows; raises ValueError for a negative number of them.
        """
        keys = keys_checked(keys)
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
        keys: Sequence[str] | str | None = None,
        page_size: int = 1000,
        min_step: int | None = None,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> Iterator[dict[str, Any]]:
        """All rows, one a step; with `keys` only rows that have all of them, and only these.

        From the first one on, also at negative steps, unless `min_step` is given; `max_step` is
        exclusive. At a step at which several processes logged one key there is a row
        for each of them, with its name as `_writer`.
        """
        keys = keys_checked(keys)
        for row in self._rows(keys=keys, page_size=page_size, min_step=min_step, max_step=max_step):
            yield row if keys is None else {k: row[k] for k in (*keys, _WRITER) if k in row}

    beta_scan_history = scan_history

    def frame(
        self,
        keys: Sequence[str] | str | None = None,
        x: str = "step",
        format: Literal["pandas", "polars", "arrow"] = "pandas",
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Any:
        """All rows as a table, fetched as columns; see `Runs.frame`. `max_step` is exclusive."""
        rows = Rows(keys_checked(keys), x_name(x), min_step=min_step, max_step=max_step)
        return frame_of(self._connection, {self._uid: self.id}, rows, format)

    def histograms(self, key: str) -> Iterator[StoredHistogram]:
        """Every stored histogram of a key as (step, batch, time, Histogram), none left out."""
        return stored_histograms(self._connection, self._uid, key)

    def files(
        self, names: Sequence[str] | None = None, per_page: int = 50, pattern: str | None = None
    ) -> list[File]:
        """Its files; with `names` only these, with `pattern` those that it fits: `%` stands for any
        text and `_` for one character. Raises ValueError for both at once."""
        if names and pattern:
            raise ValueError("files takes names or a pattern, not both")
        found = self._connection.get("runs", self._uid, "files", described="true")["files"]
        files = [File(self._connection, self._uid, attributes) for attributes in found]
        fits = like(pattern) if pattern else None
        return [
            file
            for file in files
            if (not names or file.name in names) and (fits is None or fits(file.name))
        ]

    def file(self, name: str) -> File:
        """One file. Raises NotFound if there is none of that name."""
        found = self.files([name])
        if not found:
            raise NotFound(f"run {'/'.join(self.path)} has no file {name!r}")
        return found[0]

    def upload_file(self, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> File:
        """Stores a file with the run, under its path as seen from the folder `root`. Raises
        ValueError for one outside of it, OSError for one that can't be read."""
        return self.file(upload_file(self._connection, self._place, Path(path), Path(root)))

    def logged_artifacts(self, per_page: int = 100) -> list[Artifact]:
        """The versions that it logged, in order."""
        return self._artifacts("logged")

    def used_artifacts(self, per_page: int = 100) -> list[Artifact]:
        """The versions that it took as input, in order."""
        return self._artifacts("used")

    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Notes that the run took a logged artifact as input. Raises ValueError for a draft."""
        used = [UsedArtifact(artifact_id=int(_logged(artifact).id))]
        join_run(self._connection, self._place, used_artifacts=used)
        return artifact

    def log_artifact(
        self,
        artifact: Artifact,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Gives aliases and tags to a logged artifact of the run's project; it stays that of the
        run that logged it first. Raises ValueError for a draft, and for other projects."""
        if [_logged(artifact).source_entity, artifact.source_project] != self.path[:2]:
            raise ValueError("a run can't log an artifact to another project")
        artifact.want(aliases, tags)
        artifact.save()
        return artifact

    @property
    def _place(self) -> RunPlace:
        return (self.entity, self.project, self.id)

    def _artifacts(self, side: str) -> list[Artifact]:
        found = self._connection.get("runs", self._uid, "artifacts")[side]
        return [Artifact.of(stored_artifact(self._connection, one)) for one in found]

    @property
    def notices(self) -> dict[str, str]:
        """Notices of the run, by kind: things refused, dropped, waited for."""
        return {notice["kind"]: notice["text"] for notice in self._detail()["notices"]}

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"

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


def stored_artifact(connection: Connection, attributes: Mapping[str, Any]) -> StoredArtifact:
    """An artifact of the server that knows its runs."""
    return StoredArtifact(connection, attributes, partial(_run_at, connection))


def _run_at(connection: Connection, place: Mapping[str, Any]) -> Run:
    path = (place["entity"], place["project"], place["run_id"])
    return Run(connection, connection.get("runs", *path))


def _logged(artifact: Artifact) -> Artifact:
    if not isinstance(artifact, Artifact) or artifact.is_draft():
        raise ValueError("this takes an artifact that is logged: Api().artifact('collection:v0')")
    return artifact


def _with_axis(keys: Sequence[str] | None, x_axis: str) -> list[str] | None:
    if keys is None:
        return None
    return list(dict.fromkeys([*keys, x_axis]))
