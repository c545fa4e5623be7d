"""The use of the disk by project, run and kind; and giving back what nobody needs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, func, select

from lossboard_server.blobs import BlobStore
from lossboard_server.database import dialect, schema
from lossboard_server.queries.artifacts.blobs import unreferenced

__all__ = ["Use", "free", "use_of"]

_BATCH = 500
_PAGES = 1 << 30  # all that are free


class Use(msgspec.Struct, frozen=True):
    """Bytes of one kind that one run takes; of artifacts, `run` is empty. Files that several runs
    or artifacts share count for each of them."""

    project: str
    run: str
    kind: str
    size_bytes: int


def use_of(connection: Connection) -> list[Use]:
    """The largest first."""
    found = [*_series(connection), *_waiting(connection), *_files(connection)]
    found += _artifacts(connection)
    return sorted(found, key=lambda use: -use.size_bytes)


_KINDS = {"block": "metrics", "hist_block": "histograms", "json_block": "values"}


def _series(connection: Connection) -> list[Use]:
    found: list[Use] = []
    for table in (schema.block, schema.hist_block, schema.json_block):
        others = ("counts", "magnitude") if table is schema.hist_block else ()
        sizes = [func.length(table.c[name]) for name in ("data", *others)]
        query = (
            _of_runs(func.sum(reduce(add, sizes)))
            .join(schema.attempt, schema.attempt.c.run_uid == schema.run.c.id)
            .join(schema.series, schema.series.c.attempt_id == schema.attempt.c.id)
            .join(table, table.c.series_id == schema.series.c.id)
        )
        found += _read(connection, query, _KINDS[table.name])
    return found


def _waiting(connection: Connection) -> list[Use]:
    tail = schema.tail.c
    size = func.sum(func.length(tail.payload))
    query = _of_runs(size).join(schema.tail, tail.run_uid == schema.run.c.id)
    return _read(connection, query, "waiting")


def _files(connection: Connection) -> list[Use]:
    file = schema.file.c
    query = _of_runs(func.sum(file.size_bytes)).join(schema.file, file.run_uid == schema.run.c.id)
    return _read(connection, query, "files")


def _of_runs(size: ColumnElement[Any]) -> Select[Any]:
    run, project = schema.run, schema.project.c
    return (
        select(project.entity, project.name, run.c.run_id, size)
        .select_from(run)
        .join(schema.project, project.id == run.c.project_id)
        .group_by(run.c.id, project.entity, project.name, run.c.run_id)
    )


def _read(connection: Connection, query: Select[Any], kind: str) -> list[Use]:
    rows = connection.execute(query)
    return [Use(f"{entity}/{name}", run, kind, int(size)) for entity, name, run, size in rows]


def _artifacts(connection: Connection) -> list[Use]:
    project, collection, artifact = schema.project.c, schema.artifact_collection, schema.artifact.c
    rows = connection.execute(
        select(project.entity, project.name, func.sum(artifact.size_bytes))
        .select_from(schema.project)
        .join(collection, collection.c.project_id == project.id)
        .join(schema.artifact, artifact.artifact_collection_id == collection.c.id)
        .group_by(project.id, project.entity, project.name)
    )
    return [Use(f"{entity}/{name}", "", "artifacts", int(size)) for entity, name, size in rows]


def _forget(engine: Engine, names: Sequence[str]) -> None:
    """Nobody is told any more that these are here, as after a sweep of the running server."""
    with engine.begin() as connection:
        dialect.begin_write(connection)
        connection.execute(delete(schema.blob_md5).where(schema.blob_md5.c.sha256.in_(names)))


def free(engine: Engine, data_dir: Path, unused_secs: float) -> int:
    """Remove files that nothing names and nobody asked for within `unused_secs`, and give free
    pages back; how many bytes the files had."""
    blobs = BlobStore(data_dir / "blobs", 0)
    names, freed_bytes = blobs.unused(unused_secs=unused_secs), 0
    for first in range(0, len(names), _BATCH):
        with engine.connect() as connection:
            unnamed = unreferenced(connection, names[first : first + _BATCH])
        sizes = {name: blobs.path(name).stat().st_size for name in unnamed}
        gone = [n for n in unnamed if blobs.remove_unused(n, unused_secs=unused_secs)]
        freed_bytes += sum(sizes[name] for name in gone)
        _forget(engine, gone)
    dialect.reclaim_pages(engine, _PAGES)
    dialect.checkpoint(engine)
    return freed_bytes
