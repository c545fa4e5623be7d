"""An artifact is a version when all its files are there, and its aliases follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert

from lossboard_server.database import schema
from lossboard_server.errors import Conflict, Invalid, NotFound
from lossboard_server.queries import artifacts as reads
from lossboard_server.writing import artifacts
from lossboard_server.writing import collections as artifact_collections


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.begin() as opened:
        opened.execute(insert(schema.project).values(entity="local", name="p", created_us=0))
        yield opened
    engine.dispose()


def new(digest: str, **given: Any) -> artifacts.NewArtifact:
    return artifacts.NewArtifact(
        project_id=1, collection="ds", type="dataset", digest=digest, **given
    )


def logged(connection: Connection, digest: str, **given: Any) -> int:
    artifact_id, state = artifacts.create(connection, new(digest, **given), now_us=1)
    if state == "PENDING":
        entry = artifacts.Entry(path="a.txt", digest=digest, size_bytes=3, sha256="f" * 64)
        artifacts.add_entries(connection, artifact_id, [entry])
        artifacts.commit(connection, artifact_id, now_us=2)
    return artifact_id


def test_versions_count_up_and_latest_moves(connection: Connection) -> None:
    first, second = logged(connection, "d1"), logged(connection, "d2")
    latest = reads.artifact_by_name(connection, 1, "ds:latest")
    assert latest is not None and (latest.id, latest.version) == (second, 1)
    oldest = reads.artifact_by_name(connection, 1, "ds:v0")
    assert oldest is not None and (oldest.id, oldest.aliases) == (first, ())


def test_the_same_digest_is_the_same_version(connection: Connection) -> None:
    first = logged(connection, "d1")
    logged(connection, "d2")
    assert logged(connection, "d1", aliases=["best"]) == first
    best = reads.artifact_by_name(connection, 1, "ds:best")
    assert best is not None and (best.version, set(best.aliases)) == (0, {"best", "latest"})


def test_an_upload_that_is_not_complete_is_no_version(connection: Connection) -> None:
    artifact_id, _ = artifacts.create(connection, new("d1"), now_us=1)
    entry = artifacts.Entry(path="a.txt", digest="d", size_bytes=3)
    artifacts.add_entries(connection, artifact_id, [entry])
    with pytest.raises(Conflict, match=r"a\.txt"):
        artifacts.commit(connection, artifact_id, now_us=2)
    assert reads.artifact_by_name(connection, 1, "ds:v0") is None
    collection = reads.collection_by_name(connection, 1, "ds")
    assert collection is not None and collection.versions == 0


def test_a_committed_artifact_keeps_its_files(connection: Connection) -> None:
    artifact_id = logged(connection, "d1")
    with pytest.raises(Conflict, match="COMMITTED"):
        artifacts.add_entries(connection, artifact_id, [])
    assert [entry.path for entry in reads.entries_of(connection, artifact_id)] == ["a.txt"]


def test_a_collection_keeps_its_type(connection: Connection) -> None:
    logged(connection, "d1")
    other = artifacts.NewArtifact(project_id=1, collection="ds", type="model", digest="d2")
    with pytest.raises(Conflict, match="dataset"):
        artifacts.create(connection, other, now_us=3)


def test_a_linked_artifact_is_a_version_of_both_collections(connection: Connection) -> None:
    logged(connection, "d0")
    artifact_id = logged(connection, "d1")
    version = artifacts.link(
        connection, artifact_id, project_id=1, collection="registry", aliases=["prod"], now_us=3
    )
    linked = reads.artifact_by_name(connection, 1, "registry:prod")
    own = reads.artifact_by_id(connection, artifact_id)
    assert linked is not None and own is not None
    assert (version, linked.version, own.version, own.collection) == (0, 0, 1, "ds")


def test_a_deleted_version_is_gone_and_its_number_not_given_again(connection: Connection) -> None:
    artifacts.remove(connection, logged(connection, "d1"), now_us=3)
    assert reads.artifact_by_name(connection, 1, "ds:v0") is None
    logged(connection, "d2")
    latest = reads.artifact_by_name(connection, 1, "ds")
    assert latest is not None and latest.version == 1


def test_an_unknown_artifact_is_said_to_be_unknown(connection: Connection) -> None:
    with pytest.raises(NotFound, match="99"):
        artifacts.use(connection, 99, run_uid=1, now_us=1)


def linked(connection: Connection, artifact_id: int) -> reads.Collection:
    artifacts.link(
        connection, artifact_id, project_id=1, collection="shelf", aliases=["prod"], now_us=3
    )
    return collection(connection, "shelf")


def collection(connection: Connection, name: str) -> reads.Collection:
    found = reads.collection_by_name(connection, 1, name)
    assert found is not None
    return found


def rows_left(connection: Connection) -> int:
    tables = (
        schema.artifact,
        schema.artifact_alias,
        schema.artifact_collection,
        schema.artifact_entry,
        schema.artifact_membership,
    )
    return sum(len(connection.execute(table.select()).all()) for table in tables)


def test_an_unlinked_artifact_stays_where_it_was_logged(connection: Connection) -> None:
    artifact_id = logged(connection, "d1")
    shelf = linked(connection, artifact_id)
    seen = reads.places_of(connection, artifact_id)
    assert [(one.collection, one.joined_us) for one in seen] == [("ds", 2), ("shelf", 3)]
    artifact_collections.unlink(connection, artifact_id, collection_id=shelf.id, now_us=4)
    assert reads.artifact_by_name(connection, 1, "shelf:prod") is None
    assert reads.versions_of(connection, shelf.id) == []
    assert [one.collection for one in reads.places_of(connection, artifact_id)] == ["ds"]
    with pytest.raises(NotFound, match="not linked"):
        artifact_collections.unlink(connection, artifact_id, collection_id=shelf.id, now_us=5)
    with pytest.raises(Conflict, match="delete it"):
        artifact_collections.unlink(
            connection, artifact_id, collection_id=collection(connection, "ds").id, now_us=5
        )


def test_a_deleted_collection_takes_what_was_logged_to_it_along(connection: Connection) -> None:
    linked(connection, logged(connection, "d1"))
    artifact_collections.remove(connection, collection(connection, "ds").id)
    shelf = collection(connection, "shelf")
    assert shelf.versions == 0
    artifact_collections.remove(connection, shelf.id)
    assert rows_left(connection) == 0
    assert reads.artifact_by_id(connection, logged(connection, "d1")) is not None


def test_a_deleted_shelf_leaves_the_artifacts_that_were_linked(connection: Connection) -> None:
    artifact_id = logged(connection, "d1")
    artifact_collections.remove(connection, linked(connection, artifact_id).id)
    assert [one.collection for one in reads.places_of(connection, artifact_id)] == ["ds"]


def test_a_collection_is_edited_where_that_makes_sense(connection: Connection) -> None:
    shelf = linked(connection, logged(connection, "d1"))
    ds = collection(connection, "ds")
    artifact_collections.edit(
        connection, ds.id, now_us=5, name="rows", type="text", description="d", tags=["b", "a", "b"]
    )
    rows = collection(connection, "rows")
    assert (rows.type, rows.description, rows.tags) == ("text", "d", ("b", "a"))
    with pytest.raises(Conflict, match="already"):
        artifact_collections.edit(connection, ds.id, now_us=6, name="shelf")
    with pytest.raises(Invalid, match="expected 1 to 256"):
        artifact_collections.edit(connection, ds.id, now_us=6, name="a/b")
    with pytest.raises(Conflict, match="holds links"):
        artifact_collections.edit(connection, shelf.id, now_us=6, type="text")
