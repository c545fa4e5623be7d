"""Jupyter: links and pages of a run shown in the notebook."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lossboard.live_run.report import RunLinks

__all__ = [
    "cell",
    "end_html",
    "frame_html",
    "in_notebook",
    "shell",
    "show_html",
    "shown_text",
    "start_html",
]


class Cell:
    """The cell that is running; `%%wandb` gives it a height for the page of a run that begins."""

    def __init__(self) -> None:
        self.frame_height_px: int | None = None


cell = Cell()


def shell() -> Any:
    """IPython's shell, if the program runs in one."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython() if get_ipython else None


def in_notebook() -> bool:
    """Whether output goes to a notebook: an IPython shell with a kernel behind it."""
    return getattr(shell(), "kernel", None) is not None


def show_html(text: str) -> None:
    """Shows HTML below the cell."""
    import IPython.display  # there, since we are in a notebook

    show: Any = IPython.display
    show.display(show.HTML(text))


def shown_text(text: str) -> Callable[[str], None]:
    """Shows text below the cell; what is returned puts another in its place."""
    import IPython.display  # there, since we are in a notebook

    show: Any = IPython.display
    handle = show.display(show.HTML(html.escape(text)), display_id=True)
    return lambda other: handle.update(show.HTML(html.escape(other)))


def start_html(links: RunLinks, *, resumed: bool) -> str:
    """The links of a run that begins."""
    verb = "Resuming" if resumed else "Syncing"
    if links.run_url is None:
        directory = html.escape(links.directory)
        return f"Run <b>{html.escape(links.name)}</b> is kept offline in <code>{directory}</code>"
    return (
        f"{verb} run <b>{_link(links.run_url, links.name)}</b>"
        f" of project {_link(links.project_url or '', links.project)}"
    )


def end_html(
    links: RunLinks, history: Mapping[str, str], summary: Mapping[str, str], notes: Iterable[str]
) -> str:
    """Two tables, history and summary, and the links of a run that ended."""
    tables = _table("Run history", history) + _table("Run summary", summary)
    shown = f'<div style="display:flex;gap:3em">{tables}</div>'
    if links.run_url is not None:
        shown += f"View run {_link(links.run_url, links.name)}"
    return shown + "".join(f"<br>{html.escape(note)}" for note in notes)


def frame_html(url: str, height_px: int, *, hidden: bool = False) -> str:
    """The run's page in a frame; `hidden` behind a button that opens it."""
    # IPython warns of HTML that is a frame and nothing else
    frame = (
        f'<div><iframe src="{html.escape(url)}?jupyter=true"'
        f' style="border:none;width:100%;height:{height_px}px"></iframe></div>'
    )
    if not hidden:
        return frame
    return f"<details><summary>Display lossboard run</summary>{frame}</details>"


def _link(url: str, text: str) -> str:
    return f'<a href="{html.escape(url)}" target="_blank">{html.escape(text)}</a>'


def _table(title: str, cells: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(key)}</td><td>{html.escape(text)}</td></tr>"
        for key, text in cells.items()
    )
    return f"<div><b>{html.escape(title)}</b><table>{rows}</table></div>"
