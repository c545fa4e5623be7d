"""file_stream: lines at an offset, each kept once.

A client writes streams of lines and repeats whatever it has no answer for, also after restarts
and as a second `wandb sync`. A mark for each (attempt, client, stream) says how many lines are
kept; what lies below it is a repetition. Console lines are the exception: they are rewritten in
place by their number.

W&B starts a run again (same id, offset 0) both when a script is run anew and when an old log is
synced again. The first line tells: it carries a time to the microsecond, so a line that an
earlier attempt began with means the same log, and that attempt goes on.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec

from lossboard.depth import MAX_DEPTH
from lossboard.wire import (
    WIRE_VERSION,
    ConsoleLine,
    Exit,
    Notice,
    Record,
    RunStart,
    encode_record,
    storable_ints,
)
from lossboard_server.limits import (
    check_json,
    kept_of_json,
    shallow_json,
    too_large_notice,
)
from lossboard_server.queries.runs import stream_marks as kept
from lossboard_server.queries.runs.runs import started_us
from lossboard_server.queries.runs.summaries import last_steps
from lossboard_server.storage import TailMemo
from lossboard_server.wandb_protocol import processes
from lossboard_server.wandb_protocol.lines import (
    History,
    history_of,
    left_out_as_deep,
    parse_lines,
    seconds_of,
    system_rows_of,
)
from lossboard_server.writing import ingest, stream_marks
from lossboard_server.writing.writer import Transaction

__all__ = [
    "HISTORY",
    "Body",
    "Reading",
    "Stream",
    "accept_body",
    "attempt_of",
    "open_attempt",
    "read_body",
    "send",
    "token_of",
    "written_lines",
]

HISTORY: Final = "wandb-history.jsonl"
EVENTS: Final = "wandb-events.jsonl"
SUMMARY: Final = "wandb-summary.json"
CONSOLE: Final = "output.log"
MAX_OFFSET: Final = 2**53

_STDERR_PREFIX = "ERROR "


class Stream(msgspec.Struct, frozen=True):
    """Lines of one file from line number `offset` on."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=MAX_OFFSET)]
    content: list[str]


class Body(msgspec.Struct, frozen=True):
    """A file_stream request; all of it may be absent, which is a heartbeat."""

    files: dict[str, Stream] = {}
    uploaded: list[str] = []
    preempting: bool = False
    complete: bool = False
    exitcode: int | None = None


class Reading(msgspec.Struct, frozen=True):
    """The body with its lines parsed, which takes long and is done off the writer."""

    body: Body
    history: list[dict[str, Any]]
    events: list[dict[str, Any]]
    summary: dict[str, Any] | None
    left_out: list[str] = []  # sentences of values that were too large


class Fresh(msgspec.Struct, frozen=True):
    """Lines of a stream that aren't kept yet, the number of the first, and how many before it
    never came. `foreign`: the stream began with another line, so another process writes it too."""

    first: int = 0
    lines: list[dict[str, Any]] = []
    missing: int = 0
    foreign: bool = False


def read_body(payload: bytes) -> Reading:
    """The request's body and lines; raises ValueError for what is no file_stream body, TooLarge for
    one that holds too much."""
    check_json("the file_stream body", payload)
    try:
        body = msgspec.json.decode(payload or b"{}", type=Body, strict=False)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a file_stream body: {error}") from error
    history, events = (parse_lines(_content(body, name)) for name in (HISTORY, EVENTS))
    summary, left_out = _read_summary(_content(body, SUMMARY))
    return Reading(
        body,
        history.objects,
        events.objects,
        summary,
        [*history.left_out, *events.left_out, *left_out.values()],
    )


def _read_summary(lines: list[str]) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """The last line, which is all of the summary, without values that are too large."""
    if not lines:
        return None, {}
    try:
        summary, left_out = kept_of_json("summary", _readable(lines[-1]))
    except ValueError as error:
        raise ValueError(f"the summary is no JSON object ({error})") from error
    left_out |= {text: text for text in left_out_as_deep("summary", [summary])}
    return summary, left_out


def _readable(text: str) -> str:
    """The JSON, without values that are nested too deeply for whoever decodes it."""
    return shallow_json(text) if text.count("[") + text.count("{") > MAX_DEPTH else text


def _content(body: Body, name: str) -> list[str]:
    stream = body.files.get(name)
    return [] if stream is None else stream.content


def accept_body(
    transaction: Transaction, tails: TailMemo, start: RunStart, client_id: str, reading: Reading
) -> ingest.Accepted:
    """Keeps what is new in the body for the run that `start` names, opening it if need be."""
    attempt = _attempt_for(transaction, tails, start, client_id, reading)
    if reading.body == Body():
        return _beat(transaction, attempt, client_id, start)
    token, _ = _writer_of(transaction, attempt, client_id, start)
    marked = any(_mark(transaction, attempt, client_id, name) for name in (HISTORY, EVENTS))
    fresh = {
        name: _new_lines(transaction, attempt, client_id, name, stream.offset, lines)
        for name, stream, lines in _streams(reading)
    }
    first_lines = [] if marked or reading.body.complete else _lines(reading)
    offset_us = processes.clock_offset(transaction, token, first_lines)
    record = _record(transaction.now_us - offset_us, client_id, reading, fresh)
    accepted = send(transaction, attempt, client_id, start, record)
    if client_id:
        summary = {} if reading.body.complete else reading.summary or {}
        processes.follow(transaction, token_of(start, client_id), reading.events, summary)
    _correct_start(transaction, attempt, reading.history, offset_us)
    return accepted


def _beat(
    transaction: Transaction, attempt: int, client_id: str, start: RunStart
) -> ingest.Accepted:
    token, seq = _writer_of(transaction, attempt, client_id, start)
    if seq == 0:
        return send(transaction, attempt, client_id, start, Record(version=WIRE_VERSION))
    alive = ingest.beat(transaction, token)
    name = ingest.RunName(0, start.entity, start.project, start.run_id, "")
    return ingest.Accepted(alive.next_seq, alive.stop, name)


def _streams(reading: Reading) -> list[tuple[str, Stream, list[dict[str, Any]]]]:
    parsed = {HISTORY: reading.history, EVENTS: reading.events}
    return [
        (name, reading.body.files[name], lines)
        for name, lines in parsed.items()
        if name in reading.body.files
    ]


def _lines(reading: Reading) -> list[dict[str, Any]]:
    return [*reading.history, *reading.events]


def _record(now_us: int, client_id: str, reading: Reading, fresh: Mapping[str, Fresh]) -> Record:
    """A record of what is new, at this time of the client's clock."""
    rows = fresh.get(HISTORY, Fresh())
    history: History | None = history_of(rows.lines, first_line=rows.first) if rows.lines else None
    samples = fresh.get(EVENTS, Fresh())
    system = system_rows_of(samples.lines, first_line=samples.first) if samples.lines else None
    return Record(
        version=WIRE_VERSION,
        rows=None if history is None else history.rows,
        histograms=[] if history is None else history.histograms,
        system=system,
        summary=_plain_summary(reading.summary),
        whole_summary_us=_whole_summary_us(client_id, reading.summary),
        console=console_lines(reading.body, now_us),
        notices=[
            *_gap_notices(fresh, now_us),
            *_mixed_notices(fresh, now_us),
            *([too_large_notice(reading.left_out)] if reading.left_out else []),
        ],
        preempting=reading.body.preempting,
        exit=_exit(reading.body, now_us),
    )


def _plain_summary(summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values that stand in no series in this form; histograms are in theirs."""
    return {
        key: storable_ints(value)
        for key, value in (summary or {}).items()
        if not (isinstance(value, dict) and value.get("_type") == "histogram")
    }


def _whole_summary_us(client_id: str, summary: Mapping[str, Any] | None) -> int | None:
    """The time of the last row in a summary. One that is sent is all of it, but in shared mode,
    where each client knows of its own rows."""
    if summary is None or client_id:
        return None
    return int((seconds_of(summary, "_timestamp") or 0.0) * 1e6)


def _exit(body: Body, now_us: int) -> Exit | None:
    return Exit(code=body.exitcode or 0, time_us=now_us) if body.complete else None


def _gap_notices(fresh: Mapping[str, Fresh], now_us: int) -> list[Notice]:
    return [
        Notice(
            "missing_lines",
            f"lines of {name} before line {lines.first} that the client never sent",
            now_us,
            float(lines.missing),
        )
        for name, lines in fresh.items()
        if lines.missing
    ]


def _mixed_notices(fresh: Mapping[str, Fresh], now_us: int) -> list[Notice]:
    """Of two processes that write one run as if each were alone nothing tells the lines apart."""
    if not any(lines.foreign for lines in fresh.values()):
        return []
    text = (
        "two processes write this run without mode='shared', and some rows of one of them are not"
        " kept: give each an id of its own, or use mode='shared'"
    )
    return [Notice("mixed_rows", text, now_us)]


def console_lines(body: Body, now_us: int) -> list[ConsoleLine]:
    """Console lines by number, structured (JSON) or with W&B's prefixes."""
    stream = body.files.get(CONSOLE)
    if stream is None:
        return []
    return [
        _console_line(stream.offset + index, line, now_us)
        for index, line in enumerate(stream.content)
    ]


class _Structured(msgspec.Struct, frozen=True):
    """A console line that is JSON; what else is in it is skipped."""

    content: str
    level: str = ""
    ts: str = ""


def _console_line(number: int, line: str, now_us: int) -> ConsoleLine:
    if line.startswith("{"):
        try:
            entry = msgspec.json.decode(line, type=_Structured)
        except (msgspec.DecodeError, RecursionError):
            entry = None
        if entry is not None:
            stream = "stderr" if entry.level == "error" else "stdout"
            return ConsoleLine(number, stream, _iso_us(entry.ts, now_us), entry.content)  # type: ignore[arg-type]
    is_error = line.startswith(_STDERR_PREFIX)
    stamp, _, text = line.removeprefix(_STDERR_PREFIX).partition(" ")
    stream = "stderr" if is_error else "stdout"
    return ConsoleLine(number, stream, _iso_us(stamp, now_us), text)  # type: ignore[arg-type]


def _iso_us(stamp: str, otherwise_us: int) -> int:
    """Microseconds of an ISO time, which W&B writes in UTC without saying so."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return otherwise_us
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6)


def attempt_of(transaction: Transaction, start: RunStart) -> int | None:
    """The latest attempt of the run, if there is the run."""
    return kept.attempt_of(transaction.connection, start.entity, start.project, start.run_id)


def _attempt_for(
    transaction: Transaction, tails: TailMemo, start: RunStart, client_id: str, reading: Reading
) -> int:
    """The run's latest attempt, or the earlier one that this log began."""
    attempt = attempt_of(transaction, start)
    if attempt is None:
        open_attempt(transaction, start)
        attempt = attempt_of(transaction, start)
        assert attempt is not None, "it was just opened"
    for name, stream, lines in _streams(reading):
        if stream.offset == 0 and lines and not _mark(transaction, attempt, client_id, name):
            digest = _digest(lines[0])
            earlier = kept.attempt_begun_with(
                transaction.connection, attempt, client_id, name, digest
            )
            if earlier is not None:
                stream_marks.drop_empty_attempt(transaction, attempt, earlier)
                _restore_last_step(transaction, tails, earlier)
                return earlier
    return attempt


def _digest(line: Mapping[str, Any]) -> str:
    """Of the line's content; clients write the keys in random order."""
    text = json.dumps(line, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _mark(transaction: Transaction, attempt: int, client_id: str, name: str) -> Any:
    return kept.mark_of(transaction.connection, attempt, client_id, name)


def _new_lines(
    transaction: Transaction,
    attempt: int,
    client_id: str,
    name: str,
    offset: int,
    lines: Sequence[dict[str, Any]],
) -> Fresh:
    """The lines that aren't kept yet; the mark moves past it. A resumed attempt begins at any
    line."""
    mark = _mark(transaction, attempt, client_id, name)
    next_line = offset if mark is None else mark.next_line
    first = max(offset, next_line)
    fresh = list(lines[first - offset :])
    if mark is None and lines:
        stream_marks.begin_mark(
            transaction,
            attempt,
            client_id,
            name,
            next_line=first + len(fresh),
            first_digest=_digest(lines[0]),
        )
    elif mark is not None and fresh:
        stream_marks.move_mark(transaction, mark.id, first + len(fresh))
    foreign = mark is not None and bool(offset == 0 and lines) and not _begins(mark, lines[0])
    return Fresh(first, fresh, first - next_line, foreign)


def _begins(mark: Any, line: Mapping[str, Any]) -> bool:
    """Whether the stream of this mark begins with this line."""
    return bool(mark.first_digest == _digest(line))


def written_lines(transaction: Transaction, attempt: int, client_id: str = "") -> dict[str, int]:
    """How many lines of each stream are kept for this attempt."""
    return kept.written_lines(transaction.connection, [attempt], client_id)[attempt]


def open_attempt(transaction: Transaction, start: RunStart, client_id: str = "") -> ingest.Accepted:
    """Opens the run or an attempt of it, as `start` says, with a writer of its own: in shared mode
    the one that the client goes on with."""
    record = Record(version=WIRE_VERSION, start=start)
    token = token_of(start, client_id) if client_id else uuid.uuid4().hex
    return _accept(transaction, token, 0, record)


def send(
    transaction: Transaction, attempt: int, client_id: str, start: RunStart, record: Record
) -> ingest.Accepted:
    """Hands the record on, as the next one of the writer that this client has in the attempt."""
    token, seq = _writer_of(transaction, attempt, client_id, start)
    if seq == 0:
        joining = RunStart(
            entity=start.entity,
            project=start.project,
            run_id=start.run_id,
            started_us=start.started_us,
            opens="join",
            metadata={"door": "wandb"},
        )
        record = msgspec.structs.replace(record, start=joining)
    return _accept(transaction, token, seq, record)


def _accept(transaction: Transaction, token: str, seq: int, record: Record) -> ingest.Accepted:
    payload = encode_record(record)
    return ingest.accept(transaction, token, seq, ingest.received(record), payload)


def _writer_of(
    transaction: Transaction, attempt: int, client_id: str, start: RunStart
) -> tuple[str, int]:
    """Token and next number: the attempt's own writer, or in shared mode the client's."""
    mine = token_of(start, client_id)
    token = mine if client_id else ""
    row = kept.writer_of(transaction.connection, attempt=attempt, token=token)
    return (mine, 0) if row is None else (row.token, row.next_seq)


def token_of(start: RunStart, client_id: str) -> str:
    """Names the writer of a run that a client of shared mode is."""
    text = f"wandb:{start.entity}/{start.project}/{start.run_id}:{client_id}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _restore_last_step(transaction: Transaction, tails: TailMemo, attempt: int) -> None:
    """The run of an old log has all the steps that were kept before, however little of the log is
    sent again so far; the start that turned out to be none took its last step away."""
    uid = kept.run_of(transaction.connection, attempt)
    last_step = last_steps(transaction.connection, tails, [uid])[uid]
    transaction.update_run(uid, "rows", last_step=last_step)


def _correct_start(
    transaction: Transaction,
    attempt: int,
    history: Sequence[Mapping[str, Any]],
    offset_us: int,
) -> None:
    """The run began when its first row says, not when a log of it was synced."""
    first = history[0] if history else {}
    now_secs, runtime_secs = seconds_of(first, "_timestamp"), seconds_of(first, "_runtime")
    if now_secs is None or runtime_secs is None:
        return
    began_us = int((now_secs - runtime_secs) * 1e6) + offset_us
    uid = kept.run_of(transaction.connection, attempt)
    if began_us < started_us(transaction.connection, uid):
        transaction.update_run(uid, "meta", started_us=began_us)
