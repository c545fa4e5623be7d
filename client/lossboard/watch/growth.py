"""Growth of a model after it is watched: adapters, replaced and pruned parameters.

torch tells when a module registers a parameter or a module; between these moments looking costs
nothing.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import torch
from torch.nn import Module, Parameter
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.utils.hooks import RemovableHandle

__all__ = ["Growth", "named_in", "path_of"]

Told: TypeAlias = Callable[[Module, str, Parameter | Module], None]


class Growth:
    """Tells of each parameter and module that any module is about to get."""

    def __init__(self, on_growth: Told) -> None:
        self._told = _Told(weakref.WeakMethod(on_growth))
        self._handles: list[RemovableHandle] = []

    def register(self) -> None:
        """Tells from now on."""
        if not self._handles:
            told: Any = self._told
            self._handles = [
                register_module_parameter_registration_hook(told),
                register_module_module_registration_hook(told),
            ]

    def remove(self) -> None:
        """Tells no more."""
        while self._handles:
            self._handles.pop().remove()


class _Told:
    """The hook that torch keeps; it doesn't keep the watch."""

    def __init__(self, on_growth: weakref.WeakMethod[Told]) -> None:
        self._on_growth = on_growth

    def __call__(self, module: Module, name: str, new: Parameter | Module | None) -> None:
        if torch.compiler.is_compiling():  # it must not be traced
            return
        on_growth = self._on_growth()
        if on_growth is not None and new is not None:
            on_growth(module, name, new)


def path_of(module: Module, model: Module) -> str | None:
    """The place of the module in the model; None: nowhere."""
    found = (path for path, one in model.named_modules() if one is module)
    return next(found, None)


def named_in(path: str, own: str, new: Parameter | Module) -> Iterator[tuple[str, Parameter]]:
    """The parameters that a module at this path gets with what it gets as `own`."""
    name = f"{path}.{own}" if path else own
    if isinstance(new, Parameter):
        yield name, new
    else:
        yield from new.named_parameters(prefix=name)
