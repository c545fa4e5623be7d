"""Mutations of runs: opening, changing, rewinding, stopping and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import msgspec
from graphql import GraphQLError

from lossboard.bounds import is_cut
from lossboard.wire import WIRE_VERSION, Alert, Notice, Record, RunFields, RunStart, storable_ints
from lossboard_server import queries
from lossboard_server.limits import kept_of_json, too_large_notice
from lossboard_server.queries.runs import runs as run_reads
from lossboard_server.queries.runs import stream_marks
from lossboard_server.wandb_protocol import processes, streams
from lossboard_server.wandb_protocol.configs import branch_point, config_values, definitions_in
from lossboard_server.wandb_protocol.context import Call, id_parts
from lossboard_server.wandb_protocol.lines import OWN_KEYS
from lossboard_server.writing import catalogue
from lossboard_server.writing.records import check_values
from lossboard_server.writing.writer import Transaction

__all__ = [
    "delete_files",
    "delete_run",
    "notify_alert",
    "rewind_run",
    "stop_run",
    "upsert_run",
]


@dataclass(frozen=True)
class Upserted:
    """The run's number, whether it is new, and the history line the client goes on from."""

    uid: int
    inserted: bool
    next_line: int


def upsert_run(call: Call, given: Mapping[str, Any]) -> Upserted:
    """UpsertBucket: opens a run (host or program are set), or changes one that is there."""
    if not given.get("name"):
        return _edit_by_id(call, given)
    config, summary = _config_of(given), _summary_of(given)
    opening = bool(given.get("host") or given.get("jobProgram"))
    start = _start_of(call, given, config.values or {}) if opening else _named(call, given)
    return call.write(
        lambda transaction: _upsert(transaction, call, start, given, config, summary, opening)
    )


def _upsert(
    transaction: Transaction,
    call: Call,
    start: RunStart,
    given: Mapping[str, Any],
    config: _Given,
    summary: _Given,
    opening: bool,
) -> Upserted:
    attempt = streams.attempt_of(transaction, start)
    inserted = attempt is None
    next_line = 0
    if opening and start.opens in ("resume", "fork"):
        next_line = _lines_before(transaction, start, attempt)
    if opening or attempt is None:
        streams.open_attempt(transaction, start, call.client_id)
        attempt = streams.attempt_of(transaction, start)
    assert attempt is not None, "the run was opened"
    changes = _changes(transaction, attempt, given, config, summary)
    if call.client_id:
        changes = processes.own_changes(transaction, _run_of(transaction, attempt), call, changes)
        processes.describe(transaction, streams.token_of(start, call.client_id), call, changes)
    streams.send(transaction, attempt, call.client_id, start, changes)
    return Upserted(_run_of(transaction, attempt), inserted, next_line)


def _named(call: Call, given: Mapping[str, Any]) -> RunStart:
    return call.start(given.get("entityName"), given.get("modelName"), str(given["name"]))


def _start_of(call: Call, given: Mapping[str, Any], config: Mapping[str, Any]) -> RunStart:
    """How the client opens the run: W&B says it by what else it sends."""
    start = msgspec.structs.replace(
        _named(call, given),
        name=given.get("displayName") or "",
        notes=given.get("notes") or "",
        tags=tuple(given.get("tags") or ()),
        group=given.get("groupName") or "",
        job_type=given.get("jobType") or "",
        config=dict(config),
        metadata=_metadata(given),
    )
    point = branch_point(config)
    if call.client_id:
        return msgspec.structs.replace(start, opens="join")
    if given.get("id"):
        return msgspec.structs.replace(start, opens="resume")
    if point is not None and point[0] != start.run_id:
        return msgspec.structs.replace(
            start, opens="fork", parent_run_id=point[0], cut_step=point[1]
        )
    return start


def _metadata(given: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        "host": given.get("host"),
        "program": given.get("jobProgram"),
        "commit": given.get("commit"),
        "repository": given.get("jobRepo"),
        "sweep": given.get("sweep"),
        "door": "wandb",
    }
    return {key: value for key, value in named.items() if value}


_Parse = Callable[[str], tuple[dict[str, Any], dict[str, str]]]


@dataclass(frozen=True)
class _Given:
    """The content of a text: its values, None where none was sent, and by key a sentence for each
    that was left out as too large."""

    values: dict[str, Any] | None
    left_out: dict[str, str]

    @property
    def notices(self) -> list[Notice]:
        return [too_large_notice(self.left_out.values())] if self.left_out else []


def _config_of(given: Mapping[str, Any]) -> _Given:
    return _read("config", config_values, given.get("config"))


def _summary_of(given: Mapping[str, Any]) -> _Given:
    return _read("summary", partial(kept_of_json, "summary"), given.get("summaryMetrics"))


def _read(what: str, parse: _Parse, text: Any) -> _Given:
    if not text:
        return _Given(None, {})
    try:
        values, left_out = parse(text)
    except RecursionError as error:
        raise GraphQLError(f"{what} is nested too deeply to be read: make it flatter") from error
    except ValueError as error:
        raise GraphQLError(f"{what} can't be read: {error}") from error
    check_values(what, values)
    return _Given({key: storable_ints(value) for key, value in values.items()}, left_out)


def _changes(
    transaction: Transaction,
    attempt: int,
    given: Mapping[str, Any],
    config: _Given,
    summary: _Given,
) -> Record:
    """The changes that the upsert makes to the run. A config is sent whole: what isn't in it was
    removed."""
    tags = given.get("tags")
    values = config.values or {}
    return Record(
        version=WIRE_VERSION,
        config=values,
        removed_config=_removed_keys(transaction, attempt, config.values),
        metrics=definitions_in(values),
        notices=config.notices + summary.notices,
        fields=RunFields(
            name=given.get("displayName") or None,
            notes=given.get("notes"),
            tags=None if tags is None else tuple(tags),
            group=given.get("groupName") or None,
            job_type=given.get("jobType") or None,
        ),
        summary=summary.values or {},
    )


def _removed_keys(
    transaction: Transaction, attempt: int, config: Mapping[str, Any] | None
) -> list[str]:
    if config is None:
        return []
    known = run_reads.config_keys(transaction.connection, _run_of(transaction, attempt))
    return [key for key in known if key not in config]


def _run_of(transaction: Transaction, attempt: int) -> int:
    return stream_marks.run_of(transaction.connection, attempt)


def _lines_before(transaction: Transaction, start: RunStart, attempt: int | None) -> int:
    """How many history lines the client continues after; it numbers its own from there."""
    if start.opens == "fork":
        return start.cut_step + 1
    return 0 if attempt is None else _line_count(transaction, attempt)


def _line_count(transaction: Transaction, attempt: int) -> int:
    """History lines of an attempt, or steps where it was logged through the native door."""
    known = streams.written_lines(transaction, attempt).get(streams.HISTORY)
    if known is not None:
        return known
    run = transaction.run(_run_of(transaction, attempt))
    return 0 if run is None or run.last_step is None else run.last_step + 1


def _edit_by_id(call: Call, given: Mapping[str, Any]) -> Upserted:
    """`run.update()` of the public API: changes by id, which start nothing. What a config or a
    summary lacks was removed: they are sent whole. What a list showed only the size of comes back
    as that, and is left as it is."""
    uid = run_uid(given.get("id") or "")
    summary, config = _summary_of(given), _config_of(given)
    tags = given.get("tags")
    fields = RunFields(
        name=given.get("displayName") or None,
        notes=given.get("notes"),
        tags=None if tags is None else tuple(tags),
        group=given.get("groupName"),
        job_type=given.get("jobType"),
    )
    removed = _missing_of_summary(call, uid, summary) if summary.values else []
    removed_config = [] if config.values is None else _missing_of_config(call, uid, config)

    def edit(transaction: Transaction) -> None:
        catalogue.edit_run(
            transaction,
            uid,
            config=_without_cuts(config.values),
            removed_config=removed_config,
            summary=_set_by_hand(_without_cuts(summary.values)),
            removed_summary=removed,
            fields=fields,
        )
        if notices := config.notices + summary.notices:
            catalogue.add_notices(transaction, uid, notices)

    call.write(edit)
    return Upserted(uid, False, 0)


def _set_by_hand(summary: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The values of an edit, which holds all of the summary: what follows from the rows is in it
    too, and would not follow them any more."""
    return {key: value for key, value in (summary or {}).items() if key not in OWN_KEYS} or None


def _missing_of_summary(call: Call, uid: int, given: _Given) -> list[str]:
    with call.read() as connection:
        known = queries.summaries(connection, call.services.tails, [uid])[uid]
    return _lacking(known, given)


def _missing_of_config(call: Call, uid: int, given: _Given) -> list[str]:
    with call.read() as connection:
        known = run_reads.config_keys(connection, uid)
    return _lacking(known, given)


def _lacking(known: Iterable[str], given: _Given) -> list[str]:
    """The keys that were there and weren't sent again; what clients keep for themselves stays."""
    sent = {*(given.values or {}), *given.left_out, "_wandb"}
    return [key for key in known if key not in sent]


def _without_cuts(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (values or {}).items() if not is_cut({key: value})}


def run_uid(global_id: str) -> int:
    """The run's number in W&B's id of it."""
    return int(id_parts(global_id, "Run")[0])


def rewind_run(call: Call, given: Mapping[str, Any]) -> Upserted:
    """RewindRun: a new attempt goes on after the step; nothing is cut away."""
    if given.get("metricName") != "_step":
        raise GraphQLError(f"runs are rewound by _step, not by {given.get('metricName')!r}")
    named = call.start(given.get("entityName"), given.get("projectName"), str(given["runName"]))
    step = int(given["metricValue"])
    start = msgspec.structs.replace(named, opens="rewind", cut_step=step)

    def rewind(transaction: Transaction) -> Upserted:
        if streams.attempt_of(transaction, start) is None:
            raise GraphQLError(f"there is no run {start.run_id!r} in {start.project} to rewind")
        streams.open_attempt(transaction, start)
        attempt = streams.attempt_of(transaction, start)
        assert attempt is not None, "it was just opened"
        return Upserted(_run_of(transaction, attempt), False, step + 1)

    return call.write(rewind)


def stop_run(call: Call, given: Mapping[str, Any]) -> None:
    """StopRun: the client is told with its next answer."""
    uid = run_uid(given["id"])
    call.write(
        lambda transaction: catalogue.edit_run(
            transaction, uid, stop_requested=True, fields=RunFields()
        )
    )


def delete_run(call: Call, given: Mapping[str, Any]) -> None:
    """DeleteRun: marks the run; the dashboard can undo it for a while."""
    uid = run_uid(given["id"])
    too = bool(given.get("deleteArtifacts"))
    call.write(lambda transaction: catalogue.delete_run(transaction, uid, with_artifacts=too))


def delete_files(call: Call, given: Mapping[str, Any]) -> None:
    """deleteFiles: takes files off their runs."""
    wanted = [id_parts(global_id, "File") for global_id in given.get("files") or ()]
    pairs = [(int(uid), ":".join(name)) for uid, *name in wanted]

    def remove(transaction: Transaction) -> None:
        for uid, name in pairs:
            catalogue.remove_file(transaction, uid, name)

    call.write(remove)


def notify_alert(call: Call, given: Mapping[str, Any]) -> None:
    """NotifyScriptableRunAlert: run.alert()."""
    start = call.start(given.get("entityName"), given.get("projectName"), str(given["runName"]))
    level: Literal["INFO", "WARN", "ERROR"] = "INFO"
    if given.get("severity") in ("WARN", "ERROR"):
        level = given["severity"]

    def keep(transaction: Transaction) -> None:
        attempt = streams.attempt_of(transaction, start)
        if attempt is None:
            raise GraphQLError(f"there is no run {start.run_id!r} to alert about")
        alert = Alert(
            title=str(given.get("title") or ""),
            text=str(given.get("text") or ""),
            time_us=transaction.now_us,
            level=level,
        )
        record = Record(version=WIRE_VERSION, alerts=[alert])
        streams.send(transaction, attempt, call.client_id, start, record)

    call.write(keep)
