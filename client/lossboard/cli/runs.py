"""`lossboard ls`, `show` and `rm`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
import msgspec

from lossboard.api import Api, Run
from lossboard.printable_text import printable

__all__ = ["list_runs", "remove_run", "show_run"]


def list_runs(project: str | None, *, as_json: bool, server: str | None) -> None:
    """Prints the projects, or the runs of one."""
    api = _api(server)
    if project is None:
        projects = [
            {"project": "/".join(found.path), "runs": found.run_count, "url": found.url}
            for found in api.projects()
        ]
        _print(projects, as_json=as_json)
    else:
        runs = api.runs(project, order="-created_at")
        _print([_line_of(run) for run in runs], as_json=as_json)


def show_run(path: str, *, as_json: bool, server: str | None) -> None:
    """Prints a run with its config and summary."""
    run = _api(server).run(path)
    shown = {
        **_line_of(run),
        "notes": run.notes,
        "group": run.group,
        "last_step": run.lastHistoryStep,
        "exit_code": run.exit_code,
        "config": dict(run.config),
        "summary": dict(run.summary),
        "url": run.url,
    }
    if as_json:
        click.echo(_json(shown))
        return
    for name, value in _flat(shown):
        click.echo(f"{printable(name):24} {value}")


def remove_run(path: str, *, ask: bool, as_json: bool, server: str | None) -> None:
    """Deletes a run, after a question."""
    run = _api(server).run(path)
    if ask:
        click.confirm(f"Delete run {_text(run.name)} ({'/'.join(run.path)})?", abort=True)
    run.delete()
    done = _json({"deleted": "/".join(run.path)}) if as_json else f"Deleted {_text(run.name)}"
    click.echo(done)


def _api(server: str | None) -> Api:
    return Api({"base_url": server} if server else None)


def _line_of(run: Run) -> dict[str, Any]:
    return {
        "run": "/".join(run.path),
        "name": run.name,
        "state": run.state,
        "created": run.created_at,
        "tags": run.tags,
    }


def _print(rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(_json(list(rows)))
    elif rows:
        cells = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
        for line in _columns(cells):
            click.echo(line)


def _columns(cells: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return printable(", ".join(map(str, value)))
    return "" if value is None else printable(str(value))


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
