"""Lists of runs, filtered and ordered as W&B's clients ask."""

from __future__ import annotations

import json
from typing import Any

from lossboard_server.queries.runs import run_lists
from lossboard_server.wandb_protocol.context import DEFAULT_PAGE, Call, connection_of
from lossboard_server.wandb_protocol.run_nodes import RunNode
from lossboard_server.wandb_protocol.run_reads import RunReads

__all__ = ["run_count", "run_page"]


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
    nodes = [RunNode(call, run, reads=reads) for run in found.runs]
    call.listed.update({node.uid: node for node in nodes})
    cursors = [place.cursor() for place in found.places]
    return connection_of(nodes, cursors=cursors, total=found.total, more=found.more)
