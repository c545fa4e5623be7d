"""`%wandb [path] [-h 420]` and `%%wandb [-h 420]`: pages of runs in a notebook."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from lossboard.errors import UsageError
from lossboard.live_run.notebook import cell, frame_html, in_notebook, shell, show_html
from lossboard.opening.current import runs
from lossboard.page_urls import page_url
from lossboard.settings import resolve
from lossboard.terminal import termlog, termwarn

__all__ = ["register_magics"]

_HEIGHT_PX = 420


def register_magics() -> None:
    """Adds the magics to IPython's shell, if the program runs in one."""
    found = shell()
    if found is not None:
        found.register_magic_function(_show, magic_kind="line", magic_name="wandb")
        found.register_magic_function(_run_cell, magic_kind="cell", magic_name="wandb")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}; it takes: {self.format_usage().strip()}")


def _parser(prog: str) -> _Parser:
    parser = _Parser(prog=prog, add_help=False)
    parser.add_argument("-h", "--height", type=int, default=_HEIGHT_PX)
    return parser


def _show(line: str) -> None:
    """Show the page of the run that goes on, or of a path: a project, entity/project or
    entity/project/run."""
    parser = _parser("%wandb")
    parser.add_argument("path", nargs="?")
    options = parser.parse_args(shlex.split(line))
    if options.path:
        _show_page(_url_of(options.path), options.height)
    elif runs.main is not None and runs.main.url is not None:
        _show_page(runs.main.url, options.height)
    else:
        termwarn("no active run: call wandb.init(), or name one as entity/project/run")


def _url_of(path: str) -> str:
    settings = resolve()
    parts = [part for part in path.strip("/").split("/") if part]
    if len(parts) == 4 and parts[2] == "runs":
        del parts[2]
    if len(parts) == 1:
        parts.insert(0, settings.entity)
    if len(parts) not in (2, 3):
        raise UsageError(f"{path!r} is not a path: expected project, entity/project or .../run")
    return page_url(settings.app_url, *parts[:2], *(["runs", parts[2]] if parts[2:] else []))


def _show_page(url: str, height_px: int) -> None:
    if in_notebook():
        show_html(frame_html(url, height_px))
    else:
        termlog(url)


def _run_cell(line: str, text: str) -> Any:
    """Run the cell, and show the page of the run that goes on, or that begins in it."""
    options = _parser("%%wandb").parse_args(shlex.split(line))
    if runs.main is not None and runs.main.url is not None:
        _show_page(runs.main.url, options.height)
    else:
        cell.frame_height_px = options.height
    try:
        shell().run_cell(text)
    finally:
        cell.frame_height_px = None
