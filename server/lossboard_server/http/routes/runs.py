"""Single runs: what they are, edits, deletion."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from lossboard.wire import RunFields
from lossboard_server import queries
from lossboard_server.errors import NotFound
from lossboard_server.http.responses import answer, answer_blob, answer_json, require_blob
from lossboard_server.queries.history.console import (
    console_lines,
    file_known,
    find_file,
    list_files,
)
from lossboard_server.queries.runs import runs
from lossboard_server.queries.runs.described_files import (
    DESCRIBED_NAMES,
    described_content,
    files_of_run,
)
from lossboard_server.services import Server
from lossboard_server.writing import bulk_edits, catalogue, places, run_edits
from lossboard_server.writing.writer import Transaction

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])


class Described(BaseModel):
    """The values that an edit started from."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    notes: str | None = None
    group: str | None = None


class RunEdit(BaseModel):
    """The changes of a run; what is absent stays as it is. A field that is no longer what
    it `was` isn't changed: the answer is 409."""

    model_config = ConfigDict(extra="forbid")

    was: Described | None = None
    name: str | None = None
    notes: str | None = None
    tags: list[str] | None = None
    add_tags: list[str] = []
    remove_tags: list[str] = []
    group: str | None = None
    job_type: str | None = None
    color: str | None = None
    config: dict[str, Any] | None = None
    remove_config: list[str] = []
    summary: dict[str, Any] | None = None
    remove_summary: list[str] = []
    stop_requested: bool | None = None


class RunSet(BaseModel):
    """Numbers of several runs, which are changed in one commit."""

    model_config = ConfigDict(extra="forbid")

    runs: Annotated[list[int], Field(min_length=1, max_length=1000)]


class RunSetEdit(RunSet):
    """The changes of each of these runs; what is absent stays as it is."""

    add_tags: list[str] = []
    remove_tags: list[str] = []
    group: str | None = None
    color: str | None = None


class RunSetMove(RunSet):
    """The project that these runs are put into, made if there is none."""

    project: str


@router.patch("")
async def edit_runs(server: Server, request: Request, edit: RunSetEdit) -> Response:
    """Change several runs alike: all of them, or none."""
    await server.writer.write(
        lambda transaction: bulk_edits.edit_runs(
            transaction,
            edit.runs,
            add_tags=edit.add_tags,
            remove_tags=edit.remove_tags,
            group=edit.group,
            color=edit.color,
        )
    )
    return await answer_json(request, {"runs": edit.runs})


@router.post("/delete")
async def delete_runs(server: Server, request: Request, chosen: RunSet) -> Response:
    """Mark several runs deleted; they can be restored for a while."""
    await server.writer.write(lambda transaction: bulk_edits.delete_runs(transaction, chosen.runs))
    return await answer_json(request, {"runs": chosen.runs, "undo_secs": server.settings.undo_secs})


@router.post("/restore")
async def restore_runs(server: Server, request: Request, chosen: RunSet) -> Response:
    """Undo the deletion of several runs."""
    await server.writer.write(lambda transaction: bulk_edits.restore_runs(transaction, chosen.runs))
    return await answer_json(request, {"runs": chosen.runs})


@router.post("/move")
async def move_runs(server: Server, request: Request, move: RunSetMove) -> Response:
    """Put several runs into another project of their entity: all of them, or none."""
    await server.writer.write(
        lambda transaction: places.move_runs(transaction, move.runs, move.project)
    )
    return await answer_json(request, {"runs": move.runs})


@router.patch("/{uid}")
async def edit_run(server: Server, request: Request, uid: int, edit: RunEdit) -> Response:
    """Change a run's description, config, summary, or ask it to stop."""
    fields = RunFields(
        name=edit.name,
        notes=edit.notes,
        tags=None if edit.tags is None else tuple(edit.tags),
        group=edit.group,
        job_type=edit.job_type,
    )
    was = {} if edit.was is None else edit.was.model_dump(exclude_none=True)

    def change(transaction: Transaction) -> None:
        catalogue.edit_run(
            transaction,
            uid,
            config=edit.config,
            removed_config=edit.remove_config,
            summary=edit.summary,
            removed_summary=edit.remove_summary,
            color=edit.color,
            stop_requested=edit.stop_requested,
            fields=run_edits.described(
                transaction,
                uid,
                fields,
                was=was,
                add_tags=edit.add_tags,
                remove_tags=edit.remove_tags,
            ),
        )

    await server.writer.write(change)
    return await _detail(server, request, uid)


@router.delete("/{uid}")
async def delete_run(
    server: Server, request: Request, uid: int, artifacts: bool = False
) -> Response:
    """Mark a run deleted, with the artifacts that it logged or without; it can be restored for a
    while."""
    await server.writer.write(
        lambda transaction: catalogue.delete_run(transaction, uid, with_artifacts=artifacts)
    )
    return await answer_json(request, {"uid": uid, "undo_secs": server.settings.undo_secs})


@router.post("/{uid}/restore")
async def restore_run(server: Server, request: Request, uid: int) -> Response:
    """Undo a deletion."""
    await server.writer.write(lambda transaction: catalogue.restore_run(transaction, uid))
    return await _detail(server, request, uid)


async def _detail(server: Server, request: Request, uid: int) -> Response:
    detail = await server.database.ask(lambda c: runs.run_detail(c, server.runs, uid))
    return await answer_json(request, detail.flat())


@router.get("/{uid}/history")
async def history(
    server: Server,
    request: Request,
    uid: int,
    key: Annotated[list[str] | None, Query()] = None,
    keys: str | None = None,
    min_step: int | None = None,
    max_step: int | None = None,
    limit: int = 1000,
    samples: int | None = None,
    stream: Literal["history", "system"] = "history",
) -> Response:
    """Rows: one for each step, of the last value of each key that arrived; a page of them, or so
    many samples. Keys are given one by one, or, those without commas, in a list."""
    wanted = [*(key or ()), *([] if keys is None else keys.split(","))]
    query = queries.HistoryQuery(
        run=uid,
        keys=None if key is None and keys is None else wanted,
        min_step=min_step,
        max_step=max_step,
        limit=limit,
        samples=samples,
        stream=stream,
    )
    found = await server.database.ask(
        lambda connection: queries.query_history(connection, server.tails, query), is_long=True
    )
    return await answer(request, found)


@router.get("/{uid}/console")
async def console(
    server: Server,
    request: Request,
    uid: int,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 10_000,
    writer: str = "",
) -> Response:
    """Output lines of a run, or of one of its processes, after the first `after` ones."""
    lines, total = await server.database.ask(
        partial(console_lines, uid=uid, after=after, limit=limit, writer=writer)
    )
    return await answer_json(request, {"lines": lines, "total": total})


@router.get("/{uid}/files")
async def files(server: Server, request: Request, uid: int, described: bool = False) -> Response:
    """Files of a run; with those that are made of what is known of it, if asked for."""
    read = partial(files_of_run, memo=server.runs) if described else list_files
    return await answer_json(request, {"files": await server.database.ask(partial(read, uid=uid))})


@router.get("/{uid:int}/files/{name:path}")
async def file(server: Server, uid: int, name: str) -> Response:
    """A file of a run, always as a download."""
    sha256 = await server.database.ask(partial(file_known, uid=uid, name=name))
    if sha256 is None:
        made = await server.database.ask(
            partial(described_content, memo=server.runs, uid=uid, name=name)
        )
        return _made_file(made, f"run {uid} has no file {name!r}")
    if not (server.blobs.has(sha256) or server.blobs.was_damaged(sha256)):
        raise NotFound(f"the content of {name!r} hasn't been uploaded yet: try again later")
    await require_blob(server.blobs, sha256)
    # Only the last part of the name is proposed to the browser, and only as a quoted name.
    filename = name.rpartition("/")[2] or "file"
    kind = "application/octet-stream"
    return answer_blob(server.blobs, sha256, media_type=kind, filename=filename)


def _made_file(content: bytes | None, lack: str) -> Response:
    if content is None:
        raise NotFound(lack)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.delete("/{uid:int}/files/{name:path}")
async def remove_file(server: Server, request: Request, uid: int, name: str) -> Response:
    """Take a file off a run; one that is made of what is known of the run stays."""

    def remove(transaction: Transaction) -> None:
        if name not in DESCRIBED_NAMES:
            find_file(transaction.connection, uid, name)
        catalogue.remove_file(transaction, uid, name)

    await server.writer.write(remove)
    return await answer_json(request, {"uid": uid, "name": name})


# After the addresses above: a run's `files` is no project.
@router.get("/{entity}/{project}/{run_id}")
async def get_run(
    server: Server, request: Request, entity: str, project: str, run_id: str
) -> Response:
    """One run in full."""
    uid = await server.database.ask(lambda c: runs.find_run(c, entity, project, run_id))
    return await _detail(server, request, uid)
