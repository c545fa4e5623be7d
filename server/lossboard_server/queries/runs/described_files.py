"""Files that scripts look for in every run, made from what the run has where nobody uploaded them:
`config.yaml`, `wandb-summary.json`, `wandb-metadata.json` and `output.log`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml
from sqlalchemy import Connection, LargeBinary, cast, func, select

from lossboard_server.database import schema
from lossboard_server.encoding import encode_bare_json
from lossboard_server.queries.history.console import list_files
from lossboard_server.queries.runs.run_rows import RunMemo
from lossboard_server.queries.runs.runs import RunDetail, run_detail

__all__ = ["DESCRIBED_NAMES", "described_content", "files_of_run"]

_CONFIG, _SUMMARY = "config.yaml", "wandb-summary.json"
_METADATA, _LOG = "wandb-metadata.json", "output.log"
_TYPES: Final = {
    _CONFIG: "application/yaml",
    _METADATA: "application/json",
    _LOG: "text/plain",
    _SUMMARY: "application/json",
}
DESCRIBED_NAMES: Final = frozenset(_TYPES)


def files_of_run(connection: Connection, memo: RunMemo, uid: int) -> list[dict[str, Any]]:
    """The files of a run by name; those that are made here have an empty `sha256`."""
    kept = list_files(connection, uid)
    names = {file["name"] for file in kept}
    detail = run_detail(connection, memo, uid)
    made = [
        {
            "name": name,
            "sha256": "",
            "size_bytes": size_bytes,
            "mime_type": _TYPES[name],
            "time_us": detail.run.heartbeat_us,
        }
        for name, size_bytes in _sizes(connection, detail).items()
        if name not in names
    ]
    return sorted([*kept, *made], key=lambda file: str(file["name"]))


def _sizes(connection: Connection, detail: RunDetail) -> Mapping[str, int]:
    sizes = {name: len(_told(detail, name)) for name in _told_names(detail)}
    log_bytes = _log_bytes(connection, detail.run.uid)
    return sizes | ({_LOG: log_bytes} if log_bytes else {})


def described_content(connection: Connection, memo: RunMemo, uid: int, name: str) -> bytes | None:
    """The content of a file that is made here; None for other names, and where there is nothing to
    say: no output at all, no metadata."""
    if name == _LOG:
        return _log(connection, uid) or None
    if name not in _TYPES:
        return None
    detail = run_detail(connection, memo, uid)
    return _told(detail, name) if name in _told_names(detail) else None


def _told_names(detail: RunDetail) -> tuple[str, ...]:
    return (_CONFIG, _METADATA, _SUMMARY) if detail.metadata else (_CONFIG, _SUMMARY)


def _told(detail: RunDetail, name: str) -> bytes:
    if name == _CONFIG:
        values = {key: {"value": value} for key, value in detail.run.config.items()}
        return yaml.safe_dump(values, sort_keys=True, allow_unicode=True).encode()
    told = detail.metadata if name == _METADATA else detail.run.summary
    return encode_bare_json(told).encode()


def _log_bytes(connection: Connection, uid: int) -> int:
    line = schema.console_line.c
    is_sqlite = connection.dialect.name == "sqlite"
    size = func.length(cast(line.text, LargeBinary)) if is_sqlite else func.octet_length(line.text)
    query = select(func.coalesce(func.sum(size + 1), 0)).where(line.run_uid == uid)
    return int(connection.execute(query).scalar_one())


def _log(connection: Connection, uid: int) -> bytes:
    """The output in order of arrival, a line a line."""
    line = schema.console_line.c
    query = select(line.text).where(line.run_uid == uid).order_by(line.id)
    return "".join(f"{text}\n" for text in connection.execute(query).scalars()).encode()
