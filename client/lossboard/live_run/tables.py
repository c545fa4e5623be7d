"""The tables of a run's history, which are artifacts too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lossboard.identity import artifact_name_safe
from lossboard.live_run.handover import client_id_of, hand_over

if TYPE_CHECKING:  # imported when they are first needed: most runs log no table
    from lossboard.live_run.core import Core
    from lossboard.media.combined import CombinedTable
    from lossboard.media.table import Table

__all__ = ["put_table"]

_HASH_LENGTH: Final = 8
_NAMED_INCREMENTS: Final = 100  # of an incremental table, in each of its values


def put_table(run: Core, key: str, table: Table | CombinedTable) -> Mapping[str, Any]:
    """Logs a table that stands in the history, with its media, as an artifact.

    Raises ValueError for a joined or partitioned one whose artifact is not logged yet.
    """
    from lossboard.media.combined import CombinedTable

    if isinstance(table, CombinedTable):
        _check_combined(run, key, table)
        _log_table(run, key, key, table)
        return {"artifact_path": table.reference().ref}
    if table.log_mode == "INCREMENTAL":
        return _put_increment(run, key, table)
    return _log_table(run, key, key, table)


def _put_increment(run: Core, key: str, table: Table) -> Mapping[str, Any]:
    """Logs the rows that a table has got since it was logged last."""
    if run._resumed and not table.increments:
        _resume_increments(run, key, table)
    number, before = table.increment_count, table.increments[-_NAMED_INCREMENTS:]
    place = _log_table(run, f"incr-{key}", f"{number}.{key}", table.increment())
    table.increments, table.increment_count = [*before, place["artifact_path"]], number + 1
    return {**place, "increment_num": number, "previous_increments_paths": before}


def _resume_increments(run: Core, key: str, table: Table) -> None:
    """Has the table go on after what the run had logged before it was resumed."""
    last = run._summary.get(key)
    if isinstance(last, Mapping) and "increment_num" in last:
        table.increments = [*last["previous_increments_paths"], last["artifact_path"]]
        table.increment_count = int(last["increment_num"]) + 1


def _log_table(run: Core, key: str, name: str, table: Table | CombinedTable) -> Mapping[str, str]:
    """Logs the artifact `run-<id>-<key>` with a table called `name`; where it is."""
    from lossboard.artifacts import Artifact
    from lossboard.artifacts.addresses import by_client_id

    artifact = Artifact.internal(_artifact_name(run, key), "run_table")
    path = artifact.add(table, name.strip("/")).path
    client_id = hand_over(run, artifact)
    sequence = client_id_of(f"{run.entity}/{run.project}/{artifact.name}")
    return {
        "artifact_path": by_client_id(client_id, path),
        "_latest_artifact_path": by_client_id(f"{sequence}:latest", path),
    }


def _artifact_name(run: Core, key: str) -> str:
    """W&B's name; of two keys that it would be the same of, the later one's has a hash."""
    name = artifact_name_safe(f"run-{run.id}-{key}")
    if run._home.table_names.setdefault(name, key) == key:
        return name
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:_HASH_LENGTH]
    return artifact_name_safe(f"{name}-{digest}")


def _check_combined(run: Core, key: str, table: CombinedTable) -> None:
    if table.is_settled and table.reference() is None:
        raise ValueError(
            f"{type(table).__name__}s must first be added to an Artifact before logging to a"
            f" Run, and the artifact that has {key!r} is not logged yet: call"
            " run.log_artifact() with it first"
        )
    if doubt := table.doubt():
        run._warn(f"{key!r}: {doubt}")
