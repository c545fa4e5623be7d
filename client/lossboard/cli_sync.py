"""`lossboard sync`: delivers spools, and says what became of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from lossboard.live_run import sender_options
from lossboard.settings import Settings
from lossboard.sync import SyncReport, sync

__all__ = ["deliver"]


def deliver(directories: Sequence[Path], server: str | None, settings: Settings) -> int:
    """Delivers all spools in the directories; the exit code, 1 where something is left.

    `server` None: each goes where it was meant to, offline ones to the settings' server.
    """
    options = sender_options(settings)
    report = sync(
        directories, server, stream=sys.stderr, options=options, offline_url=settings.base_url
    )
    for line in _lines(report):
        click.echo(line, err=True)
    return 1 if report.failed else 0


def _lines(report: SyncReport) -> list[str]:
    lines = [f"Delivered {len(report.delivered)} spools"] if report.delivered else []
    lines += [f"Skipped {path}: its process is still running" for path in report.skipped]
    lines += [f"Kept {path}: {reason}" for path, reason in report.failed.items()]
    if report.rejected:
        lines.append(f"The server refused {report.rejected} records; they are in rejected/")
    return lines or ["Nothing to deliver"]
