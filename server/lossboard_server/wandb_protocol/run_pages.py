"""Lists of runs, filtered and ordered as W&B's clients ask."""

from __future__ import annotations

import json
from typing import Any

from lossboard_server.queries import run_lists
from lossboard_server.wandb_protocol.context import DEFAULT_PAGE, Call, page_of
from lossboard_server.wandb_protocol.run_nodes import run_node

__all__ = ["run_page", "runs_of"]

ALL_RUNS = 1_000_000


def runs_of(
    call: Call, project_id: int, filters: str | None, order: str | None
) -> run_lists.RunPage:
    """The project's runs that `filters` hold for, in that order."""
    text = order or "+created_at"
    sort = text.lstrip("+-").replace("summary_metrics.", "summary.").replace(".value", "")
    query = run_lists.RunQuery(
        filter=json.loads(filters or "{}") or {},
        sort={"created_at": "created", "display_name": "name"}.get(sort, sort),
        descending=text.startswith("-"),
        limit=ALL_RUNS,
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
    found = runs_of(call, project_id, filters, order).runs
    return page_of(found, lambda run: run_node(call, run), after=after, first=first or DEFAULT_PAGE)
