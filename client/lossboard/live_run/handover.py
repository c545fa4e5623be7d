"""How a run hands an artifact to the server, and finds it there again."""

from __future__ import annotations

import hashlib
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from lossboard import wire
from lossboard.errors import CommError, UsageError, WaitTimeoutError

if TYPE_CHECKING:  # the first two bring what most runs never need
    from lossboard.api import Api
    from lossboard.artifacts import Artifact, StoredArtifact
    from lossboard.live_run.core import Core

__all__ = ["client_id_of", "found_artifact", "hand_over"]

_POLL_SECS: Final = 0.2
_FLUSH_SECS: Final = 2.0


def hand_over(run: Core, artifact: Artifact, *, produced: bool = True) -> str:
    """Puts the artifact and its files to the sender; returns the artifact's client id. With
    `produced` False it is none of the run's own outputs."""
    if artifact.incremental:
        _inherit(run, artifact)
    artifact.finalize()
    entries = artifact.manifest.entries
    for entry in entries.values():
        if entry.local_path is not None and entry.ref is None:
            run._sender.put_blob(Path(entry.local_path), entry.sha256, entry.size)
    logged = msgspec.structs.replace(_announcement(run, artifact), produced=produced)
    run._sender.put_artifact(
        logged,
        [
            wire.ArtifactEntry(path, entry.digest, entry.size, entry.sha256, entry.ref or "")
            for path, entry in sorted(entries.items())
        ],
    )
    client_id = logged.client_id
    artifact.mark_logged(client_id, lambda timeout: _await_artifact(run, client_id, timeout))
    return client_id


def _announcement(run: Core, artifact: Artifact) -> wire.LoggedArtifact:
    place, digest = f"{run.entity}/{run.project}/{artifact.name}", artifact.digest
    return wire.LoggedArtifact(
        client_id=client_id_of(f"{place}:{digest}"),
        name=artifact.name,
        type=artifact.type,
        digest=digest,
        entry_count=artifact.file_count,
        sequence_client_id=client_id_of(place),
        description=artifact.description,
        metadata=artifact.metadata,
        aliases=tuple(artifact._wanted_aliases),
        tags=tuple(artifact.tags),
        history_step=run._steps.step,
    )


def _inherit(run: Core, artifact: Artifact) -> None:
    """An incremental artifact takes over what the latest version holds."""
    if run.offline:
        run._warn(f"offline, artifact {artifact.name!r} is not incremental: it is whole")
        return
    if artifact.name in _collections(run):
        artifact.inherit(found_artifact(run, f"{artifact.name}:latest").manifest)


def _collections(run: Core) -> set[str]:
    types = _api(run).artifact_types(f"{run.entity}/{run.project}")
    return {collection.name for one in types for collection in one.collections()}


def found_artifact(run: Core, name: str) -> Artifact:
    """The artifact of the server with this name, by default one of the run's project."""
    path = name if "/" in name else f"{run.entity}/{run.project}/{name}"
    found: Artifact = _api(run).artifact(path)
    return found


def _api(run: Core) -> Api:
    from lossboard.api import Api  # brings an HTTP library

    place = {"entity": run.entity, "project": run.project}
    return Api({"base_url": run._settings.base_url, **place})


def _await_artifact(run: Core, client_id: str, timeout: float | None) -> StoredArtifact:
    if run.offline:
        raise UsageError("offline, an artifact is no version before `lossboard sync`")
    deadline = time.monotonic() + (math.inf if timeout is None else timeout)
    while True:
        left = deadline - time.monotonic()
        flushed = not run._ended and run._sender.flush(max(0.0, min(left, _FLUSH_SECS)))
        found = _committed(run, client_id)
        if found is not None:
            return found
        if flushed or run._ended:
            raise _why_missing(run)
        if left <= 0:
            raise WaitTimeoutError(f"the artifact was no version within {timeout} seconds")
        time.sleep(_POLL_SECS)


def _committed(run: Core, client_id: str) -> StoredArtifact | None:
    try:
        found = _api(run).artifact_by_client_id(client_id)
    except CommError:  # that the server is away was said by the sender, which goes on trying
        return None
    is_version = found is not None and found.attributes["state"] == "COMMITTED"
    return found if is_version else None


def _why_missing(run: Core) -> Exception:
    """The reason that the server gave for not keeping it."""
    notices = _api(run).run(run.path).notices
    for kind in ("artifact_refused", "rejected"):
        if kind in notices:
            return ValueError(f"the artifact was refused: {notices[kind]}")
    return CommError("the artifact is not complete at the server: run `lossboard sync`")


def client_id_of(place: str) -> str:
    """32 hex digits that name an artifact or collection by what it is."""
    return hashlib.sha256(place.encode()).hexdigest()[:32]
