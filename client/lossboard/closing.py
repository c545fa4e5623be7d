"""What is said when a run ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossboard.notebook import end_html, in_notebook, show_html
from lossboard.report import (
    RunLinks,
    delivery_lines,
    end_lines,
    grid_lines,
    history_cells,
    summary_cells,
)
from lossboard.settings import Settings
from lossboard.tally import KeyTally
from lossboard.terminal import Terminal
from lossboard.terms import DeliveryReport, Key

__all__ = ["say_goodbye"]


def say_goodbye(
    terminal: Terminal,
    settings: Settings,
    links: RunLinks,
    tallies: Mapping[Key, KeyTally],
    summary: Mapping[str, Any],
    report: DeliveryReport,
) -> None:
    """Prints history and summary, the links, and everything that went wrong with the delivery."""
    terminal.print_waiting()
    history = history_cells(tallies, settings.max_end_of_run_history_metrics)
    values = summary_cells(summary, settings.max_end_of_run_summary_metrics)
    if in_notebook() and "info" in terminal.levels:
        show_html(end_html(links, history, values, delivery_lines(links, report)))
        return
    lines = [
        *grid_lines("Run history:", history),
        *grid_lines("Run summary:", values),
        *end_lines(links, report),
    ]
    terminal.say("\n".join(["", *lines]), "info", now=True)
    for line in delivery_lines(links, report):
        terminal.say(line, "warn", now=True)
