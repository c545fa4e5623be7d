"""`lossboard sync`: delivers spools, and says what became of them."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from lossboard.live_run.run import sender_options
from lossboard.printable_text import printable
from lossboard.sending.sync import SyncReport, sync
from lossboard.settings import Settings
from lossboard.sizes import counted_text

__all__ = ["deliver"]

_INTERRUPTED: Final = 130  # as shells say it of SIGINT


def deliver(
    directories: Sequence[Path],
    server: str | None,
    settings: Settings,
    *,
    as_json: bool,
    discard_deleted: bool,
) -> int:
    """Delivers all spools in the directories; the exit code, 1 where something is not at a server
    that should be: it is kept, damaged, or lost. 130 after Ctrl+C, which leaves what is not
    delivered yet.

    `server` None: to the server that the settings name; where they name none, each where it was
    meant to, offline ones to the usual address.
    """
    try:
        report = sync(
            directories,
            server or settings.chosen.get("base_url"),
            stream=io.StringIO() if as_json else sys.stderr,
            options=sender_options(settings),
            offline_url=settings.base_url,
            discard_deleted=discard_deleted,
        )
    except KeyboardInterrupt:
        click.echo("\nStopped. What is left is kept: the same command delivers it", err=True)
        return _INTERRUPTED
    if as_json:
        click.echo(_json(report))
    for line in [] if as_json else _lines(report):
        click.echo(printable(line), err=True)
    return 1 if report.failed or report.damaged or report.missing else 0


def _json(report: SyncReport) -> str:
    shown = {
        "delivered": [str(path) for path in report.delivered],
        "skipped": [str(path) for path in report.skipped],
        "failed": {str(path): reason for path, reason in report.failed.items()},
        "deleted": [str(path) for path in report.deleted],
        "discarded": [str(path) for path in report.discarded],
        "rejected": report.rejected,
        "damaged": {str(path): list(map(str, files)) for path, files in report.damaged.items()},
        "missing": report.missing,
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _runs_text(spools: list[Path], what: str) -> str:
    """Each writer of a run has a spool beside the others."""
    return counted_text(len({spool.parent for spool in spools}), what)


def _lines(report: SyncReport) -> list[str]:
    lines = []
    if report.delivered:
        lines.append(f"Delivered {_runs_text(report.delivered, 'runs')}")
    if report.discarded:
        lines.append(f"Removed {_runs_text(report.discarded, 'deleted runs')}")
    if report.deleted:
        lines.append(
            f"Kept {_runs_text(report.deleted, 'runs')} deleted on the server:"
            " lossboard sync --discard-deleted removes them"
        )
    lines += [f"Skipped {path}: its process is still running" for path in report.skipped]
    lines += [f"Kept {path}: {reason}" for path, reason in report.failed.items()]
    for files in report.damaged.values():
        lines += [f"Damaged, and kept: {file}" for file in files]
    if report.missing:
        lines.append(f"Lost records: {report.missing:,}; they are not on disk any more")
    if report.rejected:
        lines.append(f"The server refused {report.rejected} records; they are in rejected/")
    return lines or ["Nothing to deliver"]
