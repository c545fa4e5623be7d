"""Uses of uploaded bytes: files of runs, manifests, and contents of artifacts."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from lossboard.bounds import MOST_NODES, bytes_excess
from lossboard.wire import WIRE_VERSION, FileEntry, Record, RunStart
from lossboard_server.blobs import Received
from lossboard_server.errors import ApiError, Invalid, NotFound, TooLarge
from lossboard_server.limits import check_json, kept_of_json, too_large_notice
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.queries.history import console
from lossboard_server.queries.runs.described_files import described_content
from lossboard_server.queries.runs.runs import find_run
from lossboard_server.wandb_protocol import artifact_mutations, streams
from lossboard_server.wandb_protocol.context import Call
from lossboard_server.writing.blob_digests import remember_md5
from lossboard_server.writing.records import check_values
from lossboard_server.writing.writer import Transaction

__all__ = ["artifact_file", "keep_upload", "manifest_text", "run_file"]

METADATA_FILE: Final = "wandb-metadata.json"
METADATA_LIMIT_BYTES: Final = 8 << 20  # as much as all of a run's metadata may have
MANIFEST_LIMIT_BYTES: Final = 256 << 20
_MOST_MANIFEST_NODES: Final = 4 * MOST_NODES  # a file has some four


def keep_upload(call: Call, claims: Mapping[str, Any], received: Received) -> None:
    """Does what the signed address said the upload was for."""
    call.write(
        lambda transaction: remember_md5(
            transaction,
            md5=received.md5,
            sha256=received.sha256,
            size_bytes=received.size_bytes,
        )
    )
    if "run" in claims:
        _keep_run_file(call, int(claims["run"]), str(claims["name"]), received)
    elif "artifact" in claims:
        manifest = _manifest_in(call, received)
        artifact_mutations.keep_manifest(call, int(claims["artifact"]), manifest, received.sha256)


class _ManifestEntry(msgspec.Struct, frozen=True):
    """The part of a manifest's file that is read; the rest is skipped."""

    digest: str
    size: int = 0
    ref: str | None = None


class _Manifest(msgspec.Struct, frozen=True):
    contents: dict[str, _ManifestEntry]


def _manifest_in(call: Call, received: Received) -> dict[str, dict[str, Any]]:
    """Entries by path. Raises TooLarge for a manifest of too many files, Invalid for one that is
    none."""
    if received.size_bytes > MANIFEST_LIMIT_BYTES:
        raise TooLarge(f"the manifest is larger than {MANIFEST_LIMIT_BYTES} bytes")
    payload = call.services.blobs.path(received.sha256).read_bytes()
    check_json("the manifest", payload, _MOST_MANIFEST_NODES)
    try:
        manifest = msgspec.json.decode(payload, type=_Manifest)
    except msgspec.DecodeError as error:
        raise Invalid(f"the upload is no manifest of an artifact: {error}") from error
    return {path: msgspec.structs.asdict(entry) for path, entry in manifest.contents.items()}


def _metadata_in(call: Call, received: Received) -> tuple[dict[str, Any], list[str]]:
    """The content of a metadata file, and a sentence for each part that can't be taken; the file
    itself is kept whatever is in it."""
    if received.size_bytes > METADATA_LIMIT_BYTES:
        excess = bytes_excess(received.size_bytes, METADATA_LIMIT_BYTES)
        return {}, [f"{METADATA_FILE}: {excess}"]
    try:
        text = call.services.blobs.path(received.sha256).read_text(encoding="utf-8")
        kept, left_out = kept_of_json("metadata", text)
        check_values("metadata", kept)
    except (ValueError, RecursionError, ApiError) as error:
        return {}, [f"{METADATA_FILE} can't be read ({error})"]
    return kept, list(left_out.values())


def _keep_run_file(call: Call, uid: int, name: str, received: Received) -> None:
    is_metadata = name == METADATA_FILE
    metadata, left_out = _metadata_in(call, received) if is_metadata else ({}, [])

    def keep(transaction: Transaction) -> None:
        run = transaction.run(uid)
        if run is None:
            raise NotFound(f"there is no run with number {uid} to keep {name!r} for")
        start = RunStart(entity=run.entity, project=run.project, run_id=run.run_id, started_us=0)
        attempt = streams.attempt_of(transaction, start)
        assert attempt is not None, "a run has an attempt"
        entry = FileEntry(
            name,
            received.sha256,
            received.size_bytes,
            transaction.now_us,
            mimetypes.guess_type(name)[0] or "application/octet-stream",
        )
        notices = [too_large_notice(left_out)] if left_out else []
        record = Record(version=WIRE_VERSION, files=[entry], metadata=metadata, notices=notices)
        streams.send(transaction, attempt, call.client_id, start, record)

    call.write(keep)


def run_file(
    call: Call, entity: str, project: str, run_id: str, name: str
) -> tuple[str, str] | bytes:
    """SHA-256 and type of a run's file, or the content of one that is made of what is known of the
    run; raises NotFound."""
    with call.read() as connection:
        row = console.find_run_file(connection, entity, project, run_id, name)
        if row is None:
            uid = find_run(connection, entity, project, run_id)
            made = described_content(connection, call.services.runs, uid, name)
            if made is not None:
                return made
    if row is None or not call.services.blobs.has(row.sha256):
        raise NotFound(f"run {entity}/{project}/{run_id} has no file {name!r}")
    return row.sha256, row.mime_type


def artifact_file(call: Call, md5: str, *place: str) -> str:
    """SHA-256 of the file with this MD5 (hex) in the artifacts of an entity, or of its project and
    collection where they are given; raises NotFound."""
    try:
        digest = base64.b64encode(bytes.fromhex(md5)).decode()
    except ValueError:
        raise NotFound(f"{md5[:80]!r} is no MD5 of a file") from None
    with call.read() as connection:
        names = dict(zip(("entity", "project", "collection"), place, strict=False))
        found = reads.content_by_digest(connection, digest, **names)
    if found is None:
        raise NotFound(f"{'/'.join(place)} has no artifact with a file of MD5 {md5}")
    return found


def manifest_text(call: Call, artifact_id: int) -> str:
    """An artifact's manifest in W&B's form, made from the entries that are stored."""
    with call.read() as connection:
        entries = reads.entries_of(connection, artifact_id)
    contents = {
        entry.path: {"digest": entry.digest, "size": entry.size_bytes}
        | ({"ref": entry.reference} if entry.reference else {})
        for entry in entries
    }
    manifest = {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": contents,
    }
    return json.dumps(manifest)
