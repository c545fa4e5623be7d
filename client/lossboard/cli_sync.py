"""`lossboard sync`: delivers spools, and says what became of them."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from lossboard.live_run import sender_options
from lossboard.settings import Settings
from lossboard.sync import SyncReport, sync

__all__ = ["deliver"]


def deliver(
    directories: Sequence[Path], server: str | None, settings: Settings, *, as_json: bool
) -> int:
    """Delivers all spools in the directories; the exit code, 1 where something is left.

    `server` None: each goes where it was meant to, offline ones to the settings' server.
    """
    report = sync(
        directories,
        server,
        stream=io.StringIO() if as_json else sys.stderr,
        options=sender_options(settings),
        offline_url=settings.base_url,
    )
    if as_json:
        click.echo(_json(report))
    for line in [] if as_json else _lines(report):
        click.echo(line, err=True)
    return 1 if report.failed else 0


def _json(report: SyncReport) -> str:
    shown = {
        "delivered": [str(path) for path in report.delivered],
        "skipped": [str(path) for path in report.skipped],
        "failed": {str(path): reason for path, reason in report.failed.items()},
        "rejected": report.rejected,
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _lines(report: SyncReport) -> list[str]:
    lines = [f"Delivered {len(report.delivered)} spools"] if report.delivered else []
    lines += [f"Skipped {path}: its process is still running" for path in report.skipped]
    lines += [f"Kept {path}: {reason}" for path, reason in report.failed.items()]
    if report.rejected:
        lines.append(f"The server refused {report.rejected} records; they are in rejected/")
    return lines or ["Nothing to deliver"]
