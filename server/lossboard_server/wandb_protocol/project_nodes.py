"""Projects as W&B's public API reads them."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from lossboard_server.errors import Gone, NotFound
from lossboard_server.queries.artifacts import artifacts as artifact_reads
from lossboard_server.queries.projects import projects as project_reads
from lossboard_server.queries.runs import runs as run_reads
from lossboard_server.wandb_protocol.artifact_nodes import (
    ArtifactNode,
    CollectionNode,
    MembershipNode,
    TypeNode,
    artifact_named,
    collection_named,
    collection_page,
    membership_node,
)
from lossboard_server.wandb_protocol.context import Call, iso_time, page_of
from lossboard_server.wandb_protocol.run_nodes import (
    Info,
    RunNode,
    project_stub,
    run_by_uid,
    viewer_node,
)
from lossboard_server.wandb_protocol.run_pages import run_count, run_page
from lossboard_server.wandb_protocol.sweeps import SweepNode, sweep_node, sweep_page

__all__ = ["ProjectNode", "project_node"]


def project_node(call: Call, entity: str, name: str) -> ProjectNode | None:
    """The project, or None; clients ask for projects that a run is only going to make."""
    with call.read() as connection:
        row = project_reads.project_row(connection, entity=entity, name=name)
    return None if row is None else ProjectNode(call, entity, row)


class ProjectNode:
    """A project; what lies in it is read when asked for."""

    isBenchmark = False
    readOnly = False

    def __init__(self, call: Call, entity: str, row: Any) -> None:
        self._call, self._project_id, self._entity = call, int(row.id), entity
        stub = project_stub(row.id, entity, row.name)
        self.id, self.internalId = stub["id"], stub["internalId"]
        self.name, self.entityName, self.entity = stub["name"], stub["entityName"], stub["entity"]
        self.createdAt = iso_time(row.created_us)
        self.user = viewer_node()

    def runCount(self, info: Info, filters: str | None = None) -> int:
        return run_count(self._call, self._project_id, filters)

    def runs(
        self,
        info: Info,
        filters: str | None = None,
        order: str | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        return run_page(self._call, self._project_id, filters, order, after, first)

    def run(self, info: Info, name: str | None = None) -> RunNode | None:
        try:
            with self._call.read() as connection:
                uid = run_reads.find_run(connection, self._entity, self.name, name or "")
        except (NotFound, Gone):
            return None  # the client asks in order to know whether there is one
        return run_by_uid(self._call, uid)

    def bucket(
        self, info: Info, name: str | None = None, missingOk: bool | None = None
    ) -> RunNode | None:
        return self.run(info, name)

    def totalSweeps(self, info: Info) -> int:
        return int(sweep_page(self._call, self._project_id)["totalCount"])

    def sweeps(
        self,
        info: Info,
        filters: str | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        return sweep_page(self._call, self._project_id, filters, after, first)

    def sweep(self, info: Info, sweepName: str | None = None) -> SweepNode | None:
        return sweep_node(self._call, self._project_id, sweepName or "")

    def artifact(self, info: Info, name: str | None = None) -> ArtifactNode | None:
        return artifact_named(self._call, self._project_id, name)

    def artifactType(self, info: Info, name: str | None = None) -> TypeNode:
        return TypeNode(self._call, self._project_id, name or "")

    def artifactTypes(
        self, info: Info, after: str | None = None, first: int | None = None
    ) -> dict[str, Any]:
        with self._call.read() as connection:
            names = artifact_reads.types_of_project(connection, self._project_id)
        return page_of(
            names,
            lambda name: TypeNode(self._call, self._project_id, name),
            key=lambda name: [name],
            after=after,
            first=first,
        )

    def artifactCollections(
        self, info: Info, after: str | None = None, first: int | None = None, **_: Any
    ) -> dict[str, Any]:
        return collection_page(self._call, self._project_id, after=after, first=first)

    def artifactCollection(self, info: Info, name: str | None = None) -> CollectionNode | None:
        return collection_named(self._call, self._project_id, name)

    def artifactCollectionMembership(
        self, info: Info, name: str | None = None
    ) -> MembershipNode | None:
        collection_name, _, alias = (name or "").partition(":")
        with self._call.read() as connection:
            found = artifact_reads.collection_by_name(connection, self._project_id, collection_name)
        if found is None:
            raise GraphQLError(f"there is no artifact collection {collection_name!r}")
        return membership_node(self._call, found, alias or "latest")
