"""Tables that are put together of tables in artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Protocol

from lossboard.media.base import Media, MediaHome
from lossboard.media.table import Table

__all__ = ["CombinedTable", "JoinedTable", "PartitionedTable"]


class Holder(Protocol):
    """An artifact that a table was added to."""

    def reference_to(self, path: str) -> Any:
        """An entry that refers to its file; None while no run has logged it."""

    def tables_below(self, folder: str) -> Iterable[Any]:
        """Its tables in a folder, by path."""


class CombinedTable(Media):
    """A table that is a file of an artifact: the history names it by its address there."""

    def __init__(self) -> None:
        self._place: tuple[Holder, str] | None = None

    def settle(self, holder: Holder, path: str) -> None:
        """An artifact has it at this path."""
        self._place = (holder, path)

    @property
    def is_settled(self) -> bool:
        """Whether an artifact has it, logged or not."""
        return self._place is not None

    def reference(self) -> Any:
        """The entry by which other artifacts refer to it; None where no logged artifact has it."""
        return None if self._place is None else self._place[0].reference_to(self._place[1])

    def doubt(self) -> str:
        """A warning of what will be amiss when it is shown; empty if nothing."""
        raise NotImplementedError

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        return {"_type": self.kind, **home.put_table(key, self)}

    def __getstate__(self) -> dict[str, Any]:
        """A copy in another process is in no artifact yet."""
        return {**super().__getstate__(), "_place": None}


class PartitionedTable(CombinedTable):
    """A table whose rows lie in several tables below one folder of the artifact it is added to."""

    kind: ClassVar[str] = "partitioned-table"

    def __init__(self, parts_path: str) -> None:
        super().__init__()
        if not isinstance(parts_path, str):
            raise TypeError(f"PartitionedTable parts_path is a folder's path, not {parts_path!r}")
        self.parts_path = parts_path

    def doubt(self) -> str:
        """It has no rows unless it lies beside its parts."""
        if self.is_settled:
            return ""
        return (
            f"no artifact holds the tables below {self.parts_path!r}: add them and this"
            " PartitionedTable to one artifact and log that first"
        )

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Index and cells of each row, part by part; none while no artifact has it."""
        parts = () if self._place is None else self._place[0].tables_below(self.parts_path)
        yield from enumerate(row for part in parts for row in part.data)

    def to_json(self) -> dict[str, Any]:
        """W&B's JSON of it in an artifact."""
        return {"_type": self.kind, "parts_path": self.parts_path}


class JoinedTable(CombinedTable):
    """Two tables joined on a column that both have, or on a column of each.

    A table is a Table or PartitionedTable, an entry of an artifact, or the path of a table in the
    artifact that this one is added to. Raises ValueError for other tables and keys.
    """

    kind: ClassVar[str] = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: str | Sequence[str]) -> None:
        super().__init__()
        for side, table in (("table1", table1), ("table2", table2)):
            if not _is_table(table):
                raise ValueError(
                    f"JoinedTable {side} should be an artifact path to a table (*.table.json) or"
                    f" wandb.Table object, not {table!r}"
                )
        if not _is_key(join_key):
            raise ValueError(
                "JoinedTable join_key should be a string or a list of two strings, not"
                f" {join_key!r}"
            )
        self.table1, self.table2, self.join_key = table1, table2, join_key

    def doubt(self) -> str:
        """Tables are joined only on columns that they have."""
        keys = [self.join_key] * 2 if isinstance(self.join_key, str) else self.join_key
        missing = [
            f"table{number} has no column {key!r}"
            for number, (table, key) in enumerate(
                zip((self.table1, self.table2), keys, strict=True), start=1
            )
            if isinstance(table, Table) and key not in table.columns
        ]
        return f"can't be joined: {', '.join(missing)}" if missing else ""

    def to_json(self, names: tuple[str, str]) -> dict[str, Any]:
        """W&B's JSON of it in an artifact that holds the tables under `names`."""
        return {
            "_type": self.kind,
            "table1": names[0],
            "table2": names[1],
            "join_key": self.join_key,
        }


def _is_table(value: Any) -> bool:
    if isinstance(value, Table | PartitionedTable):
        return True
    path = value if isinstance(value, str) else getattr(value, "path", None)
    return isinstance(path, str) and path.endswith(".table.json")


def _is_key(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value)
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(isinstance(name, str) for name in value)
    )
