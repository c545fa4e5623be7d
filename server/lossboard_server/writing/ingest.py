"""Writes of what writers send: each record once, in order, in one transaction.

The functions run in a transaction of the writer. A record is kept in the tail as it came; what
describes the run (config, summary, console, files, state, ...) is written at once.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, update

from lossboard.wire import Notice, Record, decode_record, encode_record
from lossboard_server.blobs import is_sha256
from lossboard_server.changes import Told
from lossboard_server.database import dialect, schema
from lossboard_server.errors import Conflict, Gone, Invalid, TooLarge
from lossboard_server.limits import too_large_notice
from lossboard_server.storage.series_facts import SeriesFacts, facts_in
from lossboard_server.storage.skim import guarded
from lossboard_server.writing import catalogue, clocks, lives, records
from lossboard_server.writing.logged_artifacts import keep_artifacts
from lossboard_server.writing.run_memo import RunFacts, WriterFacts
from lossboard_server.writing.writer import Transaction

__all__ = ["Accepted", "Alive", "Received", "RunName", "accept", "beat", "received"]

_insert_tail = insert(schema.tail)
_move_writer = (
    update(schema.writer)
    .where(schema.writer.c.id == bindparam("writer"))
    .values(next_seq=bindparam("seq"), heard_us=bindparam("heard"))
)
_note_writer = (
    update(schema.writer)
    .where(schema.writer.c.id == bindparam("writer"))
    .values(heard_us=bindparam("heard"))
)
_note_beat = (
    update(schema.run)
    .where(schema.run.c.id == bindparam("uid"))
    .values(heartbeat_us=bindparam("time"))
)


class RunName(msgspec.Struct, frozen=True):
    """The run a writer writes to."""

    uid: int
    entity: str
    project: str
    run_id: str
    name: str


class Received(msgspec.Struct, frozen=True):
    """A record and what its rows and histograms say of the run; `record` has neither any more:
    what waits to be written is in memory once, as the bytes that it came in."""

    record: Record
    facts: list[SeriesFacts]
    kinds: set[str]
    rows: int
    greatest_step: int | None
    latest_us: int | None


def received(record: Record) -> Received:
    """The facts to keep of a record besides its bytes."""
    return Received(
        msgspec.structs.replace(record, rows=None, system=None, histograms=[]),
        facts_in(record),
        _kinds(record),
        records.row_count(record),
        records.greatest_step(record),
        records.latest_us(record),
    )


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answer to a record; `stop`: the user asked the run to stop; `warning`: what the user is to be
    told, such as that another process writes the run too."""

    next_seq: int
    stop: bool
    run: RunName
    warning: str = ""


class Alive(msgspec.Struct, frozen=True, omit_defaults=True):
    """Answer to a heartbeat; `next_seq` is 0 for a writer that has sent nothing."""

    next_seq: int
    stop: bool
    warning: str = ""


def accept(
    transaction: Transaction,
    token: str,
    seq: int,
    found: Received,
    payload: bytes | bytearray,
    behind_us: int = 0,
) -> Accepted:
    """Keep the record numbered `seq` of the writer `token`, unless it is here already; `payload`
    are its bytes, `behind_us` how much the clock that it was sent by seems to be behind ours.

    Raises Conflict for a number that isn't the next one, Gone for a deleted run, Invalid for a
    start that can't be.
    """
    writer = transaction.facts.writer(transaction.connection, token)
    offset_us = clocks.offset_of(behind_us) if writer is None else writer.clock_offset_us
    if offset_us:
        record = clocks.put_right(decode_record(payload), offset_us)
        found, payload = received(record), encode_record(record)
    if writer is None:
        writer = _open_writer(transaction, token, seq, found.record, offset_us)
    run = _run_of(transaction, writer)
    transaction.hear(run.uid).writers.add(writer.id)
    if seq >= writer.next_seq:
        _check_place(writer, seq, found.record)
        _keep(transaction, writer, run, seq, found, payload)
        run = _run_of(transaction, writer)
    name = RunName(run.uid, run.entity, run.project, run.run_id, run.name)
    return Accepted(writer.next_seq, run.stop_requested, name, _warning(transaction, run))


def beat(transaction: Transaction, token: str) -> Alive:
    """Note that the writer lives."""
    writer = transaction.facts.writer(transaction.connection, token)
    if writer is None:
        return Alive(0, False)
    run = _run_of(transaction, writer)
    transaction.hear(run.uid).writers.add(writer.id)
    run = _note_life(transaction, run, writer, transaction.now_us)
    transaction.connection.execute(_note_beat, {"uid": run.uid, "time": run.heartbeat_us})
    transaction.connection.execute(_note_writer, {"writer": writer.id, "heard": writer.heard_us})
    return Alive(writer.next_seq, run.stop_requested, _warning(transaction, run))


def _warning(transaction: Transaction, run: RunFacts) -> str:
    return transaction.facts.contests.get(run.uid, "")


def _run_of(transaction: Transaction, writer: WriterFacts) -> RunFacts:
    run = transaction.run(writer.run_uid)
    assert run is not None, "rows of runs stay, also of deleted ones"
    if run.deleted:
        raise Gone(
            f"run {run.entity}/{run.project}/{run.run_id} was deleted: stop sending, or restore"
            " it in the dashboard while that is still offered"
        )
    return run


def _open_writer(
    transaction: Transaction, token: str, seq: int, record: Record, offset_us: int
) -> WriterFacts:
    if record.start is None or seq > record.missing:
        raise Conflict(
            f"writer {token} is unknown here: send its records from number 0, or the first one"
            " you have with `start` and the number of those missing",
            expected=0,
        )
    uid, attempt_id = catalogue.open_run(transaction, record.start)
    named = lives.has_primary(transaction, uid)
    life = lives.begin(transaction, uid, attempt_id, token, record.start, offset_us)
    if life.must_end and record.start.opens == "join":
        catalogue.join_run(transaction, uid, record.start, describes=life.is_primary, named=named)
    writer = transaction.facts.writer(transaction.connection, token)
    assert writer is not None, "it was just inserted"
    return writer


def _check_place(writer: WriterFacts, seq: int, record: Record) -> None:
    if seq > writer.next_seq + record.missing:
        raise Conflict(
            f"record {seq} of writer {writer.token} came, {writer.next_seq} was expected: send"
            " the records between, or say how many are missing",
            expected=writer.next_seq,
        )


def _keep(
    transaction: Transaction,
    writer: WriterFacts,
    run: RunFacts,
    seq: int,
    found: Received,
    payload: bytes | bytearray,
) -> None:
    connection, record = transaction.connection, found.record
    if found.kinds & {"rows", "histograms"}:
        _keep_tail(transaction, writer, seq, found.rows, payload)
    gap = seq - writer.next_seq
    opened = record.start is not None and record.start.opens != "join" and writer.next_seq == 0
    transaction.hear(run.uid).told.append(
        Told(writer.attempt_id, writer.id, writer.next_seq, seq, opened, found.facts)
    )
    writer.next_seq = seq + 1
    transaction.touch(run.uid, *found.kinds)
    _advance(transaction, run, writer, found)
    moved = {"writer": writer.id, "seq": writer.next_seq, "heard": writer.heard_us}
    connection.execute(_move_writer, moved)
    _describe(transaction, writer, found, gap)


def _keep_tail(
    transaction: Transaction, writer: WriterFacts, seq: int, rows: int, payload: bytes | bytearray
) -> None:
    kept = guarded(payload)
    values = {
        "run_uid": writer.run_uid,
        "writer_id": writer.id,
        "seq": seq,
        "rows": rows,
        "received_us": transaction.now_us,
        "payload": kept,
    }
    transaction.connection.execute(_insert_tail, values)
    heard = transaction.hear(writer.run_uid)
    heard.records += 1
    heard.rows += rows
    heard.size_bytes += len(kept)


def _kinds(record: Record) -> set[str]:
    parts: dict[str, Any] = {
        "rows": record.rows or record.system,
        "histograms": record.histograms,
        "console": record.console,
        "files": record.files,
    }
    return {what for what, part in parts.items() if part}


def _advance(transaction: Transaction, run: RunFacts, writer: WriterFacts, found: Received) -> None:
    """Last step and sign of life of the run; both go into its row when the transaction ends."""
    step = found.greatest_step
    if step is not None and (run.last_step is None or step > run.last_step):
        run.last_step = step
    if found.latest_us is not None:
        _note_life(transaction, run, writer, min(found.latest_us, transaction.now_us))


def _note_life(
    transaction: Transaction, run: RunFacts, writer: WriterFacts, time_us: int
) -> RunFacts:
    """The run as it is after a sign of life of one of its processes."""
    run.heartbeat_us = max(run.heartbeat_us, time_us)
    writer.heard_us = max(writer.heard_us, time_us)
    if writer.vanished:
        lives.revive(transaction, writer)
    elif run.ended and not writer.must_end:
        lives.outlive(transaction, writer)
    latest = transaction.facts.launch(transaction.connection, run.uid)
    if writer.launch < latest.number and time_us > latest.began_us:
        lives.note_stranger(transaction, writer)
    return _run_of(transaction, writer)


def _describe(transaction: Transaction, writer: WriterFacts, found: Received, gap: int) -> None:
    """Write what the record says about the run besides rows."""
    uid, record = writer.run_uid, found.record
    for setting in (_set_config, _set_summary, _set_metadata):
        try:
            setting(transaction, writer, found)
        except TooLarge as error:  # the run goes on without it, and says so
            catalogue.add_notices(transaction, uid, [too_large_notice([str(error)])])
    if record.metrics:
        catalogue.define_metrics(transaction, uid, record.metrics)
    if record.fields is not None:
        catalogue.set_fields(transaction, uid, record.fields)
    if record.notices or gap:
        catalogue.add_notices(transaction, uid, [*record.notices, *_gap(transaction, gap)])
    _keep_console(transaction, writer, record)
    _keep_files(transaction, uid, record)
    if record.artifacts or record.artifact_parts or record.used_artifacts:
        keep_artifacts(transaction, uid, record)
    _keep_alerts(transaction, uid, record)
    if record.preempting:
        lives.mark_preempting(transaction, writer)
    if record.exit is not None:
        lives.end(transaction, writer, record.exit)


def _set_config(transaction: Transaction, writer: WriterFacts, found: Received) -> None:
    record = found.record
    if record.config or record.removed_config:
        catalogue.merge_config(transaction, writer.run_uid, record.config, record.removed_config)


def _set_summary(transaction: Transaction, writer: WriterFacts, found: Received) -> None:
    uid, record = writer.run_uid, found.record
    if record.whole_summary_us is not None:
        catalogue.set_summary(
            transaction, uid, record.summary, time_us=record.whole_summary_us, whole=True
        )
    elif record.summary or record.removed_summary:
        time_us = found.latest_us or transaction.now_us
        catalogue.set_summary(
            transaction, uid, record.summary, record.removed_summary, time_us=time_us
        )


def _set_metadata(transaction: Transaction, writer: WriterFacts, found: Received) -> None:
    """Of the machine that the run is said to be on, and of each process."""
    record = found.record
    if record.metadata:
        lives.add_metadata(transaction, writer, record.metadata)
        if writer.is_primary or not lives.has_primary(transaction, writer.run_uid):
            catalogue.add_metadata(transaction, writer.run_uid, record.metadata)


def _gap(transaction: Transaction, gap: int) -> list[Notice]:
    if not gap:
        return []
    text = "records that the client no longer had when the server asked for them"
    return [Notice("missing_records", text, transaction.now_us, float(gap))]


def _keep_console(transaction: Transaction, writer: WriterFacts, record: Record) -> None:
    lines = {
        line.number: {
            "run_uid": writer.run_uid,
            "writer_id": writer.id,
            "number": line.number,
            "stream": line.stream,
            "time_us": line.time_us,
            "text": line.text,
        }
        for line in record.console
    }
    if lines:
        keys = ["run_uid", "writer_id", "number"]
        rows = list(lines.values())
        dialect.upsert(transaction.connection, schema.console_line, rows, keys)


def _keep_files(transaction: Transaction, uid: int, record: Record) -> None:
    files = {entry.name: {"run_uid": uid} | msgspec.structs.asdict(entry) for entry in record.files}
    for entry in record.files:
        if not is_sha256(entry.sha256):
            raise Invalid(f"file {entry.name!r} has SHA-256 {entry.sha256!r}: not 64 hex digits")
    if files:
        rows = list(files.values())
        dialect.upsert(transaction.connection, schema.file, rows, ["run_uid", "name"])


def _keep_alerts(transaction: Transaction, uid: int, record: Record) -> None:
    """Alerts of clients that don't say at which step have the last one that has arrived."""
    run = transaction.run(uid)
    last_step = None if run is None else run.last_step
    alerts = [{"run_uid": uid} | msgspec.structs.asdict(alert) for alert in record.alerts]
    for alert in alerts:
        alert["step"] = last_step if alert["step"] is None else alert["step"]
    if alerts:
        transaction.connection.execute(insert(schema.alert), alerts)
        transaction.touch(uid, "meta")
