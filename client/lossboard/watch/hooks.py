"""The callables that torch keeps on parameters and modules.

Copies of them do nothing: a model that is copied or pickled is not watched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.compiler import is_compiling

__all__ = ["AccumulatedHook", "ForwardHook", "GradientHook", "Watcher", "outside_compilation"]


class Watcher(Protocol):
    """The listener of the hooks."""

    def on_gradient(
        self, hook: GradientHook, gradient: Tensor | None, *, reduced: bool = False
    ) -> None:
        """A parameter's gradient of this backward is there; `reduced`: as optimizers get it."""

    def on_forward(self) -> None:
        """The model has run."""


class GradientHook:
    """Hook of one parameter; torch doesn't copy or pickle the hooks of parameters."""

    __torch_unserializable__ = True  # torch then doesn't warn when the parameter is pickled

    def __init__(self, watcher: Watcher, name: str) -> None:
        self.name = name
        self.task = -1  # autograd's number of the backward in which it was called last
        self.is_compiled = False  # called by compiled autograd, which tells no end of a backward
        self._watcher = watcher

    def __call__(self, gradient: Tensor | None) -> None:
        if is_compiling():  # compiled autograd must not trace it
            torch.compiler.disable(self._tell_compiled)(gradient)  # type: ignore[no-untyped-call]
            return
        self.task = torch._C._current_graph_task_id()
        self._watcher.on_gradient(self, gradient)

    def _tell_compiled(self, gradient: Tensor | None) -> None:
        self.is_compiled = True
        self.task = torch._C._current_graph_task_id()
        self._watcher.on_gradient(self, gradient)


class AccumulatedHook:
    """Hook of a parameter that lies on several processes, called when it has its gradient.

    `fully_shard` computes with other tensors than the parameters, so that their own hooks stay
    silent, and calls this one when it has reduced the gradient.
    """

    __torch_unserializable__ = True

    def __init__(self, watcher: Watcher, raw: GradientHook) -> None:
        self._watcher = watcher
        self._raw = raw

    def __call__(self, parameter: Tensor) -> None:
        if self._raw.task != torch._C._current_graph_task_id():  # else it was told
            self._watcher.on_gradient(self._raw, parameter.grad, reduced=True)


def outside_compilation(action: Callable[[], None]) -> None:
    """Calls what must not be traced; the compiler, which takes 4 s to load, only where it runs."""
    if torch.compiler.is_compiling():
        torch.compiler.disable(action)()  # type: ignore[no-untyped-call]
    else:
        action()


class ForwardHook:
    """Forward hook of a model with nothing to train."""

    def __init__(self, watcher: Watcher | None = None) -> None:
        self._watcher = watcher

    def __call__(self, module: object, inputs: object, outputs: object) -> None:
        if self._watcher is None:
            return
        outside_compilation(self._watcher.on_forward)

    def __reduce__(self) -> tuple[type[ForwardHook], tuple[()]]:
        return ForwardHook, ()
