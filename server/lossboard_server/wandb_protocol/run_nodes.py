"""Runs as W&B's public API reads them.

A node whose values are all at hand is a dict; one that reads is a class, whose methods are the
fields that read.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from graphql import GraphQLResolveInfo

from lossboard.bounds import is_cut
from lossboard_server.encoding import encode_bare_json
from lossboard_server.queries.history import console
from lossboard_server.queries.runs import runs as run_reads
from lossboard_server.queries.runs.described_files import files_of_run
from lossboard_server.queries.runs.runs import Run
from lossboard_server.wandb_protocol import history, streams
from lossboard_server.wandb_protocol.configs import config_text
from lossboard_server.wandb_protocol.context import Call, global_id, iso_time, page_of, whole_list
from lossboard_server.wandb_protocol.run_reads import RunReads

__all__ = [
    "Info",
    "RunNode",
    "project_stub",
    "run_by_uid",
    "summary_text",
    "upload_file_node",
    "viewer_node",
]

CONSOLE_PAGE = 10_000

Info = GraphQLResolveInfo[Call]


def summary_text(run: Run) -> str:
    """W&B's summary text; non-finite numbers are text in it, as they are in the run: the client's
    JSON reader may not know the tokens."""
    return encode_bare_json(run.summary)


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


def run_by_uid(call: Call, uid: int) -> RunNode:
    """The node of the run with this number; raises NotFound or Gone."""
    with call.read() as connection:
        found = run_reads.run_detail(connection, call.services.runs, uid).run
    return RunNode(call, found)


class RunNode:
    """A run. What is at hand is an attribute; what costs a read is a method, which reads when it is
    asked for, by `reads`, which the runs of one answer share.

    `next_line` is the history line that an opening client goes on from; None: the number of lines
    there are.
    """

    commit = None
    description = None
    readOnly = False
    runInfo = None

    def __init__(
        self, call: Call, run: Run, next_line: int | None = None, reads: RunReads | None = None
    ) -> None:
        self._call, self._run, self._next_line = call, run, next_line
        self._reads = reads or RunReads(call, [run])
        self.uid = run.uid
        self.id = global_id("Run", run.uid, run.run_id)
        self.name = run.run_id
        self.displayName = run.name
        self.state = run.state
        self.group = self.groupName = run.group or None
        self.jobType = run.job_type or None
        self.createdAt = iso_time(run.created_us)
        self.updatedAt = self.heartbeatAt = iso_time(run.heartbeat_us)
        self.notes = run.notes or None
        self.tags = run.tags
        self.user = viewer_node()
        self.stopped = run.stop_requested
        self.lastHistoryStep = run.last_step if run.last_step is not None else -1
        self.parquetHistory: dict[str, list[Any]] = {"parquetUrls": [], "liveData": []}

    def projectId(self, info: Info) -> str:
        return str(self._reads.project_ids[self.uid])

    def project(self, info: Info) -> dict[str, Any]:
        project_id = self._reads.project_ids[self.uid]
        return project_stub(project_id, self._run.entity, self._run.project)

    def sweepName(self, info: Info) -> str | None:
        return self._reads.sweep_names.get(self.uid)

    @property
    def is_cut(self) -> bool:
        """Whether it has only the size of some value of config or summary."""
        return is_cut(self._run.config) or is_cut(self._run.summary)

    def config(self, info: Info | None) -> str:
        return config_text(self._run.config)

    def summaryMetrics(self, info: Info | None) -> str:
        return summary_text(self._run)

    def systemMetrics(self, info: Info) -> str:
        newest = self._reads.system_rows.get(self.uid, {})
        return encode_bare_json(history.system_values(newest))

    def historyLineCount(self, info: Info) -> int:
        known = self._next_line
        return self._reads.line_count(self.uid, streams.HISTORY) if known is None else known

    def eventsLineCount(self, info: Info) -> int:
        is_opening = self._next_line is not None
        return 0 if is_opening else self._reads.line_count(self.uid, streams.EVENTS)

    def logLineCount(self, info: Info) -> int:
        return self._reads.console_counts.get(self.uid, 0)

    def historyTail(self, info: Info) -> str:
        return history.tail_text(self._call, self.uid, "history")

    def eventsTail(self, info: Info) -> str:
        return history.tail_text(self._call, self.uid, "system")

    def wandbConfig(self, info: Info, keys: list[str] | None = None) -> str:
        """A run counts as started when W&B's telemetry is in its config: every run that is here
        was, whichever door it came by."""
        own = self._run.config.get("_wandb")
        values = {"t": {}, **(own if isinstance(own, dict) else {})}
        wanted = {key: value for key, value in values.items() if keys is None or key in keys}
        return encode_bare_json(wanted)

    def historyKeys(self, info: Info, format: str | None = None) -> dict[str, Any]:
        return history.keys_of(self._reads, self._run)

    def history(
        self,
        info: Info,
        samples: int | None = None,
        minStep: int | None = None,
        maxStep: int | None = None,
    ) -> list[str]:
        return history.rows_text(self._call, self._run, samples, minStep, maxStep)

    def events(self, info: Info, samples: int | None = None) -> list[str]:
        return history.system_text(self._call, self.uid, samples)

    def sampledHistory(
        self, info: Info, specs: list[str] | str | None = None
    ) -> list[list[dict[str, Any]]]:
        return history.sampled(self._call, self._run, specs or [])

    def logLines(
        self,
        info: Info,
        first: int | None = None,
        last: int | None = None,
        after: str | None = None,
        useImprovedPagination: bool = False,
    ) -> dict[str, Any]:
        limit = first or CONSOLE_PAGE
        with self._call.read() as connection:
            if last is not None:
                rows = console.numbered_lines(connection, self.uid, first=None, limit=last)
            else:
                begin = int(after or 0)
                rows = console.numbered_lines(connection, self.uid, first=begin, limit=limit + 1)
        more = last is None and len(rows) > limit
        chosen = rows[:limit] if more else rows
        edges = [{"node": _log_line(row)} for row in chosen]
        end = str(chosen[-1].number + 1) if chosen else str(after or 0)
        return {"edges": edges, "pageInfo": {"endCursor": end, "hasNextPage": more}}

    def fileCount(self, info: Info) -> int:
        return len(self._files())

    def _files(self) -> list[dict[str, Any]]:
        with self._call.read() as connection:
            return files_of_run(connection, self._call.services.runs, self.uid)

    def files(
        self,
        info: Info,
        names: list[str] | None = None,
        after: str | None = None,
        first: int | None = None,
        pattern: str | None = None,
        upload: bool = False,
    ) -> dict[str, Any]:
        wanted = {name.removeprefix("./") for name in names or ()}
        if upload and wanted:
            nodes = [upload_file_node(self._call, self.uid, name) for name in sorted(wanted)]
            return whole_list(nodes, lambda node: node)
        rows = self._files()
        if wanted:
            rows = [row for row in rows if row["name"] in wanted]
        if pattern:
            glob = pattern.replace("%", "*").replace("_", "?")  # W&B takes SQL's LIKE
            rows = [row for row in rows if fnmatch.fnmatch(row["name"], glob)]
        return page_of(
            rows, self._file_node, key=lambda row: [row["name"]], after=after, first=first
        )

    def _file_node(self, row: Mapping[str, Any]) -> dict[str, Any]:
        run = self._run
        path = quote(f"{run.entity}/{run.project}/{run.run_id}/{row['name']}")
        url = f"{self._call.base_url}/files/{path}"
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


def _log_line(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "timestamp": iso_time(row.time_us),
        "level": "error" if row.stream == "stderr" else "info",
        "label": "",
        "line": row.text,
    }


def upload_file_node(call: Call, uid: int, name: str) -> dict[str, Any]:
    """A file to be uploaded: its signed address says for which run and under which name."""
    token = call.signer.token(run=uid, name=name.removeprefix("./"))
    url = f"{call.base_url}/storage/{token}"
    return {"name": name, "uploadUrl": url, "url": url, "uploadHeaders": []}
