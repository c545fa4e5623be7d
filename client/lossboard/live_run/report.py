"""The texts that a run begins and ends with."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lossboard.faults import short_text, type_name
from lossboard.live_run.tally import KeyTally
from lossboard.printable_text import printable
from lossboard.sending.interface import DeliveryReport, Key
from lossboard.sizes import counted_text, size_text

__all__ = [
    "RunLinks",
    "delivery_lines",
    "end_lines",
    "grid_lines",
    "history_cells",
    "sparkline",
    "start_lines",
    "summary_cells",
]

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_SPARK_WIDTH: Final = 40
_TEXT_LIMIT: Final = 20
_DECIMALS: Final = 5


@dataclass(frozen=True)
class RunLinks:
    """Facts about a run for the messages."""

    name: str
    run_url: str | None  # None offline
    project: str
    project_url: str | None
    directory: str
    emoji: bool = True


def start_lines(links: RunLinks, version: str, *, resumed: bool) -> list[str]:
    """Lines that are printed when a run begins."""
    if links.run_url is None:
        return [
            f"lossboard {version}, offline: run {links.name} is kept in {links.directory}",
            f"Deliver it with: lossboard sync {links.directory}",
        ]
    verb = "Resuming" if resumed else "Syncing"
    return [
        f"lossboard {version}. {verb} run {links.name}",
        f"{_icon(links, '⭐')}View project at {links.project_url}",
        f"{_icon(links, '🚀')}View run at {links.run_url}",
    ]


def end_lines(links: RunLinks, report: DeliveryReport) -> list[str]:
    """Lines that are printed last when a run ends."""
    if links.run_url is None:
        return [f"Deliver this run with: lossboard sync {shlex.quote(_place(links, report))}"]
    lines = [
        f"{_icon(links, '🚀')}View run {links.name} at {links.run_url}",
        f"{_icon(links, '⭐')}View project at {links.project_url}",
    ]
    return lines if report.delivered else lines[:0]


def delivery_lines(links: RunLinks, report: DeliveryReport) -> list[str]:
    """Lines on what went wrong with the delivery, if anything: what is left, refused or lost, and
    why."""
    lines, place = [], _place(links, report)
    if not report.delivered and links.run_url is not None:
        size = size_text(report.undelivered_bytes)
        reason = f" ({_lowered(report.reason)})" if report.reason else ""
        lines.append(f"{size} of run {links.name} could not be delivered yet{reason}.")
        lines.append(f"They are kept in {place}")
        lines.append(f"Deliver them with: lossboard sync {shlex.quote(place)}")
    if report.rejected:
        lines.append(f"The server refused {report.rejected} records; they lie in {place}")
    if report.damaged:
        lines.append(
            f"{report.damaged} records or files changed on disk and are lost; what is left of them"
            f" lies in {place}"
        )
    for kind, amount in sorted(report.dropped.items()):
        lines.append(f"Lost: {counted_text(amount, kind)}, since neither disk nor server took them")
    if report.waited_secs >= 1:
        lines.append(f"Logging waited {report.waited_secs:.0f} s for room in the queue")
    return lines


def history_cells(tallies: Mapping[Key, KeyTally], limit: int) -> dict[str, str]:
    """A sparkline for each number that was logged, by key; at most `limit`."""
    charts = {
        key: sparkline(tally.samples)
        for key, tally in tallies.items()
        if isinstance(key, str) and tally.samples
    }
    return _limited(charts, limit)


def summary_cells(summary: Mapping[str, Any], limit: int) -> dict[str, str]:
    """The plain values of the summary as text, by key; at most `limit`."""
    return _limited({key: _short(v) for key, v in summary.items() if _is_plain(v)}, limit)


def grid_lines(title: str, cells: Mapping[str, str]) -> list[str]:
    """The cells as lines below a title; nothing without any."""
    width = max(map(len, cells), default=0)
    return [title, *(f"  {key:>{width}} {text}" for key, text in cells.items())] if cells else []


def sparkline(values: list[float]) -> str:
    """At most 40 blocks, scaled to the finite values; blanks for the others."""
    if len(values) > _SPARK_WIDTH:
        places = [i * (len(values) - 1) // (_SPARK_WIDTH - 1) for i in range(_SPARK_WIDTH)]
        values = [values[place] for place in places]
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_block(value, low, high) for value in values)


def _block(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return " "
    # Halved, since high - low may be beyond the largest float.
    span = high / 2 - low / 2
    share = (value / 2 - low / 2) / span if span else 0.0
    return _BLOCKS[min(int(share * len(_BLOCKS)), len(_BLOCKS) - 1)]


def _limited(cells: Mapping[str, str], limit: int) -> dict[str, str]:
    shown = sorted(key for key in cells if not key.startswith("_"))
    more = {f"+{len(shown) - limit}": "..."} if len(shown) > limit else {}
    return {printable(key): printable(cells[key]) for key in shown[:limit]} | more


def _place(links: RunLinks, report: DeliveryReport) -> str:
    """The folder of all that is left: the run's folder, which has the spools of its children too,
    unless that could not be kept."""
    spool = report.spool_dir
    moved = spool is not None and not spool.is_relative_to(links.directory)
    return str(spool) if moved else links.directory


def _lowered(reason: str) -> str:
    """As it stands within a sentence; `HTTP ...` stays."""
    return reason[:1].lower() + reason[1:] if reason[1:2].islower() else reason


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= _TEXT_LIMIT else value[: _TEXT_LIMIT - 1] + "…"
    if isinstance(value, float):
        return f"{round(value, _DECIMALS):g}" if math.isfinite(value) else str(value)
    return short_text(value) or type_name(value)  # `str` refuses very long ints


def _icon(links: RunLinks, icon: str) -> str:
    return f"{icon} " if links.emoji else ""
