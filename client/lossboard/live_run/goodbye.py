"""Words at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping

from lossboard import wire
from lossboard.duties import Duties
from lossboard.live_run.delivery_line import DeliveryLine
from lossboard.live_run.notebook import end_html, in_notebook, show_html
from lossboard.live_run.report import (
    RunLinks,
    delivery_lines,
    end_lines,
    grid_lines,
    history_cells,
    summary_cells,
)
from lossboard.live_run.summary import Summary
from lossboard.live_run.tally import KeyTally
from lossboard.sending.interface import DeliveryReport, Key
from lossboard.sending.sender import Sender
from lossboard.settings import Settings
from lossboard.terminal import Terminal

__all__ = ["deliver_rest", "say_goodbye"]


def deliver_rest(sender: Sender, exit: wire.Exit, terminal: Terminal) -> DeliveryReport:
    """Ends the sender; a line says how far it is, and Ctrl+C ends the waiting."""
    with DeliveryLine(terminal) as line:
        return sender.finish(exit, look=line)


def say_goodbye(
    terminal: Terminal,
    settings: Settings,
    links: RunLinks,
    tallies: Mapping[Key, KeyTally],
    summary: Summary,
    report: DeliveryReport,
    ending: Duties,
) -> None:
    """Prints history and summary, the links, and everything that went wrong with the delivery."""
    terminal.print_waiting()
    values = ending.do("the summary", lambda: dict(summary.items())) or {}  # may ask a device
    history = ending.do(
        "the charts of its history",
        lambda: history_cells(tallies, settings.max_end_of_run_history_metrics),
    )
    cells = ending.do(
        "its summary in print",
        lambda: summary_cells(values, settings.max_end_of_run_summary_metrics),
    )
    notes = delivery_lines(links, report)
    if in_notebook() and "info" in terminal.levels:
        page = end_html(links, history or {}, cells or {}, notes)
        if ending.do("its tables in the notebook", lambda: _shown(page)):
            return
    lines = [
        *grid_lines("Run history:", history or {}),
        *grid_lines("Run summary:", cells or {}),
        *end_lines(links, report),
    ]
    terminal.say("\n".join(["", *lines]), "info", now=True)
    for line in notes:
        terminal.say(line, "warn", now=True)


def _shown(page: str) -> bool:
    show_html(page)
    return True
