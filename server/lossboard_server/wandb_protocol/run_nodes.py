"""Runs as W&B's public API reads them."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select

from lossboard_server import queries
from lossboard_server.database import schema
from lossboard_server.encoding import encode_bare_json
from lossboard_server.queries import runs as run_reads
from lossboard_server.queries.runs import Run
from lossboard_server.wandb_protocol import history, streams
from lossboard_server.wandb_protocol.configs import config_text
from lossboard_server.wandb_protocol.context import Call, global_id, iso_time, page_of
from lossboard_server.wandb_protocol.run_mutations import line_count

__all__ = ["project_stub", "run_by_uid", "run_node", "upload_file_node", "viewer_node"]

CONSOLE_PAGE = 10_000


def viewer_node() -> dict[str, Any]:
    """The one user there is."""
    return {
        "id": global_id("User", 1),
        "name": "local",
        "username": "local",
        "email": "local@localhost",
        "entity": "local",
        "admin": True,
        "flags": "{}",
        "deletedAt": None,
        "teams": {"edges": [{"node": {"name": "local"}}]},
        "apiKeys": {"edges": []},
    }


def project_stub(project_id: int, entity: str, name: str) -> dict[str, Any]:
    """What nodes say of the project they lie in."""
    return {
        "id": global_id("Project", entity, name),
        "internalId": str(project_id),
        "name": name,
        "entityName": entity,
        "entity": {"id": global_id("Entity", entity), "name": entity},
    }


def run_by_uid(call: Call, uid: int) -> dict[str, Any]:
    """The node of the run with this number; raises NotFound or Gone."""
    with call.read() as connection:
        found = run_reads.run_detail(connection, call.services.runs, uid).run
    return run_node(call, found)


def run_node(call: Call, run: Run, next_line: int | None = None) -> dict[str, Any]:
    """A run; what costs a read is read when it is asked for. `next_line` is the history line
    that an opening client goes on from; None: the number of lines there are."""
    project_id = _project_id(call, run.uid)
    return {
        "uid": run.uid,
        "id": global_id("Run", run.uid, run.run_id),
        "name": run.run_id,
        "displayName": run.name,
        "projectId": str(project_id),
        "project": project_stub(project_id, run.entity, run.project),
        "state": run.state,
        "group": run.group or None,
        "groupName": run.group or None,
        "jobType": run.job_type or None,
        "sweepName": lambda info: _sweep_name(call, run.uid),
        "commit": None,
        "readOnly": False,
        "createdAt": iso_time(run.created_us),
        "updatedAt": iso_time(run.heartbeat_us),
        "heartbeatAt": iso_time(run.heartbeat_us),
        "description": None,
        "notes": run.notes or None,
        "tags": run.tags,
        "user": viewer_node(),
        "stopped": run.stop_requested,
        "config": config_text(run.config),
        "summaryMetrics": lambda info: encode_bare_json(_summary(call, run.uid)),
        "systemMetrics": lambda info: encode_bare_json(history.last_system_row(call, run.uid)),
        "lastHistoryStep": run.last_step if run.last_step is not None else -1,
        "historyLineCount": lambda info: _line_counts(call, run, next_line)["history"],
        "eventsLineCount": lambda info: _line_counts(call, run, next_line)["events"],
        "logLineCount": lambda info: _console_count(call, run.uid),
        "historyTail": lambda info: history.tail_text(call, run.uid, "history"),
        "eventsTail": lambda info: history.tail_text(call, run.uid, "system"),
        # a run counts as started when W&B's telemetry is in its config
        "wandbConfig": lambda info, keys=None: encode_bare_json(_own_config(run, keys)),
        "runInfo": None,
        "historyKeys": lambda info, format=None: history.keys_of(call, run),
        "history": lambda info, **given: history.rows_text(call, run, **given),
        "events": lambda info, samples=None: history.system_text(call, run.uid, samples),
        "sampledHistory": lambda info, specs=None: history.sampled(call, run, specs or []),
        "parquetHistory": {"parquetUrls": [], "liveData": []},
        "logLines": lambda info, **given: _log_lines(call, run.uid, **given),
        "fileCount": lambda info: len(_files(call, run.uid)),
        "files": lambda info, **given: _file_page(call, run, **given),
    }


def _project_id(call: Call, uid: int) -> int:
    with call.read() as connection:
        query = select(schema.run.c.project_id).where(schema.run.c.id == uid)
        return int(connection.execute(query).scalar_one())


def _sweep_name(call: Call, uid: int) -> str | None:
    with call.read() as connection:
        metadata = run_reads.run_detail(connection, call.services.runs, uid).metadata
    return metadata.get("sweep")


def _summary(call: Call, uid: int) -> dict[str, Any]:
    with call.read() as connection:
        summary = queries.summaries(connection, call.services.tails, [uid])[uid]
    return {key: _finite(value) for key, value in summary.items()}


def _finite(value: Any) -> Any:
    """NaN and infinities as text: the client's JSON reader may not know the tokens."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return value


def _own_config(run: Run, keys: list[str] | None) -> dict[str, Any]:
    own = run.config.get("_wandb")
    values = own if isinstance(own, dict) else {}
    # every run that is here was started, whichever door it came by
    values = {"t": {}, **values}
    return {key: value for key, value in values.items() if keys is None or key in keys}


def _line_counts(call: Call, run: Run, next_line: int | None) -> dict[str, int]:
    if next_line is not None:
        return {"history": next_line, "events": 0}

    def count(transaction: Any) -> dict[str, int]:
        start = call.start(run.entity, run.project, run.run_id)
        attempt = streams.attempt_of(transaction, start)
        if attempt is None:
            return {"history": 0, "events": 0}
        events = streams.written_lines(transaction, attempt).get(streams.EVENTS, 0)
        return {"history": line_count(transaction, attempt), "events": events}

    return call.write(count)


def _console_count(call: Call, uid: int) -> int:
    line = schema.console_line
    with call.read() as connection:
        query = select(func.count()).select_from(line).where(line.c.run_id == uid)
        return int(connection.execute(query).scalar_one())


def _log_lines(
    call: Call,
    uid: int,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    line = schema.console_line
    query = select(line).where(line.c.run_id == uid)
    if last is not None:
        query = query.order_by(line.c.number.desc()).limit(last)
    else:
        query = query.where(line.c.number >= int(after or 0)).order_by(line.c.number)
        query = query.limit((first or CONSOLE_PAGE) + 1)
    with call.read() as connection:
        rows = list(connection.execute(query))
    more = last is None and len(rows) > (first or CONSOLE_PAGE)
    chosen = rows[::-1] if last is not None else rows[: first or CONSOLE_PAGE]
    edges = [{"node": _log_line(row)} for row in chosen]
    end = str(chosen[-1].number + 1) if chosen else str(after or 0)
    return {"edges": edges, "pageInfo": {"endCursor": end, "hasNextPage": more}}


def _log_line(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "timestamp": iso_time(row.time_us),
        "level": "error" if row.stream == "stderr" else "info",
        "label": "",
        "line": row.text,
    }


def _files(call: Call, uid: int) -> list[Any]:
    file = schema.file
    with call.read() as connection:
        return list(
            connection.execute(select(file).where(file.c.run_id == uid).order_by(file.c.name))
        )


def _file_page(
    call: Call,
    run: Run,
    names: list[str] | None = None,
    after: str | None = None,
    first: int | None = None,
    pattern: str | None = None,
    upload: bool = False,
) -> dict[str, Any]:
    wanted = {name.removeprefix("./") for name in names or ()}
    rows = _files(call, run.uid)
    if upload and wanted:
        nodes = [upload_file_node(call, run.uid, name) for name in sorted(wanted)]
        return page_of(nodes, lambda node: node, after=after, first=first)
    if wanted:
        rows = [row for row in rows if row.name in wanted]
    if pattern:
        glob = pattern.replace("%", "*").replace("_", "?")  # W&B takes SQL's LIKE
        rows = [row for row in rows if fnmatch.fnmatch(row.name, glob)]
    return page_of(rows, lambda row: _file_node(call, run, row), after=after, first=first)


def _file_node(call: Call, run: Run, row: Any) -> dict[str, Any]:
    path = quote(f"{run.entity}/{run.project}/{run.run_id}/{row.name}")
    url = f"{call.base_url}/files/{path}"
    return {
        "id": global_id("File", run.uid, row.name),
        "name": row.name,
        "url": url,
        "directUrl": url,
        "sizeBytes": row.size_bytes,
        "mimetype": row.mime_type,
        "updatedAt": iso_time(row.time_us),
        "md5": None,
        "digest": None,
    }


def upload_file_node(call: Call, uid: int, name: str) -> dict[str, Any]:
    """A file to be uploaded: its signed address says for which run and under which name."""
    token = call.signer.token(run=uid, name=name.removeprefix("./"))
    url = f"{call.base_url}/storage/{token}"
    return {"name": name, "uploadUrl": url, "url": url, "uploadHeaders": []}
