"""The callables that torch keeps on parameters and modules.

Copies of them do nothing: a model that is copied or pickled is not watched.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["ForwardHook", "GradientHook", "Watcher", "outside_compilation"]


class Watcher(Protocol):
    """What the hooks tell."""

    def on_gradient(self, name: str, gradient: Tensor | None) -> None:
        """A parameter's gradient of this backward is there."""

    def on_forward(self) -> None:
        """The model has run."""


class GradientHook:
    """Hook of one parameter; torch doesn't copy or pickle the hooks of parameters."""

    __torch_unserializable__ = True  # torch then doesn't warn when the parameter is pickled

    def __init__(self, watcher: Watcher, name: str) -> None:
        self._watcher = watcher
        self._name = name

    def __call__(self, gradient: Tensor | None) -> None:
        self._watcher.on_gradient(self._name, gradient)


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
