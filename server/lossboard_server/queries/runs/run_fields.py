"""The fields of runs that filters and orders name, and how values are compared with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from lossboard_server.errors import Invalid
from lossboard_server.queries.runs.comparing import MISSING, Several, at_path
from lossboard_server.queries.runs.metric_values import split_field
from lossboard_server.queries.runs.mongo import Operands
from lossboard_server.queries.runs.run_rows import Run
from lossboard_server.queries.runs.run_times import time_wanted

__all__ = ["OPTIONAL_TEXTS", "SWEEP", "USERNAME", "Field", "Fields", "measured"]

SWEEP: Final = "sweep"  # it stands in a run's metadata, which its row hasn't got
USERNAME: Final = "local"  # there are no accounts
OPTIONAL_TEXTS: Final = ("group", "job_type", "jobType", "notes", "host", "job")  # empty is none

_MOST_PARTS: Final = 100  # of a nested key
_SPELLED: Final = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}

Read = Callable[[Run], Any]


class Field(NamedTuple):
    """A field: how it is read from a run, MISSING where that has none, and how the values that a
    filter names for it are read."""

    read: Read
    operands: Operands


def _optional(read: Read) -> Read:
    def found(run: Run) -> Any:
        value = read(run)
        return MISSING if value is None or value == "" else value

    return found


def _time(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1e6, UTC)


_TIMES: Final[dict[str, Read]] = {
    "created_at": lambda run: _time(run.created_us),
    "createdAt": lambda run: _time(run.created_us),
    "heartbeat_at": lambda run: _time(run.heartbeat_us),
    "heartbeatAt": lambda run: _time(run.heartbeat_us),
    "updated_at": lambda run: _time(run.heartbeat_us),
    "updatedAt": lambda run: _time(run.heartbeat_us),
}
_PLAIN: Final[dict[str, Read]] = {
    "state": lambda run: run.state,
    "name": lambda run: run.run_id,
    "run_id": lambda run: run.run_id,
    "uid": lambda run: run.uid,
    "display_name": lambda run: run.name,
    "displayName": lambda run: run.name,
    "tags": lambda run: run.tags,
    "entity": lambda run: run.entity,
    "project": lambda run: run.project,
    "username": lambda run: USERNAME,
    "user": lambda run: USERNAME,
    "user.username": lambda run: USERNAME,
    "runtime": lambda run: run.runtime_secs,
    "duration": lambda run: run.runtime_secs,
    "rank": _optional(lambda run: run.rank),
    "last_step": _optional(lambda run: run.last_step),
    "exit_code": _optional(lambda run: run.exit_code),
}
_TEXTS: Final[dict[str, Read]] = {
    "group": _optional(lambda run: run.group),
    "job_type": _optional(lambda run: run.job_type),
    "jobType": _optional(lambda run: run.job_type),
    "notes": _optional(lambda run: run.notes),
    "host": _optional(lambda run: run.host),
    "job": _optional(lambda run: run.job),
}

_AS_IT_IS: Final = Operands()
_TIME: Final = Operands(time_wanted, time_wanted)
_EMPTY_IS_NONE: Final = Operands(equal=lambda value: None if value == "" else value)


def measured(value: Any) -> Any:
    """Stored data with the numbers that JSON has to spell as text."""
    if isinstance(value, str):
        return _SPELLED.get(value, value)
    if isinstance(value, list):
        return [measured(item) for item in value]
    if isinstance(value, Several):
        return Several([measured(item) for item in value.values])
    if isinstance(value, dict):
        return {key: measured(item) for key, item in value.items()}
    return value


_MEASURED: Final = Operands(measured, measured)


class Fields:
    """The fields of runs by name; `column` gives the values of a metric, or the names of sweeps,
    by uid."""

    def __init__(self, column: Callable[[str], Mapping[int, Any]]) -> None:
        self._column = column

    def field(self, name: str) -> Field:
        """The field of that name; raises Invalid for unknown ones."""
        if split_field(name) is None and name != SWEEP:
            return _field(name)
        values = self._column(name)
        return Field(lambda run: measured(values.get(run.uid, MISSING)), _MEASURED)


def _field(name: str) -> Field:
    if name in _TIMES:
        return Field(_TIMES[name], _TIME)
    if name in _TEXTS:
        return Field(_TEXTS[name], _EMPTY_IS_NONE)
    if name in _PLAIN:
        return Field(_PLAIN[name], _AS_IT_IS)
    place, _, key = name.partition(".")
    if place == "config" and key:
        return Field(_config_reader(key), _MEASURED)
    if place in ("summary", "summary_metrics", "summaryMetrics") and key:
        read = _at(key)
        return Field(lambda run: read(run.summary), _MEASURED)
    known = sorted([*_PLAIN, *_TEXTS, *_TIMES, SWEEP])
    raise Invalid(
        f"runs have no field {name!r}: expected config.<key>, summary.<key>, min.<key>, max.<key>,"
        f" last.<key>, best.<key> or one of {', '.join(known)}"
    )


def _at(key: str) -> Callable[[Mapping[str, Any]], Any]:
    parts = key.split(".")
    parts = parts if len(parts) <= _MOST_PARTS else [key]
    return lambda values: measured(values[key] if key in values else at_path(values, parts))


def _config_reader(key: str) -> Read:
    """The value under `key`, else under it without the `value` that W&B's configs have after their
    first key: config.lr.value, config.model.value.layers."""
    parts = key.split(".")
    places = [place for place, part in enumerate(parts) if part == "value" and place > 0]
    spelled = [key, *(".".join(parts[:place] + parts[place + 1 :]) for place in places)]
    readers = [_at(one) for one in spelled]

    def read(run: Run) -> Any:
        found = (one(run.config) for one in readers)
        return next((value for value in found if value is not MISSING), MISSING)

    return read
