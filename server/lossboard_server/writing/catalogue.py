"""Writes of what runs and projects are: descriptions, states, deletion marks.

Each function runs in a transaction of the writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, select

from lossboard.wire import MetricDefinition, Notice, RunFields, RunStart
from lossboard_server.database import dialect, schema
from lossboard_server.database.engines import insert_row
from lossboard_server.database.places import next_slot, project_named, run_placed
from lossboard_server.encoding import decode_json, encode_json_text
from lossboard_server.errors import Gone, NotFound, TooLarge
from lossboard_server.limits import check_sizes, check_total, joined_text, too_large_notice
from lossboard_server.writing.attempts import joined_early, open_attempt
from lossboard_server.writing.names import check_entity, check_project, check_run_id
from lossboard_server.writing.records import check_values
from lossboard_server.writing.writer import Transaction

__all__ = [
    "WITH_ARTIFACTS",
    "add_metadata",
    "add_notices",
    "define_metrics",
    "delete_project",
    "delete_run",
    "edit_run",
    "join_run",
    "merge_config",
    "open_project",
    "open_run",
    "remove_file",
    "require_run",
    "restore_run",
    "save_view",
    "set_fields",
    "set_summary",
]

WITH_ARTIFACTS: Final = "with_artifacts"  # the notice of a run that is deleted with them


def open_project(transaction: Transaction, entity: str, name: str) -> int:
    """Id of the project that has or had the name, made if there is none; raises Invalid for names
    that can't be."""
    found = project_named(transaction.connection, entity, name)
    if found is not None:
        return found
    check_entity(entity)
    check_project(name)
    values = {"entity": entity, "name": name, "created_us": transaction.now_us}
    return insert_row(transaction.connection, schema.project, values)


def open_run(transaction: Transaction, start: RunStart) -> tuple[int, int]:
    """Number of the run and of the attempt that a writer with this start belongs to.

    Raises Invalid for names that can't be, Gone for a run that was deleted.
    """
    project_id = open_project(transaction, start.entity, start.project)
    uid = run_placed(transaction.connection, project_id, start.run_id)
    if uid is None:
        uid = _insert_run(transaction, project_id, start)
    else:
        _reopen_run(transaction, uid, start)
    return uid, open_attempt(transaction, uid, project_id, start)


def _deleted(run_id: str) -> Gone:
    return Gone(
        f"run {run_id!r} was deleted and its id stays taken: restore it in the dashboard while"
        " that is still offered, or log under another id"
    )


def _insert_run(transaction: Transaction, project_id: int, start: RunStart) -> int:
    check_run_id(start.run_id)
    values = _described(start) | {
        "project_id": project_id,
        "run_id": start.run_id,
        "slot": next_slot(transaction.connection, project_id),
        "created_us": transaction.now_us,
        "heartbeat_us": start.started_us,
        "last_step": start.cut_step if start.opens == "fork" else None,
    }
    uid = insert_row(transaction.connection, schema.run, values)
    transaction.touch(uid, "meta", "state")
    return uid


def _described(start: RunStart) -> dict[str, Any]:
    return {
        "name": start.name or start.run_id,
        "notes": start.notes,
        "tags_json": encode_json_text(start.tags),
        "group": start.group,
        "job_type": start.job_type,
        "config_json": encode_json_text(start.config),
        "metadata_json": encode_json_text(start.metadata),
        "started_us": start.started_us,
    }


_UNKNOWN = "{}"  # a summary that has to be composed when it is read
_BLANK = {
    "metrics_json": "{}",
    "notices_json": "{}",
    "set_summary_json": "{}",
    "last_step": None,
}


def _reopen_run(transaction: Transaction, uid: int, start: RunStart) -> None:
    """Let a run that is there go on: from nothing (fresh), or with what it has."""
    run = schema.run
    row = transaction.connection.execute(select(run).where(run.c.id == uid)).one()
    if row.deleted_us is not None:
        raise _deleted(start.run_id)
    if start.opens == "join":
        return
    values: dict[str, Any] = {"stop_requested": False, "summary_json": _UNKNOWN}
    if start.opens in ("fresh", "fork"):
        early = joined_early(transaction, row.id)
        values |= _described(start) | (_BLANK if early is None else {})
    else:
        values |= _resumed(transaction, row, start)
    if start.opens in ("rewind", "fork"):
        values["last_step"] = start.cut_step
    transaction.update_run(row.id, "meta", "state", "rows", "histograms", **values)


def join_run(
    transaction: Transaction, uid: int, start: RunStart, *, describes: bool, named: bool
) -> None:
    """Takes what one more process says of its run. Whoever comes first, one that `describes` the
    run does so, but for the name of a run that was `named` by one before, or in the dashboard
    since. Of the config of another one only what is missing is taken."""
    run = schema.run
    row = transaction.connection.execute(select(run).where(run.c.id == uid)).one()
    values: dict[str, Any] = {}
    if describes:
        values = _resumed(transaction, row, start)
        if named:
            values.pop("name", None)
    elif start.config:
        known = decode_json(row.config_json)
        missing = {key: value for key, value in start.config.items() if key not in known}
        if missing:
            merge_config(transaction, uid, missing)
    if values:
        transaction.update_run(uid, "meta", **values)


def _resumed(transaction: Transaction, row: Any, start: RunStart) -> dict[str, Any]:
    """Old config under the new one; descriptions that were passed replace the old ones."""
    values: dict[str, Any] = {}
    try:
        check_total("config of the run, as it is stored,", row.config_json)
        values["config_json"] = encode_json_text(decode_json(row.config_json) | start.config)
        check_total("config", values["config_json"])
    except TooLarge as error:  # the run goes on with the config that it has, and says so
        values.pop("config_json", None)
        add_notices(transaction, row.id, [too_large_notice([str(error)])])
    passed = {"name": start.name, "notes": start.notes, "group": start.group}
    passed["job_type"] = start.job_type
    values |= {name: value for name, value in passed.items() if value}
    if start.tags:
        values["tags_json"] = encode_json_text(start.tags)
    if start.metadata:
        values["metadata_json"] = encode_json_text(start.metadata)
    return values


def _column(transaction: Transaction, uid: int, name: str) -> Any:
    """The JSON of one column of a run."""
    run = schema.run
    text = transaction.connection.execute(select(run.c[name]).where(run.c.id == uid)).scalar_one()
    check_total(f"{name.removesuffix('_json')} of the run, as it is stored,", text)
    return decode_json(text)


def merge_config(
    transaction: Transaction, uid: int, values: Mapping[str, Any], removed: Sequence[str] = ()
) -> None:
    """Set and remove top-level keys of the config. What clients keep below `_wandb` (charts,
    class labels) is merged, since each process of a run sends its own. Raises TooLarge, and changes
    nothing, where it would be too large; so do those for metadata and the summary."""
    known = _without(_column(transaction, uid, "config_json"), removed)
    config = known | dict(values)
    if "_wandb" in known and "_wandb" in values:
        config["_wandb"] = _merged(known["_wandb"], values["_wandb"])
    text = encode_json_text(config)
    check_total("config", text)
    transaction.update_run(uid, "meta", config_json=text)


def _merged(known: Any, new: Any) -> Any:
    if not (isinstance(known, dict) and isinstance(new, dict)):
        return new
    return known | {key: _merged(known.get(key), value) for key, value in new.items()}


def add_metadata(transaction: Transaction, uid: int, values: Mapping[str, Any]) -> None:
    """Set top-level keys of what the run says about its machine and program."""
    metadata = _column(transaction, uid, "metadata_json") | dict(values)
    text = encode_json_text(metadata)
    check_total("metadata", text)
    transaction.update_run(uid, "meta", metadata_json=text)


def set_summary(
    transaction: Transaction,
    uid: int,
    values: Mapping[str, Any],
    removed: Sequence[str] = (),
    *,
    time_us: int,
    whole: bool = False,
) -> None:
    """Set and remove summary values by hand; a later row with the same key wins again. With `whole`
    there are no others, also of the rows up to then."""
    known = _column(transaction, uid, "set_summary_json")
    summary: dict[str, Any] = {schema.SENT_WHOLE: [time_us]} if whole else known
    summary |= {key: [time_us] for key in removed}
    summary |= {key: [value, time_us] for key, value in values.items()}
    text = encode_json_text(summary)
    check_total("summary", text)
    transaction.update_run(uid, "meta", set_summary_json=text, summary_json=_UNKNOWN)


def _without(values: dict[str, Any], removed: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in removed}


def define_metrics(
    transaction: Transaction, uid: int, definitions: Iterable[MetricDefinition]
) -> None:
    """Keep the definitions, by name; a later one of a name replaces the earlier."""
    metrics = _column(transaction, uid, "metrics_json")
    metrics |= {definition.name: msgspec.to_builtins(definition) for definition in definitions}
    values = {"metrics_json": encode_json_text(metrics), "summary_json": _UNKNOWN}
    transaction.update_run(uid, "meta", **values)


def set_fields(transaction: Transaction, uid: int, fields: RunFields) -> None:
    """Change the descriptive fields that aren't None."""
    values = {
        name: value for name, value in msgspec.structs.asdict(fields).items() if value is not None
    }
    if "tags" in values:
        values["tags_json"] = encode_json_text(values.pop("tags"))
    if values:
        transaction.update_run(uid, "meta", **values)


def add_notices(transaction: Transaction, uid: int, notices: Iterable[Notice]) -> None:
    """Notices of one kind add up: the sum of the amounts and the last text are kept."""
    kept = _column(transaction, uid, "notices_json")
    for notice in notices:
        before = kept.get(notice.kind, {"amount": 0.0, "text": ""})
        amount, text = before["amount"] + notice.amount, joined_text(before["text"], notice)
        kept[notice.kind] = {"text": text, "amount": amount, "time_us": notice.time_us}
    transaction.update_run(uid, "meta", notices_json=encode_json_text(kept))


def edit_run(
    transaction: Transaction,
    uid: int,
    *,
    config: Mapping[str, Any] | None = None,
    removed_config: Sequence[str] = (),
    summary: Mapping[str, Any] | None = None,
    removed_summary: Sequence[str] = (),
    color: str | None = None,
    stop_requested: bool | None = None,
    fields: RunFields,
) -> None:
    """Changes made in the dashboard or through the Api; None leaves a thing as it is."""
    for what, values in (("config", config or {}), ("summary", summary or {})):
        check_values(what, values)
        check_sizes(what, values)
    require_run(transaction, uid)
    set_fields(transaction, uid, fields)
    if config or removed_config:
        merge_config(transaction, uid, config or {}, removed_config)
    if summary or removed_summary:
        set_summary(transaction, uid, summary or {}, removed_summary, time_us=transaction.now_us)
    plain = {"color": color, "stop_requested": stop_requested}
    changed = {name: value for name, value in plain.items() if value is not None}
    if changed:
        transaction.update_run(uid, "meta", "state", **changed)


def require_run(transaction: Transaction, uid: int) -> None:
    """Raises NotFound or Gone unless the run is there."""
    run = transaction.run(uid)
    if run is None:
        raise NotFound(f"there is no run with number {uid}")
    if run.deleted:
        raise Gone(f"run {run.run_id!r} was deleted: restore it first")


def delete_run(transaction: Transaction, uid: int, *, with_artifacts: bool = False) -> None:
    """Mark the run deleted; its data go later, in the background, and if so asked the artifacts
    that it logged with them: until then a notice of the run says so."""
    require_run(transaction, uid)
    if with_artifacts:
        words = "the artifacts that the run logged go with it"
        add_notices(transaction, uid, [Notice(WITH_ARTIFACTS, words, transaction.now_us, 1.0)])
    transaction.update_run(uid, "state", deleted_us=transaction.now_us)


def delete_project(transaction: Transaction, entity: str, name: str) -> int:
    """Mark all runs of the project deleted; returns how many these were."""
    project_id = project_named(transaction.connection, entity, name)
    if project_id is None:
        raise NotFound(f"there is no project {entity}/{name}")
    run = schema.run
    alive = select(run.c.id).where(run.c.project_id == project_id, run.c.deleted_us.is_(None))
    uids = transaction.connection.execute(alive).scalars().all()
    for uid in uids:
        delete_run(transaction, uid)
    return len(uids)


def restore_run(transaction: Transaction, uid: int) -> None:
    """Take the deletion mark off; raises Gone once the data are gone."""
    run = schema.run
    row = transaction.connection.execute(
        select(run.c.run_id, run.c.purged).where(run.c.id == uid)
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no run with number {uid}")
    if row.purged:
        raise Gone(f"run {row.run_id!r} was deleted too long ago: its data are gone")
    notices = _column(transaction, uid, "notices_json")
    notices.pop(WITH_ARTIFACTS, None)
    kept = encode_json_text(notices)
    transaction.update_run(
        uid, "meta", "state", "rows", "histograms", deleted_us=None, notices_json=kept
    )
    _hear_of_the_tail(transaction, uid)


def _hear_of_the_tail(transaction: Transaction, uid: int) -> None:
    """Records that were not sealed before the deletion wait again."""
    tail = schema.tail.c
    sizes = func.coalesce(func.sum(tail.rows), 0), func.sum(func.length(tail.payload))
    row = transaction.connection.execute(
        select(func.count(), *sizes).where(tail.run_uid == uid)
    ).one()
    heard = transaction.hear(uid)
    heard.restored, heard.records, heard.rows = True, row[0], int(row[1])
    heard.size_bytes = int(row[2] or 0)


def remove_file(transaction: Transaction, uid: int, name: str) -> None:
    """Take a file off its run."""
    file = schema.file
    mine = delete(file).where(file.c.run_uid == uid, file.c.name == name)
    transaction.connection.execute(mine)
    transaction.touch(uid, "files")


def save_view(transaction: Transaction, digest: str, state_json: str) -> None:
    """Keep a view's state under the SHA-256 of its text."""
    row = {"hash": digest, "state_json": state_json, "created_us": transaction.now_us}
    dialect.upsert(transaction.connection, schema.view, [row], ["hash"])
