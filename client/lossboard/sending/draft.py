"""One record in the making."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from lossboard import wire
from lossboard.bounds import settings_excess
from lossboard.faults import words_of
from lossboard.sending.columns import Row, clean_text, json_ready, key_and_path, pack_rows
from lossboard.sending.interface import Key, is_deferred

__all__ = ["Draft", "count_kinds"]


class _Histograms:
    """The histograms of one key so far."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.times_us: list[int] = []
        self.batches: list[int] = []
        self.histograms: list[wire.HistogramData] = []

    def column(self, key: Key) -> wire.HistogramColumn:
        name, path = key_and_path(key)
        return wire.HistogramColumn(
            key=name,
            steps=np.array(self.steps, "<i8").tobytes(),
            times_us=np.array(self.times_us, "<i8").tobytes(),
            histograms=self.histograms,
            batches=np.array(self.batches, "<i8").tobytes(),
            path=path,
        )


class Draft:
    """Collects what is put and makes a `wire.Record` of it.

    `refused` has one sentence for each value that could not be stored.
    """

    def __init__(self) -> None:
        self.refused: list[str] = []
        self._rows: list[Row] = []
        self._system: list[Row] = []
        self._logged: dict[Key, _Histograms] = {}
        self._watched: dict[Key, _Histograms] = {}
        self._config: dict[str, Any] = {}
        self._removed_config: dict[str, None] = {}
        self._summary: dict[str, Any] = {}
        self._removed_summary: dict[str, None] = {}
        self._metadata: dict[str, Any] = {}
        self._metrics: dict[str, wire.MetricDefinition] = {}
        self._fields: wire.RunFields | None = None
        self._console: dict[int, wire.ConsoleLine] = {}
        self._files: list[wire.FileEntry] = []
        self._artifacts: list[wire.LoggedArtifact] = []
        self._artifact_parts: list[wire.ArtifactPart] = []
        self._used_artifacts: list[wire.UsedArtifact] = []
        self._alerts: list[wire.Alert] = []
        self._notices: dict[str, wire.Notice] = {}
        self._preempting = False
        self._exit: wire.Exit | None = None
        self._start: wire.RunStart | None = None

    def add_start(self, start: wire.RunStart) -> None:
        """The writer's first record."""
        config = self._fitting("config", start.config)
        metadata = self._fitting("metadata", start.metadata)
        self._start = msgspec.structs.replace(start, config=config, metadata=metadata)

    def add_row(self, step: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """A row of numbers and JSON values."""
        self._rows.append(Row(step, time_us, values))
        if self._summary or self._removed_summary:
            self._outdate_summary(values)

    def _outdate_summary(self, values: Mapping[Key, Any]) -> None:
        """Of one record the server can't tell that a row came after a value set by hand."""
        for key in values:
            name = clean_text(key if isinstance(key, str) else key[0])
            self._removed_summary.pop(name, None)
            if not isinstance(self._summary.get(name), dict):
                self._summary.pop(name, None)

    def add_mixed_row(self, step: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """A row that may hold histograms and deferred values too."""
        plain: dict[Key, Any] = {}
        for key, value in values.items():
            try:
                resolved = _resolved(value)
            except Exception as error:  # noqa: BLE001  # of a device: the rest of the row is kept
                self.refused.append(f"{key_and_path(key)[0]}: {words_of(error)}")
                continue
            if isinstance(resolved, wire.HistogramData):
                self._add_histogram(self._logged, key, step, time_us, resolved)
            else:
                plain[key] = resolved
        self.add_row(step, time_us, plain)

    def add_system_row(self, sample: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """A row of system metrics."""
        self._system.append(Row(sample, time_us, values))

    def add_event(self, step: int, time_us: int, batch: int, histograms: Mapping[Key, Any]) -> None:
        """A watch event."""
        for key, value in histograms.items():
            self._add_histogram(self._watched, key, step, time_us, _resolved(value), batch)

    def _add_histogram(
        self,
        group: dict[Key, _Histograms],
        key: Key,
        step: int,
        time_us: int,
        histogram: wire.HistogramData,
        batch: int | None = None,
    ) -> None:
        series = group.setdefault(key, _Histograms())
        series.steps.append(step)
        series.times_us.append(time_us)
        series.histograms.append(histogram)
        if batch is not None:
            series.batches.append(batch)

    def add_config(self, changed: Mapping[str, Any], removed: Iterable[str]) -> None:
        """Config values set and deleted, the deletions first."""
        self._change("config", self._config, self._removed_config, changed, removed)

    def add_summary(self, changed: Mapping[str, Any], removed: Iterable[str]) -> None:
        """Summary values set and deleted, the deletions first."""
        self._change("summary", self._summary, self._removed_summary, changed, removed)

    def _change(
        self,
        what: str,
        values: dict[str, Any],
        gone: dict[str, None],
        changed: Mapping[str, Any],
        removed: Iterable[str],
    ) -> None:
        for key in map(clean_text, removed):
            values.pop(key, None)
            gone[key] = None
        for key, value in changed.items():
            try:
                ready = json_ready(value)
            except TypeError as error:
                self.refused.append(f"{what} {key}: {error}")
                continue
            if excess := settings_excess(ready):
                self.refused.append(f"{what} {key}: {excess}")
                continue
            values[clean_text(key)] = ready
            gone.pop(clean_text(key), None)

    def add_metadata(self, changed: Mapping[str, Any]) -> None:
        """Metadata by top-level key."""
        self._metadata.update(self._fitting("metadata", json_ready(changed)))

    def _fitting(self, what: str, values: dict[str, Any]) -> dict[str, Any]:
        """The values that aren't too large; the others are refused by name."""
        large = {key: excess for key, value in values.items() if (excess := settings_excess(value))}
        self.refused += [f"{what} {key}: {excess}" for key, excess in large.items()]
        return {key: value for key, value in values.items() if key not in large}

    def add_metric(self, definition: wire.MetricDefinition) -> None:
        """A merged define_metric; the last one of a name counts."""
        self._metrics[definition.name] = definition

    def add_fields(self, fields: wire.RunFields) -> None:
        """Changed fields; the last value of each counts."""
        if self._fields is None:
            self._fields = fields
            return
        changed = {
            name: value
            for name, value in msgspec.structs.asdict(fields).items()
            if value is not None
        }
        self._fields = msgspec.structs.replace(self._fields, **changed)

    def add_console(self, lines: Iterable[wire.ConsoleLine]) -> None:
        """Lines; the last one of a number counts."""
        for line in lines:
            self._console[line.number] = msgspec.structs.replace(line, text=clean_text(line.text))

    def add_file(self, entry: wire.FileEntry) -> None:
        """A named file."""
        self._files.append(entry)

    def add_artifact(self, artifact: wire.LoggedArtifact) -> None:
        """An artifact; its entries follow in parts."""
        self._artifacts.append(artifact)

    def add_artifact_part(self, part: wire.ArtifactPart) -> None:
        """Some entries of an artifact."""
        self._artifact_parts.append(part)

    def add_used_artifact(self, used: wire.UsedArtifact) -> None:
        """An artifact that is an input of the run."""
        self._used_artifacts.append(used)

    def add_alert(self, alert: wire.Alert) -> None:
        """An alert."""
        self._alerts.append(alert)

    def add_notice(self, notice: wire.Notice) -> None:
        """A notice, summed up with others of its kind."""
        before = self._notices.get(notice.kind)
        amount = notice.amount + (before.amount if before else 0.0)
        self._notices[notice.kind] = msgspec.structs.replace(
            notice, text=clean_text(notice.text), amount=amount
        )

    def add_preempting(self) -> None:
        """The machine is about to be taken away."""
        self._preempting = True

    def add_exit(self, exit: wire.Exit) -> None:
        """The end."""
        self._exit = exit

    def record(self) -> wire.Record:
        """All that was added."""
        return wire.Record(
            version=wire.WIRE_VERSION,
            start=self._start,
            rows=self._packed(self._rows),
            histograms=[
                series.column(key)
                for group in (self._logged, self._watched)
                for key, series in group.items()
            ],
            system=self._packed(self._system),
            config=self._config,
            removed_config=list(self._removed_config),
            summary=self._summary,
            removed_summary=list(self._removed_summary),
            metadata=self._metadata,
            metrics=list(self._metrics.values()),
            fields=self._fields,
            console=[self._console[number] for number in sorted(self._console)],
            files=self._files,
            artifacts=self._artifacts,
            artifact_parts=self._artifact_parts,
            used_artifacts=self._used_artifacts,
            alerts=self._alerts,
            notices=list(self._notices.values()),
            preempting=self._preempting,
            exit=self._exit,
        )

    def _packed(self, rows: list[Row]) -> wire.Rows | None:
        if not rows:
            return None
        packed = pack_rows(rows)
        self.refused += packed.refused
        return packed.rows


def count_kinds(record: wire.Record) -> dict[str, int]:
    """How much of each kind is in a record, for the account of what was dropped."""
    counts = {
        "rows": len(record.rows.steps) // 8 if record.rows else 0,
        "histograms": sum(len(column.histograms) for column in record.histograms),
        "system rows": len(record.system.steps) // 8 if record.system else 0,
        "console lines": len(record.console),
        "config changes": len(record.config) + len(record.removed_config),
        "summary changes": len(record.summary) + len(record.removed_summary),
        "metadata": len(record.metadata),
        "metric definitions": len(record.metrics),
        "changed fields": int(record.fields is not None),
        "file names": len(record.files),
        "artifacts": len(record.artifacts),
        "artifact entries": sum(len(part.entries) for part in record.artifact_parts),
        "used artifacts": len(record.used_artifacts),
        "alerts": len(record.alerts),
        "exit": int(record.exit is not None),
        "start": int(record.start is not None),
    }
    return {kind: count for kind, count in counts.items() if count}


def _resolved(value: Any) -> Any:
    return value.resolve() if is_deferred(value) else value
