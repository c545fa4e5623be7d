"""Saved views of projects, by name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from msgspec import UNSET
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from starlette.responses import Response

from lossboard_server.http.responses import answer_json
from lossboard_server.queries.projects import projects
from lossboard_server.services import Server
from lossboard_server.writing import saved_views

__all__ = ["router"]

router = APIRouter(prefix="/api/projects/{entity}/{project}/views", tags=["projects"])

# In the query: a path can't end with a name such as "..".
ViewName = Annotated[str, Query(min_length=1)]


class ViewContent(BaseModel):
    """The content that a view is to get, and the revision of the one it replaces; null: there is
    none."""

    model_config = ConfigDict(extra="forbid")

    params: dict[str, Any]
    revision: str | None = None


class FirstView(BaseModel):
    """Name of the view that opens by itself; null: none does."""

    model_config = ConfigDict(extra="forbid")

    first: str | None


@router.get("")
async def list_views(server: Server, request: Request, entity: str, project: str) -> Response:
    """The saved views of a project."""

    def read(connection: Connection) -> saved_views.SavedViews:
        project_id = projects.find_project(connection, entity, project)
        return saved_views.saved_views(connection, project_id)

    return await answer_json(request, await server.database.ask(read))


@router.put("")
async def put_view(
    server: Server, request: Request, entity: str, project: str, name: ViewName, view: ViewContent
) -> Response:
    """Save a view under a name; the other views stay as they are."""
    given = "revision" in view.model_fields_set
    kept = await server.writer.write(
        lambda transaction: saved_views.put_view(
            transaction,
            (entity, project),
            name,
            view.params,
            view.revision if given else UNSET,
            server.settings.request_limit_bytes,
        )
    )
    return await answer_json(request, kept)


@router.delete("")
async def delete_view(
    server: Server,
    request: Request,
    entity: str,
    project: str,
    name: ViewName,
    revision: str | None = None,
) -> Response:
    """Delete a view; the other views stay as they are."""
    await server.writer.write(
        lambda transaction: saved_views.delete_view(
            transaction,
            (entity, project),
            name,
            UNSET if revision is None else revision,
            server.settings.request_limit_bytes,
        )
    )
    return await answer_json(request, {"name": name})


@router.patch("")
async def choose_first(
    server: Server, request: Request, entity: str, project: str, choice: FirstView
) -> Response:
    """Choose the view that opens by itself."""
    await server.writer.write(
        lambda transaction: saved_views.set_first_view(
            transaction, (entity, project), choice.first, server.settings.request_limit_bytes
        )
    )
    return await answer_json(request, {"first": choice.first})
