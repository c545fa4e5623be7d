"""Additions of the Api to a run: records of a writer of its own."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from lossboard import wire
from lossboard.connection import Connection

__all__ = ["RunPlace", "join_run"]

RunPlace = tuple[str, str, str]  # entity, project, run id


def join_run(
    connection: Connection,
    place: RunPlace,
    *,
    name: str = "",
    files: Sequence[wire.FileEntry] = (),
    used_artifacts: Sequence[wire.UsedArtifact] = (),
) -> None:
    """Adds files and inputs to a run. It is made, and called `name`, if there is none."""
    entity, project, run_id = place
    start = wire.RunStart(
        *(entity, project, run_id),
        started_us=time.time_ns() // 1000,
        opens="join",
        name=name,
        primary=False,
        must_end=False,
    )
    record = wire.Record(
        version=wire.WIRE_VERSION,
        start=start,
        files=list(files),
        used_artifacts=list(used_artifacts),
    )
    connection.put_record(secrets.token_hex(16), record)
