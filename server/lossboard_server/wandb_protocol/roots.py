"""The root fields of queries and mutations, each in a line or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType

from lossboard_server.queries.projects import projects as project_reads
from lossboard_server.queries.runs import runs as run_reads
from lossboard_server.wandb_protocol import (
    artifact_mutations,
    collection_mutations,
    run_mutations,
    sweeps,
)
from lossboard_server.wandb_protocol.artifact_nodes import (
    ArtifactNode,
    CollectionNode,
    artifact_by_global_id,
    artifact_id_of_client,
    artifacts_of_run,
    collection_by_global_id,
)
from lossboard_server.wandb_protocol.context import (
    DEFAULT_ENTITY,
    Call,
    global_id,
    id_parts,
    page_of,
)
from lossboard_server.wandb_protocol.project_nodes import ProjectNode, project_node
from lossboard_server.wandb_protocol.run_nodes import Info, RunNode, upload_file_node, viewer_node
from lossboard_server.writing import catalogue

__all__ = ["RESOLVERS", "Mutations", "Queries"]

FEATURES = ("STRUCTURED_CONSOLE_LOGS", "FILESTREAM_GZIP", "TOTAL_COUNT_IN_FILE_CONNECTION")
# any client that speaks this protocol will do
VERSIONS = {"min_cli_version": "0.16.0", "max_cli_version": "999.0.0"}

RESOLVERS = {
    ("Run", "outputArtifacts"): artifacts_of_run,
    ("Run", "inputArtifacts"): artifacts_of_run,
}

Given = Mapping[str, Any]


class Queries:
    """Resolvers of root query fields."""

    def viewer(self, info: Info) -> dict[str, Any]:
        return viewer_node()

    def serverInfo(self, info: Info) -> dict[str, Any]:
        features = [{"name": name, "isEnabled": True} for name in FEATURES]
        return {"features": features, "latestLocalVersionInfo": None, "cliVersionInfo": VERSIONS}

    def declaredType(self, info: Info, name: str | None = None) -> dict[str, Any]:
        """Clients leave out of their questions the fields that a type doesn't declare."""
        declared = info.schema.type_map.get(name or "")
        fields = declared.fields if isinstance(declared, GraphQLObjectType) else {}
        described = [
            {"name": field, "args": [{"name": argument} for argument in one.args]}
            for field, one in fields.items()
        ]
        return {"name": name, "fields": described, "inputFields": []}

    def entity(self, info: Info, name: str | None = None) -> dict[str, Any]:
        entity = name or DEFAULT_ENTITY
        return {"id": global_id("Entity", entity), "name": entity, "organization": None}

    def project(
        self, info: Info, name: str | None = None, entityName: str | None = None
    ) -> ProjectNode | None:
        return project_node(info.context, entityName or DEFAULT_ENTITY, name or "")

    model = project

    def models(
        self,
        info: Info,
        entityName: str | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        call: Call = info.context
        with call.read() as connection:
            found = project_reads.list_projects(connection).projects
        entity = entityName or DEFAULT_ENTITY
        return page_of(
            [project for project in found if project.entity == entity],
            lambda project: project_node(call, entity, project.name),
            key=lambda project: [-project.last_activity_us, project.name],
            after=after,
            first=first,
        )

    def artifact(self, info: Info, id: str) -> ArtifactNode:
        return ArtifactNode(info.context, artifact_by_global_id(info.context, id))

    def artifactCollection(self, info: Info, id: str) -> CollectionNode:
        return collection_by_global_id(info.context, id)

    def clientIDMapping(self, info: Info, clientID: str) -> dict[str, Any] | None:
        return artifact_id_of_client(info.context, clientID)


class Mutations:
    """Resolvers of root mutation fields."""

    def upsertBucket(self, info: Info, input: Given) -> dict[str, Any]:
        done = run_mutations.upsert_run(info.context, input)
        bucket = _bucket(info.context, done.uid, done.next_line)
        return {"bucket": bucket, "inserted": done.inserted}

    def rewindRun(self, info: Info, input: Given) -> dict[str, Any]:
        done = run_mutations.rewind_run(info.context, input)
        return {"rewoundRun": _bucket(info.context, done.uid, done.next_line)}

    def createRunFiles(self, info: Info, input: Given) -> dict[str, Any]:
        call: Call = info.context
        start = call.start(input.get("entityName"), input.get("projectName"), input["runName"])
        with call.read() as connection:
            uid = run_reads.find_run(connection, start.entity, start.project, start.run_id)
        files = [upload_file_node(call, uid, name) for name in input.get("files") or ()]
        node_id = global_id("Run", uid, start.run_id)
        return {"runID": node_id, "uploadHeaders": [], "files": files}

    def deleteRun(self, info: Info, input: Given) -> dict[str, Any]:
        run_mutations.delete_run(info.context, input)
        return {"success": True}

    def stopRun(self, info: Info, input: Given) -> dict[str, Any]:
        run_mutations.stop_run(info.context, input)
        return {"success": True}

    def deleteFiles(self, info: Info, input: Given) -> dict[str, Any]:
        run_mutations.delete_files(info.context, input)
        return {"success": True}

    def notifyScriptableRunAlert(self, info: Info, input: Given) -> dict[str, Any]:
        run_mutations.notify_alert(info.context, input)
        return {"success": True}

    def upsertModel(self, info: Info, input: Given) -> dict[str, Any]:
        call: Call = info.context
        entity, name = input.get("entityName") or DEFAULT_ENTITY, str(input["name"])
        call.write(lambda transaction: catalogue.open_project(transaction, entity, name))
        node = project_node(call, entity, name)
        return {"project": node, "model": node, "inserted": True}

    def createArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.create_artifact(info.context, input)

    def createArtifactType(self, info: Info, input: Given) -> dict[str, Any]:
        return {"artifactType": {"id": global_id("ArtifactType", input.get("name"))}}

    def createArtifactManifest(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.create_manifest(info.context, input)

    def updateArtifactManifest(self, info: Info, input: Given) -> dict[str, Any]:
        artifact_id, *name = id_parts(input["artifactManifestID"], "Manifest")
        wanted = {"artifactID": global_id("Artifact", artifact_id), "name": ":".join(name)}
        return artifact_mutations.create_manifest(info.context, wanted)

    def createArtifactFiles(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.create_files(info.context, input)

    def commitArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.commit_artifact(info.context, input)

    def updateArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.update_artifact(info.context, input)

    def deleteArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.delete_artifact(info.context, input)

    def useArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.use_artifact(info.context, input)

    def addAliases(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.add_aliases(info.context, input)

    def deleteAliases(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.remove_aliases(info.context, input)

    def linkArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return artifact_mutations.link_artifact(info.context, input)

    def unlinkArtifact(self, info: Info, input: Given) -> dict[str, Any]:
        return collection_mutations.unlink_artifact(info.context, input)

    def updateArtifactSequence(self, info: Info, input: Given) -> dict[str, Any]:
        return collection_mutations.edit_collection(info.context, input)

    updateArtifactPortfolio = moveArtifactSequence = updateArtifactSequence

    def deleteArtifactSequence(self, info: Info, input: Given) -> dict[str, Any]:
        return collection_mutations.remove_collection(info.context, input)

    deleteArtifactPortfolio = deleteArtifactSequence

    def createArtifactCollectionTagAssignments(self, info: Info, input: Given) -> dict[str, Any]:
        return collection_mutations.add_tags(info.context, input)

    def deleteArtifactCollectionTagAssignments(self, info: Info, input: Given) -> dict[str, Any]:
        return collection_mutations.remove_tags(info.context, input)

    def upsertSweep(self, info: Info, input: Given) -> dict[str, Any]:
        return sweeps.upsert_sweep(info.context, input)

    def createAgent(self, info: Info, input: Given) -> dict[str, Any]:
        return sweeps.create_agent(info.context, input)

    def agentHeartbeat(self, info: Info, input: Given) -> dict[str, Any]:
        return sweeps.heartbeat(info.context, input)


def _bucket(call: Call, uid: int, next_line: int) -> RunNode:
    with call.read() as connection:
        run = run_reads.run_detail(connection, call.services.runs, uid).run
    return RunNode(call, run, next_line)
