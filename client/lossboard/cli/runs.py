"""`lossboard ls`, `show`, `export` and `rm`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from lossboard.api import Api, Run
from lossboard.errors import UsageError
from lossboard.printable_text import printable

__all__ = ["export_runs", "list_runs", "remove_run", "show_run"]


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


def export_runs(
    project: str,
    target: Path | None,
    *,
    keys: Sequence[str],
    x: str,
    filters: str | None,
    server: str | None,
) -> None:
    """Writes the rows of a project's runs to a CSV or Parquet file, or as CSV to the terminal."""
    runs = _api(server).runs(project, filters=_filters(filters), per_page=500)
    if target is None:
        runs.to_csv(sys.stdout, list(keys), x)
        return
    if target.suffix not in (".csv", ".parquet"):
        raise UsageError(f"{str(target)!r}: expected a name that ends in .csv or .parquet")
    if target.suffix == ".parquet":
        count = runs.to_parquet(target, list(keys), x)
    else:
        with target.open("w", encoding="utf-8", newline="") as file:
            count = runs.to_csv(file, list(keys), x)
    click.echo(f"{count:,} rows of {len(runs):,} runs are in {target}", err=True)


def _filters(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise UsageError(f"the filter is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"a filter is an object such as {{'state': 'finished'}}, not {text}")
    return found


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
