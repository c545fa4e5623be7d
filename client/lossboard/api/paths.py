"""Paths of projects and runs, `entity/project/run_id`, with the left parts optional."""

from __future__ import annotations

from lossboard.settings import Settings

__all__ = ["artifact_path", "project_path", "run_path", "sweep_path"]


def project_path(path: str | None, settings: Settings) -> tuple[str, str]:
    """(entity, project) of `entity/project` or `project`; settings fill what is missing.

    Raises ValueError where no project is named.
    """
    parts = [part for part in (path or "").strip("/").split("/") if part]
    if len(parts) > 2:
        raise ValueError(f"{path!r} is not a project: expected 'entity/project' or 'project'")
    project = parts[-1] if parts else settings.project
    if not project:
        raise ValueError("no project is named: give 'entity/project' or 'project'")
    return (parts[0] if len(parts) == 2 else settings.entity), project


def run_path(path: str, settings: Settings) -> tuple[str, str, str]:
    """(entity, project, run id) of `entity/project/run_id`, `project/run_id` or `run_id`.

    The form with `runs` before the id, as in links, is good too. Raises ValueError for others.
    """
    parts = [part for part in path.strip("/").split("/") if part]
    if len(parts) > 2 and parts[-2] == "runs":
        del parts[-2]
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"{path!r} is not a run: expected 'entity/project/run_id'")
    return (*project_path("/".join(parts[:-1]), settings), parts[-1])


def sweep_path(path: str, settings: Settings) -> tuple[tuple[str, str], str]:
    """(entity, project) and id of `entity/project/sweep_id`, `project/sweep_id` or `sweep_id`, also
    with `sweeps` before the id. Raises ValueError for others."""
    parts = [part for part in path.strip("/").split("/") if part]
    if len(parts) > 2 and parts[-2] == "sweeps":
        del parts[-2]
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"{path!r} is no sweep: expected 'entity/project/sweep_id'")
    return project_path("/".join(parts[:-1]), settings), parts[-1]


def artifact_path(name: str, settings: Settings) -> tuple[str, str, str, str]:
    """(entity, project, collection, alias) of `entity/project/collection:alias`, or its end."""
    *place, last = name.strip("/").split("/")
    collection, _, alias = last.partition(":")
    if len(place) > 2 or not collection:
        raise ValueError(f"{name!r} is not an artifact: expected 'entity/project/collection:alias'")
    return (*project_path("/".join(place), settings), collection, alias or "latest")
