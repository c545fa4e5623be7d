"""The tables of a run's history, which are artifacts too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from lossboard.identity import artifact_name_safe
from lossboard.run.artifacts import client_id_of
from lossboard.run.models import RunModels

if TYPE_CHECKING:  # imported when they are first needed: most runs log no table
    from lossboard.media.combined import CombinedTable
    from lossboard.media.table import Table
    from lossboard.run.summary import Summary

__all__ = ["RunTables"]

_NAMED_INCREMENTS: Final = 100  # of an incremental table, in each of its values


class RunTables(RunModels):
    """A run as the home of tables."""

    _summary: Summary

    def put_table(self, key: str, table: Table | CombinedTable) -> Mapping[str, Any]:
        """Logs a table that stands in the history, with its media, as an artifact.

        Raises ValueError for a joined or partitioned one whose artifact is not logged yet.
        """
        from lossboard.media.combined import CombinedTable

        if isinstance(table, CombinedTable):
            self._check_combined(key, table)
            self._log_table(key, key, table)
            return {"artifact_path": table.reference().ref}
        if table.log_mode == "INCREMENTAL":
            return self._put_increment(key, table)
        return self._log_table(key, key, table)

    def _put_increment(self, key: str, table: Table) -> Mapping[str, Any]:
        """Logs the rows that a table has got since it was logged last."""
        if self.resumed and not table.increments:
            self._resume_increments(key, table)
        number, before = table.increment_count, table.increments[-_NAMED_INCREMENTS:]
        place = self._log_table(f"incr-{key}", f"{number}.{key}", table.increment())
        table.increments, table.increment_count = [*before, place["artifact_path"]], number + 1
        return {**place, "increment_num": number, "previous_increments_paths": before}

    def _resume_increments(self, key: str, table: Table) -> None:
        """Has the table go on after what the run had logged before it was resumed."""
        last = self._summary.get(key)
        if isinstance(last, Mapping) and "increment_num" in last:
            table.increments = [*last["previous_increments_paths"], last["artifact_path"]]
            table.increment_count = int(last["increment_num"]) + 1

    def _log_table(self, key: str, name: str, table: Table | CombinedTable) -> Mapping[str, str]:
        """Logs the artifact `run-<id>-<key>` with a table called `name`; where it is."""
        from lossboard.artifacts import Artifact
        from lossboard.artifacts.addresses import by_client_id

        artifact = Artifact.internal(artifact_name_safe(f"run-{self.id}-{key}"), "run_table")
        path = artifact.add(table, name.strip("/")).path
        client_id = self._log(artifact)
        sequence = client_id_of(f"{self.entity}/{self.project}/{artifact.name}")
        return {
            "artifact_path": by_client_id(client_id, path),
            "_latest_artifact_path": by_client_id(f"{sequence}:latest", path),
        }

    def _check_combined(self, key: str, table: CombinedTable) -> None:
        if table.is_settled and table.reference() is None:
            raise ValueError(
                f"{type(table).__name__}s must first be added to an Artifact before logging to a"
                f" Run, and the artifact that has {key!r} is not logged yet: call"
                " run.log_artifact() with it first"
            )
        if doubt := table.doubt():
            self.warn(f"{key!r}: {doubt}")
