"""An artifact is a version when all its files are there, and its aliases follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, insert

from lossboard_server.database import schema
from lossboard_server.errors import Conflict, Invalid, NotFound
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.writing import artifacts
from lossboard_server.writing import collections as artifact_collections
from lossboard_server.writing.run_memo import Facts
from lossboard_server.writing.writer import Transaction


@pytest.fixture
def transaction() -> Iterator[Transaction]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.begin() as opened:
        opened.execute(insert(schema.project).values(entity="local", name="p", created_us=0))
        yield Transaction(opened, Facts())
    engine.dispose()


def new(digest: str, **given: Any) -> artifacts.NewArtifact:
    return artifacts.NewArtifact(
        project_id=1, collection="ds", type="dataset", digest=digest, **given
    )


def logged(transaction: Transaction, digest: str, **given: Any) -> int:
    transaction.now_us = 1
    artifact_id, state = artifacts.create(transaction, new(digest, **given))
    if state == "PENDING":
        entry = artifacts.Entry(path="a.txt", digest=digest, size_bytes=3, sha256="f" * 64)
        artifacts.add_entries(transaction, artifact_id, [entry])
        transaction.now_us = 2
        artifacts.commit(transaction, artifact_id)
    return artifact_id


def test_versions_count_up_and_latest_moves(transaction: Transaction) -> None:
    first, second = logged(transaction, "d1"), logged(transaction, "d2")
    latest = reads.artifact_by_name(transaction.connection, 1, "ds:latest")
    assert latest is not None and (latest.id, latest.version) == (second, 1)
    oldest = reads.artifact_by_name(transaction.connection, 1, "ds:v0")
    assert oldest is not None and (oldest.id, oldest.aliases) == (first, ())


def test_the_same_digest_is_the_same_version(transaction: Transaction) -> None:
    first = logged(transaction, "d1")
    logged(transaction, "d2")
    assert logged(transaction, "d1", aliases=["best"]) == first
    best = reads.artifact_by_name(transaction.connection, 1, "ds:best")
    assert best is not None and (best.version, set(best.aliases)) == (0, {"best", "latest"})


def test_an_upload_that_is_not_complete_is_no_version(transaction: Transaction) -> None:
    artifact_id, _ = artifacts.create(transaction, new("d1"))
    entry = artifacts.Entry(path="a.txt", digest="d", size_bytes=3)
    artifacts.add_entries(transaction, artifact_id, [entry])
    with pytest.raises(Conflict, match=r"a\.txt"):
        artifacts.commit(transaction, artifact_id)
    assert reads.artifact_by_name(transaction.connection, 1, "ds:v0") is None
    collection = reads.collection_by_name(transaction.connection, 1, "ds")
    assert collection is not None and collection.versions == 0


def test_a_committed_artifact_keeps_its_files(transaction: Transaction) -> None:
    artifact_id = logged(transaction, "d1")
    with pytest.raises(Conflict, match="COMMITTED"):
        artifacts.add_entries(transaction, artifact_id, [])
    assert [entry.path for entry in reads.entries_of(transaction.connection, artifact_id)] == [
        "a.txt"
    ]


def test_a_collection_keeps_its_type(transaction: Transaction) -> None:
    logged(transaction, "d1")
    other = artifacts.NewArtifact(project_id=1, collection="ds", type="model", digest="d2")
    with pytest.raises(Conflict, match="dataset"):
        artifacts.create(transaction, other)


def test_a_linked_artifact_is_a_version_of_both_collections(transaction: Transaction) -> None:
    logged(transaction, "d0")
    artifact_id = logged(transaction, "d1")
    version = artifacts.link(
        transaction, artifact_id, project_id=1, collection="registry", aliases=["prod"]
    )
    linked = reads.artifact_by_name(transaction.connection, 1, "registry:prod")
    own = reads.artifact_by_id(transaction.connection, artifact_id)
    assert linked is not None and own is not None
    assert (version, linked.version, own.version, own.collection) == (0, 0, 1, "ds")


def test_a_deleted_version_is_gone_and_its_number_not_given_again(transaction: Transaction) -> None:
    artifacts.remove(transaction, logged(transaction, "d1"))
    assert reads.artifact_by_name(transaction.connection, 1, "ds:v0") is None
    logged(transaction, "d2")
    latest = reads.artifact_by_name(transaction.connection, 1, "ds")
    assert latest is not None and latest.version == 1


def test_an_unknown_artifact_is_said_to_be_unknown(transaction: Transaction) -> None:
    with pytest.raises(NotFound, match="99"):
        artifacts.use(transaction, 99, run_uid=1)


def linked(transaction: Transaction, artifact_id: int) -> reads.Collection:
    transaction.now_us = 3
    artifacts.link(transaction, artifact_id, project_id=1, collection="shelf", aliases=["prod"])
    return collection(transaction, "shelf")


def collection(transaction: Transaction, name: str) -> reads.Collection:
    found = reads.collection_by_name(transaction.connection, 1, name)
    assert found is not None
    return found


def rows_left(transaction: Transaction) -> int:
    tables = (
        schema.artifact,
        schema.artifact_alias,
        schema.artifact_collection,
        schema.artifact_entry,
        schema.artifact_membership,
    )
    return sum(len(transaction.connection.execute(table.select()).all()) for table in tables)


def test_an_unlinked_artifact_stays_where_it_was_logged(transaction: Transaction) -> None:
    artifact_id = logged(transaction, "d1")
    shelf = linked(transaction, artifact_id)
    seen = reads.places_of(transaction.connection, artifact_id)
    assert [(one.collection, one.joined_us) for one in seen] == [("ds", 2), ("shelf", 3)]
    artifact_collections.unlink(transaction, artifact_id, collection_id=shelf.id)
    assert reads.artifact_by_name(transaction.connection, 1, "shelf:prod") is None
    assert reads.versions_of(transaction.connection, shelf.id) == []
    assert [one.collection for one in reads.places_of(transaction.connection, artifact_id)] == [
        "ds"
    ]
    with pytest.raises(NotFound, match="not linked"):
        artifact_collections.unlink(transaction, artifact_id, collection_id=shelf.id)
    with pytest.raises(Conflict, match="delete it"):
        artifact_collections.unlink(
            transaction, artifact_id, collection_id=collection(transaction, "ds").id
        )


def test_a_deleted_collection_takes_what_was_logged_to_it_along(transaction: Transaction) -> None:
    linked(transaction, logged(transaction, "d1"))
    artifact_collections.remove(transaction, collection(transaction, "ds").id)
    shelf = collection(transaction, "shelf")
    assert shelf.versions == 0
    artifact_collections.remove(transaction, shelf.id)
    assert rows_left(transaction) == 0
    assert reads.artifact_by_id(transaction.connection, logged(transaction, "d1")) is not None


def test_a_deleted_shelf_leaves_the_artifacts_that_were_linked(transaction: Transaction) -> None:
    artifact_id = logged(transaction, "d1")
    artifact_collections.remove(transaction, linked(transaction, artifact_id).id)
    assert [one.collection for one in reads.places_of(transaction.connection, artifact_id)] == [
        "ds"
    ]


def test_a_collection_is_edited_where_that_makes_sense(transaction: Transaction) -> None:
    shelf = linked(transaction, logged(transaction, "d1"))
    ds = collection(transaction, "ds")
    artifact_collections.edit(
        transaction, ds.id, name="rows", type="text", description="d", tags=["b", "a", "b"]
    )
    rows = collection(transaction, "rows")
    assert (rows.type, rows.description, rows.tags) == ("text", "d", ("b", "a"))
    with pytest.raises(Conflict, match="already"):
        artifact_collections.edit(transaction, ds.id, name="shelf")
    with pytest.raises(Invalid, match="expected 1 to 256"):
        artifact_collections.edit(transaction, ds.id, name="a/b")
    with pytest.raises(Conflict, match="holds links"):
        artifact_collections.edit(transaction, shelf.id, type="text")
