"""The tables. Portable column types only; what differs by dialect stands in `dialect.py`.

`*_us` are microseconds since the epoch, `*_json` hold JSON text. Points belong to a series, a
series to an attempt, an attempt to a run (docs/architecture.md, section 6).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

__all__ = [
    "SENT_WHOLE",
    "alert",
    "artifact",
    "artifact_alias",
    "artifact_collection",
    "artifact_entry",
    "artifact_membership",
    "artifact_use",
    "attempt",
    "blob_md5",
    "block",
    "console_line",
    "file",
    "former_name",
    "former_place",
    "hist_block",
    "json_block",
    "metadata",
    "project",
    "run",
    "series",
    "stream_mark",
    "sweep",
    "sweep_agent",
    "tail",
    "view",
    "writer",
]

SENT_WHOLE: Final = "_sent_whole"  # names, among summary values, the time of one sent whole

metadata = MetaData()

# SQLite gives rowids, and so autoincrement, only to INTEGER primary keys.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _reference(table: str, *, nullable: bool = False) -> Column[int]:
    name = table.removesuffix(".id") + "_id"
    return Column(name, _Id, ForeignKey(table), nullable=nullable)


def _run_reference(*, nullable: bool = False) -> Column[int]:
    """`run_id` in the database, `run_uid` in Python, where `run_id` is the client's text."""
    return Column("run_id", _Id, ForeignKey("run.id"), key="run_uid", nullable=nullable)


project = Table(
    "project",
    metadata,
    _id(),
    Column("entity", String(128), nullable=False),
    Column("name", String(128), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("settings_json", Text, nullable=False, default="{}"),
    Column("description", Text, nullable=False, server_default=""),
    UniqueConstraint("entity", "name"),
)

# What leads to a project that was renamed, and to a run that was moved (database/places.py).
former_name = Table(
    "former_name",
    metadata,
    _id(),
    _reference("project.id"),
    Column("entity", String(128), nullable=False),
    Column("name", String(128), nullable=False),
    UniqueConstraint("entity", "name"),
)

run = Table(
    "run",
    metadata,
    _id(),
    _reference("project.id"),
    Column("run_id", String(256), nullable=False),  # the client's id, unique in the project
    Column("slot", Integer, nullable=False),  # order of creation in the project: palette slot
    Column("color", String(16), nullable=False, default=""),
    Column("name", Text, nullable=False, default=""),
    Column("notes", Text, nullable=False, default=""),
    Column("group", Text, nullable=False, default=""),
    Column("job_type", Text, nullable=False, default=""),
    Column("tags_json", Text, nullable=False, default="[]"),
    Column("config_json", Text, nullable=False, default="{}"),
    Column("metadata_json", Text, nullable=False, default="{}"),
    Column("metrics_json", Text, nullable=False, default="{}"),  # name -> MetricDefinition
    Column("notices_json", Text, nullable=False, default="{}"),  # kind -> text, amount, time
    # key -> [value, time_us]; [time_us] of a removed one, and of SENT_WHOLE
    Column("set_summary_json", Text, nullable=False, default="{}"),
    Column("summary_json", Text, nullable=False, default="{}"),  # composed, as last sealed
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("heartbeat_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("exit_code", Integer),
    Column("preempting", Boolean, nullable=False, default=False),
    Column("stop_requested", Boolean, nullable=False, default=False),
    Column("last_step", BigInteger),
    Column("version", BigInteger, nullable=False, default=0),  # of the last change, store-wide
    Column("generation", BigInteger, nullable=False, default=0),  # counts seals
    Column("deleted_us", BigInteger),
    Column("purged", Boolean, nullable=False, default=False),  # its data are gone, the id is taken
    UniqueConstraint("project_id", "run_id"),
    Index("run_by_version", "version"),
    Index("run_by_slot", "project_id", "slot"),
    Index("run_by_end", "ended_us"),
    # Of the runs that aren't deleted: their order, the last active one, how many are in which state
    Index("run_by_place", "project_id", "deleted_us", "slot"),
    Index("run_by_life", "project_id", "deleted_us", "heartbeat_us"),
    Index(
        "run_by_state",
        *("project_id", "deleted_us", "ended_us", "exit_code", "preempting", "stop_requested"),
    ),
    sqlite_autoincrement=True,  # links and browsers hold run ids: none is used twice
)

former_place = Table(
    "former_place",
    metadata,
    _id(),
    _reference("project.id"),
    _run_reference(),
    Column("known_as", String(256), nullable=False),  # the client's id of the run
    Column("slot", Integer, nullable=False),  # that it had there
    UniqueConstraint("project_id", "known_as"),
)

attempt = Table(
    "attempt",
    metadata,
    _id(),
    _run_reference(),
    Column("parent_id", _Id, ForeignKey("attempt.id")),  # composed up to cut_step, if any
    Column("cut_step", BigInteger),  # the last step taken from the parent; None: all of it
    Column(
        "kind", String(16), nullable=False
    ),  # fresh, resume, rewind, fork; join until the start comes that a joiner overtook; beside, of
    # one that began anew while the process of the attempt before it still writes
    Column("opened_us", BigInteger, nullable=False),
    Index("attempt_by_run", "run_uid"),
)

writer = Table(
    "writer",
    metadata,
    _id(),
    Column("token", String(64), nullable=False, unique=True),
    _run_reference(),
    _reference("attempt.id"),
    Column("joined", Boolean, nullable=False, default=False),  # False: it opened the attempt
    Column("next_seq", BigInteger, nullable=False, default=0),
    Column("created_us", BigInteger, nullable=False),
    Column("metadata_json", Text, nullable=False, default="{}"),
    # Who it is; queries/runs/lives.py says what a launch is, and what ends mean:
    Column("launch", Integer, nullable=False, server_default="1"),  # of the run, counted from 1
    Column("launch_key", String(256), nullable=False, server_default=""),
    Column("label", Text, nullable=False, server_default=""),
    Column("rank", BigInteger),
    Column("host", Text, nullable=False, server_default=""),
    Column("pid", BigInteger),
    # Whether it names and describes the run, and whether the run waits for its end:
    Column("is_primary", Boolean, nullable=False, server_default=false()),
    Column("must_end", Boolean, nullable=False, server_default=true()),
    Column("preempting", Boolean, nullable=False, server_default=false()),
    Column("clock_offset_us", BigInteger, nullable=False, server_default="0"),  # added to its times
    Column("heard_us", BigInteger, nullable=False, server_default="0"),  # last sign of life
    Column("ended_us", BigInteger),  # without an exit code: it vanished
    Column("exit_code", Integer),
    Index("writer_by_run", "run_uid"),
    Index("writer_by_end", "ended_us"),
    sqlite_autoincrement=True,  # the tail memo knows a payload by writer and seq
)

series = Table(
    "series",
    metadata,
    _id(),
    _reference("attempt.id"),
    Column("key", Text, nullable=False),
    # scalar, histogram, json, system, system_json, row (history rows without any value), writer
    # (numbers of the writers of rows, of those that share the run with others)
    Column("kind", String(16), nullable=False),
    Column("path_json", Text, nullable=False, default=""),  # keys of a nested dict, or empty
    # The catalogue, as of the last seal:
    Column("n", BigInteger, nullable=False, default=0),
    Column("first_step", BigInteger),
    Column("last_step", BigInteger),
    Column("min_step", BigInteger),
    Column("max_step", BigInteger),
    Column("first_us", BigInteger),
    Column("last_us", BigInteger),
    Column("min_us", BigInteger),
    Column("max_us", BigInteger),
    Column("steps_ascend", Boolean, nullable=False, default=True),  # never decreased, in arrival
    Column("times_ascend", Boolean, nullable=False, default=True),
    Column("values_ascend", Boolean, nullable=False, default=True),  # finite and never decreased
    Column("first_json", Text, nullable=False, default="null"),  # JSON with NaN and Infinity
    Column("last_json", Text, nullable=False, default="null"),
    Column("min_value", Float),
    Column("max_value", Float),
    Column("total", Float),  # sum of the finite values
    Column("finite", BigInteger, nullable=False, default=0),
    Column("nan", BigInteger, nullable=False, default=0),
    Column("pos_inf", BigInteger, nullable=False, default=0),
    Column("neg_inf", BigInteger, nullable=False, default=0),
    Column("watched", Boolean, nullable=False, default=False),  # histograms with batch counts
    Column("media", String(64), nullable=False, default=""),  # _type of the last JSON value
    UniqueConstraint("attempt_id", "key", "kind"),
    sqlite_autoincrement=True,  # caches know a series by its id: none is used twice
)

tail = Table(
    "tail",
    metadata,
    _id(),  # order of arrival in the store
    _run_reference(),
    _reference("writer.id"),
    Column("seq", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("writer_id", "seq"),
    Index("tail_by_run", "run_uid", "id"),
)


def _block_columns() -> list[Column[Any]]:
    return [
        Column("n", Integer, nullable=False),
        Column("ordinal", BigInteger, nullable=False),  # of the first entry, within its level
        Column("s0", BigInteger, nullable=False),  # least step
        Column("s1", BigInteger, nullable=False),  # greatest step
        Column("t0", BigInteger, nullable=False),  # least and greatest time, us
        Column("t1", BigInteger, nullable=False),
        Column("open", Boolean, nullable=False),  # replaced until full
        Column("codec", Integer, nullable=False),
        Column("data", LargeBinary, nullable=False),
    ]


block = Table(
    "block",
    metadata,
    _id(),
    _reference("series.id"),
    Column("level", Integer, nullable=False),  # 0: points; k: nodes of 64 * 16**(k - 1) points
    *_block_columns(),
    Index("block_by_place", "series_id", "open", "level", "ordinal", "s0", "s1"),
)

# Statistics lie before the counts: SQLite reads no further than the last column asked for.
hist_block = Table(
    "hist_block",
    metadata,
    _id(),
    _reference("series.id"),
    *_block_columns(),  # data: statistics
    Column("counts", LargeBinary, nullable=False),
    Column("magnitude", LargeBinary, nullable=False),
    Index("hist_block_by_place", "series_id", "open", "ordinal", "s0", "s1"),
)

json_block = Table(
    "json_block",
    metadata,
    _id(),
    _reference("series.id"),
    *_block_columns(),
    Index("json_block_by_place", "series_id", "open", "ordinal", "s0", "s1"),
)

console_line = Table(
    "console_line",
    metadata,
    _id(),
    _run_reference(),
    _reference("writer.id"),
    Column("number", BigInteger, nullable=False),
    Column("stream", String(8), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("run_uid", "writer_id", "number"),
)

file = Table(
    "file",
    metadata,
    _id(),
    _run_reference(),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mime_type", String(256), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    UniqueConstraint("run_uid", "name"),
)

view = Table(
    "view",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the state
    Column("state_json", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    _id(),
    _run_reference(),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("level", String(8), nullable=False),
    Column("time_us", BigInteger, nullable=False),
    Column("step", BigInteger),  # that the run had come to, where that is known
)

# Artifacts: a collection holds versions (memberships) of artifacts; an artifact belongs to the
# collection it was logged to, its sequence, and may be linked into others.

artifact_collection = Table(
    "artifact_collection",
    metadata,
    _id(),
    _reference("project.id"),
    Column("name", String(256), nullable=False),
    Column("type", String(128), nullable=False),
    Column("is_sequence", Boolean, nullable=False),  # False: holds only linked artifacts
    Column("description", Text, nullable=False, default=""),
    Column("client_id", String(128), nullable=False, default=""),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("tags_json", Text, nullable=False, server_default="[]"),
    UniqueConstraint("project_id", "name"),
)

artifact = Table(
    "artifact",
    metadata,
    _id(),
    _reference("artifact_collection.id"),
    _run_reference(nullable=True),  # that logged it, if any
    Column("state", String(16), nullable=False),  # PENDING, COMMITTED, DELETED
    Column("digest", String(64), nullable=False),
    Column("client_id", String(128), nullable=False, default=""),
    Column("description", Text, nullable=False, default=""),
    Column("metadata_json", Text, nullable=False, default="{}"),
    Column("tags_json", Text, nullable=False, default="[]"),
    # Asked for, set at commit: a list, or when each was asked for by alias.
    Column("aliases_json", Text, nullable=False, default="[]"),
    Column("manifest_sha256", String(64), nullable=False, default=""),
    Column("size_bytes", BigInteger, nullable=False, default=0),
    Column("file_count", Integer, nullable=False, default=0),  # of the native door: so far
    Column("history_step", BigInteger),
    Column("announced_entries", Integer),  # of the native door; committed once all are here
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Index("artifact_by_collection", "artifact_collection_id", "digest"),
    Index("artifact_by_client_id", "client_id"),
)

artifact_membership = Table(
    "artifact_membership",
    metadata,
    _id(),
    _reference("artifact_collection.id"),
    _reference("artifact.id"),
    Column("version", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("artifact_collection_id", "version"),
    UniqueConstraint("artifact_collection_id", "artifact_id"),
)

artifact_alias = Table(
    "artifact_alias",
    metadata,
    _id(),
    _reference("artifact_collection.id"),
    _reference("artifact.id"),
    Column("alias", String(256), nullable=False),
    # When the version was told to have it, not when it was complete.
    Column("told_us", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("artifact_collection_id", "alias"),
)

artifact_entry = Table(
    "artifact_entry",
    metadata,
    _id(),
    _reference("artifact.id"),
    Column("path", Text, nullable=False),
    Column("digest", String(256), nullable=False),  # base64 MD5, or of the reference
    Column("sha256", String(64), nullable=False, default=""),  # of the blob, if stored here
    Column("reference", Text, nullable=False, default=""),
    Column("size_bytes", BigInteger, nullable=False, default=0),
    UniqueConstraint("artifact_id", "path"),
    Index("artifact_entry_by_blob", "sha256"),
)

artifact_use = Table(
    "artifact_use",
    metadata,
    _id(),
    _run_reference(),
    _reference("artifact.id"),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("run_uid", "artifact_id"),
)

blob_md5 = Table(
    "blob_md5",
    metadata,
    Column("md5", String(32), primary_key=True),  # hex
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
)

# The official client's streams: how many lines of each are kept, and what the first one was.
stream_mark = Table(
    "stream_mark",
    metadata,
    _id(),
    _reference("attempt.id"),
    Column("client_id", String(128), nullable=False),  # empty but in shared mode
    Column("stream", String(64), nullable=False),
    Column("next_line", BigInteger, nullable=False),
    Column("first_digest", String(64), nullable=False),
    UniqueConstraint("attempt_id", "client_id", "stream"),
)

sweep = Table(
    "sweep",
    metadata,
    _id(),
    _reference("project.id"),
    Column("name", String(64), nullable=False),
    Column("display_name", Text, nullable=False, default=""),
    Column("config_text", Text, nullable=False),  # YAML, as the client sent it
    Column("state", String(16), nullable=False),  # RUNNING, PAUSED, STOPPED, FINISHED
    Column("given", Integer, nullable=False, default=0),  # parameter sets handed out
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
)

sweep_agent = Table(
    "sweep_agent",
    metadata,
    _id(),
    _reference("sweep.id"),
    Column("host", Text, nullable=False, default=""),
    Column("created_us", BigInteger, nullable=False),
)
