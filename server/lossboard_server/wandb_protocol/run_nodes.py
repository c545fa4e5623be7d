"""Runs as W&B's public API reads them."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from lossboard_server.encoding import encode_bare_json
from lossboard_server.queries import console
from lossboard_server.queries import runs as run_reads
from lossboard_server.queries.runs import Run
from lossboard_server.wandb_protocol import history, streams
from lossboard_server.wandb_protocol.configs import config_text
from lossboard_server.wandb_protocol.context import Call, global_id, iso_time, page_of
from lossboard_server.wandb_protocol.run_reads import RunReads

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
    """The project as nodes in it show it."""
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


def run_node(
    call: Call, run: Run, next_line: int | None = None, reads: RunReads | None = None
) -> dict[str, Any]:
    """A run; what costs a read is read when it is asked for, by `reads`, which those of one answer
    share. `next_line` is the history line that an opening client goes on from; None: the number of
    lines there are."""
    known = reads or RunReads(call, [run])
    return {
        "uid": run.uid,
        "id": global_id("Run", run.uid, run.run_id),
        "name": run.run_id,
        "displayName": run.name,
        "projectId": lambda info: str(known.project_ids[run.uid]),
        "project": lambda info: project_stub(known.project_ids[run.uid], run.entity, run.project),
        "state": run.state,
        "group": run.group or None,
        "groupName": run.group or None,
        "jobType": run.job_type or None,
        "sweepName": lambda info: known.sweep_names.get(run.uid),
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
        "summaryMetrics": lambda info: encode_bare_json(known.summaries[run.uid]),
        "systemMetrics": lambda info: encode_bare_json(_system_metrics(known, run)),
        "lastHistoryStep": run.last_step if run.last_step is not None else -1,
        "historyLineCount": lambda info: _history_lines(known, run, next_line),
        "eventsLineCount": lambda info: _event_lines(known, run, next_line),
        "logLineCount": lambda info: known.console_counts.get(run.uid, 0),
        "historyTail": lambda info: history.tail_text(call, run.uid, "history"),
        "eventsTail": lambda info: history.tail_text(call, run.uid, "system"),
        # a run counts as started when W&B's telemetry is in its config
        "wandbConfig": lambda info, keys=None: encode_bare_json(_own_config(run, keys)),
        "runInfo": None,
        "historyKeys": lambda info, format=None: history.keys_of(known, run),
        "history": lambda info, **given: history.rows_text(call, run, **given),
        "events": lambda info, samples=None: history.system_text(call, run.uid, samples),
        "sampledHistory": lambda info, specs=None: history.sampled(call, run, specs or []),
        "parquetHistory": {"parquetUrls": [], "liveData": []},
        "logLines": lambda info, **given: _log_lines(call, run.uid, **given),
        "fileCount": lambda info: known.file_counts.get(run.uid, 0),
        "files": lambda info, **given: _file_page(call, run, **given),
    }


def _system_metrics(known: RunReads, run: Run) -> dict[str, Any]:
    return history.system_values(known.system_rows.get(run.uid, {}))


def _own_config(run: Run, keys: list[str] | None) -> dict[str, Any]:
    own = run.config.get("_wandb")
    values = own if isinstance(own, dict) else {}
    # every run that is here was started, whichever door it came by
    values = {"t": {}, **values}
    return {key: value for key, value in values.items() if keys is None or key in keys}


def _history_lines(known: RunReads, run: Run, next_line: int | None) -> int:
    return known.line_count(run.uid, streams.HISTORY) if next_line is None else next_line


def _event_lines(known: RunReads, run: Run, next_line: int | None) -> int:
    return known.line_count(run.uid, streams.EVENTS) if next_line is None else 0


def _log_lines(
    call: Call,
    uid: int,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    limit = first or CONSOLE_PAGE
    with call.read() as connection:
        if last is not None:
            rows = console.numbered_lines(connection, uid, first=None, limit=last)
        else:
            begin = int(after or 0)
            rows = console.numbered_lines(connection, uid, first=begin, limit=limit + 1)
    more = last is None and len(rows) > limit
    chosen = rows[:limit] if more else rows
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
    with call.read() as connection:
        rows = console.list_files(connection, run.uid)
    if upload and wanted:
        nodes = [upload_file_node(call, run.uid, name) for name in sorted(wanted)]
        return page_of(nodes, lambda node: node, after=after, first=first)
    if wanted:
        rows = [row for row in rows if row["name"] in wanted]
    if pattern:
        glob = pattern.replace("%", "*").replace("_", "?")  # W&B takes SQL's LIKE
        rows = [row for row in rows if fnmatch.fnmatch(row["name"], glob)]
    return page_of(rows, lambda row: _file_node(call, run, row), after=after, first=first)


def _file_node(call: Call, run: Run, row: Mapping[str, Any]) -> dict[str, Any]:
    path = quote(f"{run.entity}/{run.project}/{run.run_id}/{row['name']}")
    url = f"{call.base_url}/files/{path}"
    return {
        "id": global_id("File", run.uid, row["name"]),
        "name": row["name"],
        "url": url,
        "directUrl": url,
        "sizeBytes": row["size_bytes"],
        "mimetype": row["mime_type"],
        "updatedAt": iso_time(row["time_us"]),
        "md5": None,
        "digest": None,
    }


def upload_file_node(call: Call, uid: int, name: str) -> dict[str, Any]:
    """A file to be uploaded: its signed address says for which run and under which name."""
    token = call.signer.token(run=uid, name=name.removeprefix("./"))
    url = f"{call.base_url}/storage/{token}"
    return {"name": name, "uploadUrl": url, "url": url, "uploadHeaders": []}
