"""Telling the backwards of a model apart, from inside the hooks of its parameters."""

from __future__ import annotations

import sys
from collections.abc import Callable, Set
from typing import Final

import torch

__all__ = ["Token"]

_FUNCTION_FILE: Final = torch.autograd.function.__file__


class Token:
    """The current backward of a model.

    Autograd numbers its graph tasks in ascending order. A backward within a backward (reentrant
    checkpoints, custom functions) is a task of its own and belongs to the one around it. A task
    that raises never tells, so another backward shows by a greater number outside of any backward,
    or by a parameter that reports again.

    `on_end()` is called when the backward has ended, `on_inner_end()` when one within it has.
    """

    def __init__(self, on_end: Callable[[], None], on_inner_end: Callable[[], None]) -> None:
        self.is_open = False
        self.is_settled = False  # since the last report the task that reported has ended well
        self._on_end = on_end
        self._on_inner_end = on_inner_end
        self._tasks: set[int] = set()
        self._reported: set[str] = set()

    def report(self, name: str) -> bool:
        """Notes that a parameter has its gradient; whether another backward begins with it."""
        task: int = torch._C._current_graph_task_id()
        begins = name in self._reported or (task not in self._tasks and not self._continues(task))
        if begins:
            self._tasks.clear()
            self._reported.clear()
        if task not in self._tasks:
            self._tasks.add(task)
            torch.autograd.Variable._execution_engine.queue_callback(self._task_ended)
        self._reported.add(name)
        return begins

    def has_seen(self, names: Set[str]) -> bool:
        """Whether all these parameters have reported."""
        return names <= self._reported

    def begin(self) -> None:
        """Opens the token for the backward that `report` has seen."""
        self.is_open = True
        self.is_settled = False

    def close(self) -> None:
        """Says that the backward is over; the next report begins another."""
        self.is_open = False
        self._tasks.clear()
        self._reported.clear()

    def _continues(self, task: int) -> bool:
        return self.is_open and (task < max(self._tasks) or _inside_backward())

    def _task_ended(self) -> None:
        if not self.is_open:
            return
        if torch._C._current_autograd_node() is not None:  # a node of the backward around it
            self.is_settled = True
            self._on_inner_end()
            return
        self.close()
        self._on_end()


def _inside_backward() -> bool:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == "apply" and frame.f_code.co_filename == _FUNCTION_FILE:
            return True
    return False
