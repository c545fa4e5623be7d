"""Artifacts that the native door brings: announced, filled in parts, committed when all is here.

The functions run in a transaction of the writer. What can't be kept becomes a notice of the run,
since the record that it came with is good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import func, select, update

from lossboard.wire import ArtifactPart, LoggedArtifact, Notice, Record, UsedArtifact
from lossboard_server.blobs import is_sha256
from lossboard_server.database import dialect, schema
from lossboard_server.errors import ApiError, Invalid, NotFound
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.queries.artifacts.artifact_references import numbered
from lossboard_server.queries.artifacts.pending_artifacts import Announced, pending
from lossboard_server.writing import artifacts, catalogue
from lossboard_server.writing.writer import Transaction

__all__ = ["commit_complete", "keep_artifacts"]

_ARTIFACT = schema.artifact


def keep_artifacts(transaction: Transaction, uid: int, record: Record) -> None:
    """Keeps what the record says of artifacts."""
    for logged in record.artifacts:
        _or_notice(transaction, uid, partial(_announce, transaction, uid, logged))
    for part in record.artifact_parts:
        _or_notice(transaction, uid, partial(_fill, transaction, part))
    for used in record.used_artifacts:
        _or_notice(transaction, uid, partial(_use, transaction, uid, used))


def _or_notice(transaction: Transaction, uid: int, keep: Callable[[], None]) -> None:
    try:
        keep()
    except ApiError as error:
        notice = Notice("artifact_refused", error.message, transaction.now_us)
        catalogue.add_notices(transaction, uid, [notice])


def _announce(transaction: Transaction, uid: int, logged: LoggedArtifact) -> None:
    known = reads.artifact_by_client_id(transaction.connection, logged.client_id)
    if known is None:
        _create(transaction, uid, logged)
    elif known.state == "COMMITTED":
        aliases = [*logged.aliases, "latest"]
        artifacts.add_aliases(transaction, known.id, aliases)
    else:
        artifacts.want_aliases(transaction, known.id, logged.aliases)
    transaction.touch(uid, "files")


def _create(transaction: Transaction, uid: int, logged: LoggedArtifact) -> None:
    run = schema.run
    project_id = transaction.connection.execute(
        select(run.c.project_id).where(run.c.id == uid)
    ).scalar_one()
    wanted = artifacts.NewArtifact(
        project_id=project_id,
        collection=logged.name,
        type=logged.type,
        digest=logged.digest,
        run_uid=uid if logged.produced else None,
        client_id=logged.client_id,
        sequence_client_id=logged.sequence_client_id,
        description=logged.description,
        metadata=logged.metadata,
        aliases=logged.aliases,
        tags=logged.tags,
        history_step=logged.history_step,
    )
    artifact_id, state = artifacts.create(transaction, wanted)
    # One that the official door committed with this content is found by our id from now on.
    values: dict[str, Any] = {"client_id": logged.client_id}
    if state == "PENDING":
        values |= {"announced_entries": logged.entry_count}
        artifacts.reserve(transaction, artifact_id)
        artifacts.want_aliases(transaction, artifact_id, logged.aliases)
    mine = _ARTIFACT.c.id == artifact_id
    transaction.connection.execute(update(_ARTIFACT).where(mine).values(**values))


def _fill(transaction: Transaction, part: ArtifactPart) -> None:
    known = reads.artifact_by_client_id(transaction.connection, part.client_id)
    if known is None:
        raise NotFound(f"{len(part.entries)} files are of an artifact that was refused")
    if known.state == "COMMITTED":
        return
    for entry in part.entries:
        if not (entry.reference or is_sha256(entry.sha256)):
            raise Invalid(f"file {entry.path!r} of an artifact has no SHA-256 and no reference")
    rows = [
        {
            "artifact_id": known.id,
            "path": entry.path,
            "digest": entry.digest,
            "sha256": entry.sha256,
            "reference": numbered(transaction.connection, entry.reference),
            "size_bytes": entry.size_bytes,
        }
        for entry in part.entries
    ]
    if rows:
        _keep_entries(transaction, known.id, rows)


def _keep_entries(transaction: Transaction, artifact_id: int, rows: list[dict[str, Any]]) -> None:
    """Keeps entries and counts those that are new: a record may bring some for a second time."""
    connection = transaction.connection
    entry, paths = schema.artifact_entry, {row["path"] for row in rows}
    mine = (entry.c.artifact_id == artifact_id, dialect.among(connection, entry.c.path, paths))
    held = connection.execute(select(func.count()).select_from(entry).where(*mine)).scalar_one()
    dialect.upsert(connection, entry, rows, ["artifact_id", "path"])
    count = _ARTIFACT.c.file_count + len(paths) - held
    connection.execute(
        update(_ARTIFACT).where(_ARTIFACT.c.id == artifact_id).values(file_count=count)
    )


def _use(transaction: Transaction, uid: int, used: UsedArtifact) -> None:
    artifact_id = used.artifact_id
    if used.client_id:
        known = reads.artifact_by_client_id(transaction.connection, used.client_id)
        if known is None:
            raise NotFound("the run uses an artifact that is not here")
        artifact_id = known.id
    artifacts.use(transaction, artifact_id, run_uid=uid)
    transaction.touch(uid, "files")


def commit_complete(transaction: Transaction, complete: Sequence[Announced]) -> None:
    """Makes versions of artifacts whose entries and blobs are all here."""
    for one in pending(transaction.connection, complete):  # some may be deleted meanwhile
        artifacts.commit(transaction, one.id)
        uid = reads.created_by(transaction.connection, one.id)
        if uid is not None:
            transaction.touch(uid, "files")
