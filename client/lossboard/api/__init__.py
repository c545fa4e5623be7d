"""`lossboard.Api()`: what runs have logged, read back from the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from lossboard.api.artifacts import ArtifactCollection, ArtifactType, artifact_types
from lossboard.api.files import File
from lossboard.api.histograms import StoredHistogram
from lossboard.api.joining import join_run
from lossboard.api.not_here import NOT_HERE, refuse
from lossboard.api.paths import artifact_path, project_path, run_path, sweep_path
from lossboard.api.projects import Project
from lossboard.api.run import Run, stored_artifact
from lossboard.api.runs import Runs
from lossboard.api.sweeps import Sweep, one_sweep, sweeps_of
from lossboard.api.users import User
from lossboard.artifacts import Artifact, StoredArtifact
from lossboard.connection import Connection, NotFound
from lossboard.errors import UnsupportedError
from lossboard.identity import default_project, generate_id, generate_name
from lossboard.process_settings import setup_fields
from lossboard.settings import resolve

__all__ = [
    "Api",
    "ArtifactCollection",
    "ArtifactType",
    "File",
    "NotFound",
    "Project",
    "Run",
    "Runs",
    "StoredHistogram",
    "Sweep",
    "User",
]

Run.make_sweep = staticmethod(one_sweep)  # sweeps know runs, so runs can't import them


class Api:
    """`wandb.Api` for what runs have logged, and `Run.histograms`.

    `overrides` may hold entity, project and base_url; the rest comes from the environment.
    Methods raise CommError when the server can't be reached, NotFound (a ValueError too) for what
    is not there.
    """

    def __init__(
        self,
        overrides: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        api_key: str | None = None,
    ) -> None:
        given = {"api_key": api_key} if api_key else {}
        self._settings = resolve(setup_fields, overrides or {}, given)
        self._connection = Connection(self._settings, timeout_secs=timeout or 60.0)

    @property
    def default_entity(self) -> str:
        """The entity of paths that name none."""
        return self._settings.entity

    @property
    def settings(self) -> dict[str, Any]:
        """The server it asks, and the meaning of paths that name less."""
        chosen = self._settings
        return {"base_url": chosen.base_url, "entity": chosen.entity, "project": chosen.project}

    @property
    def viewer(self) -> User:
        """Whoever asks."""
        return User(self.default_entity)

    def flush(self) -> None:
        """Does nothing: each call asks the server anew."""

    def from_path(self, path: str) -> Project | Run | Sweep:
        """The project of `entity/project`, the run of `entity/project/run_id` or of its link, the
        sweep of `entity/project/sweeps/sweep_id`. Raises UnsupportedError for reports, ValueError
        for what is no path."""
        parts = [part for part in path.strip("/").split("/") if part]
        if len(parts) < 3:
            return self.project(path)
        if len(parts) == 4 and parts[2] == "sweeps":
            return self.sweep(path)
        if len(parts) == 4 and parts[2] != "runs":
            raise UnsupportedError(
                f"{path!r} names one of the {parts[2]}: lossboard's Api has projects, runs and"
                " sweeps"
            )
        return self.run(path)

    def create_project(self, name: str, entity: str | None = None) -> None:
        """Makes a project, if there is none. It is listed once it has a run."""
        self._connection.put("projects", entity or self.default_entity, name)

    def create_run(
        self, *, run_id: str | None = None, project: str | None = None, entity: str | None = None
    ) -> Run:
        """Makes a run, or gives the one that has this id. It is running until a process that
        resumes it ends, or crashed after a minute in which none logs to it."""
        project = project or self._settings.project or default_project(None)
        place = (entity or self.default_entity, project, run_id or generate_id())
        join_run(self._connection, place, name=generate_name(), files=[])
        return self.run("/".join(place))

    def projects(self, entity: str | None = None, per_page: int = 200) -> list[Project]:
        """The projects of an entity (default: of all), the last active first."""
        found = self._connection.get("projects")["projects"]
        projects = [Project(self._connection, attributes) for attributes in found]
        return [project for project in projects if entity in (None, project.entity)]

    def project(self, name: str, entity: str | None = None) -> Project:
        """One project, by `entity/project` or `project`."""
        path = f"{entity}/{name}" if entity else name
        found = self._connection.get("projects", *project_path(path, self._settings))
        return Project(self._connection, found)

    def runs(
        self,
        path: str | None = None,
        filters: Mapping[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = True,
        lazy: bool = True,
    ) -> Runs:
        """The runs of a project that `filters` hold for, such as {"config.lr": {"$gt": 0.1}}.

        `order` is a field with + (ascending) or - before it: created_at, display_name, state,
        runtime, config.<key>, summary_metrics.<key>.
        """
        place = project_path(path, self._settings)
        return Runs(self._connection, place, filters or {}, order, per_page)

    def run(self, path: str) -> Run:
        """One run, by `entity/project/run_id`."""
        found = self._connection.get("runs", *run_path(path, self._settings))
        return Run(self._connection, found)

    def sweep(self, path: str = "") -> Sweep:
        """One sweep, by `entity/project/sweep_id`."""
        return one_sweep(self._connection, *sweep_path(path, self._settings))

    def sweeps(self, path: str | None = None, per_page: int = 50) -> list[Sweep]:
        """The sweeps of a project, the newest first."""
        return sweeps_of(self._connection, project_path(path, self._settings))

    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """One artifact, by `entity/project/collection:alias`; the alias may be a version `v3`, and
        is `latest` by default. Raises ValueError for one of another type."""
        *place, collection, alias = artifact_path(name, self._settings)
        found = self._connection.get("projects", *place, "artifacts", collection, alias)
        if type not in (None, found["type"]):
            raise ValueError(f"{name} is of type {found['type']!r} and not {type!r}")
        return Artifact.of(stored_artifact(self._connection, found))

    def artifact_by_client_id(self, client_id: str) -> StoredArtifact | None:
        """The artifact that was announced under this id, also while it is no version yet."""
        try:
            found = self._connection.get("artifacts", "by_client_id", client_id)
        except NotFound:
            return None
        return stored_artifact(self._connection, found)

    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether there is such an artifact."""
        try:
            self.artifact(name, type)
        except NotFound:
            return False
        return True

    def artifacts(
        self, type_name: str, name: str, per_page: int = 50, tags: Sequence[str] | None = None
    ) -> list[Artifact]:
        """The versions of `entity/project/collection`, the newest first; with `tags` those that
        have all of them."""
        found = self.artifact_collection(type_name, name).artifacts()
        wanted = {tags} if isinstance(tags, str) else set(tags or ())
        return [artifact for artifact in found if wanted <= set(artifact.tags)]

    artifact_versions = artifacts

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """One collection, by `entity/project/collection`."""
        *place, collection, _ = artifact_path(name, self._settings)
        return ArtifactType(self._connection, (place[0], place[1]), type_name).collection(
            collection
        )

    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Whether there is such a collection, of that type."""
        try:
            return self.artifact_collection(type, name).type == type
        except NotFound:
            return False

    def artifact_collections(
        self, project_name: str, type_name: str, per_page: int = 50
    ) -> list[ArtifactCollection]:
        """The collections of one type in a project, by name."""
        return self.artifact_type(type_name, project_name).collections()

    def __getattr__(self, name: str) -> Any:
        """Raises UnsupportedError, when it is called, for what W&B's Api has and has no meaning
        here."""
        if name not in NOT_HERE:
            raise AttributeError(f"Api has no {name!r}")
        return partial(refuse, name)

    def artifact_types(self, project: str | None = None) -> list[ArtifactType]:
        """The types of a project's artifacts."""
        return artifact_types(self._connection, *project_path(project, self._settings))

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """One type of a project's artifacts."""
        return ArtifactType(self._connection, project_path(project, self._settings), type_name)
