"""Lists of runs, filtered and ordered as W&B's clients ask."""

from __future__ import annotations

import json
from typing import Any

from lossboard.bounds import is_cut
from lossboard_server.queries.runs import run_lists
from lossboard_server.wandb_protocol.configs import config_text
from lossboard_server.wandb_protocol.context import DEFAULT_PAGE, Call, connection_of, id_parts
from lossboard_server.wandb_protocol.run_nodes import RunNode, summary_text
from lossboard_server.wandb_protocol.run_reads import RunReads

__all__ = ["run_count", "run_page", "with_settings"]


def run_count(call: Call, project_id: int, filters: str | None) -> int:
    """How many of the project's runs `filters` hold for."""
    return _runs_of(call, project_id, filters, None, after="", limit=0).total


def _runs_of(
    call: Call, project_id: int, filters: str | None, order: str | None, *, after: str, limit: int
) -> run_lists.RunPage:
    """Some of the project's runs that `filters` hold for, in that order."""
    text = order or "+created_at"
    sort = text.lstrip("+-").replace("summary_metrics.", "summary.").replace(".value", "")
    query = run_lists.RunQuery(
        filter=json.loads(filters or "{}") or {},
        sort={"created_at": "created", "display_name": "name"}.get(sort, sort),
        descending=text.startswith("-"),
        limit=limit,
        after=after,
    )
    with call.read() as connection:
        return run_lists.list_runs(connection, call.services.runs, project_id, query)


def run_page(
    call: Call,
    project_id: int,
    filters: str | None = None,
    order: str | None = None,
    after: str | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    """A connection over such runs."""
    limit = max(1, first or DEFAULT_PAGE)
    found = _runs_of(call, project_id, filters, order, after=after or "", limit=limit)
    reads = RunReads(call, found.runs)
    call.listed.update({run.uid: run for run in found.runs})
    nodes = [RunNode(call, run, reads=reads) for run in found.runs]
    cursors = [place.cursor() for place in found.places]
    return connection_of(nodes, cursors=cursors, total=found.total, more=found.more)


def with_settings(call: Call, data: dict[str, Any]) -> None:
    """Put config and summary into a list of runs that was asked for without them.

    W&B's client leaves them out, and asks for each run by itself when a script looks at one of
    them; it takes them where they are there. What a list has only the size of is left to that.
    """
    project = data.get("project")
    runs = project.get("runs") if isinstance(project, dict) else None
    for edge in (runs or {}).get("edges") or ():
        node = edge.get("node") or {}
        if "historyLineCount" not in node or "config" in node or "id" not in node:
            continue
        run = call.listed.get(int(id_parts(node["id"], "Run")[0]))
        if run is not None and not is_cut(run.config) and not is_cut(run.summary):
            node |= {"config": config_text(run.config), "summaryMetrics": summary_text(run)}
