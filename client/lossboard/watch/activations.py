"""Outputs of the modules of a model: hooks on its leaf modules, or on those that are named."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

import torch
import torch.utils.checkpoint
from torch import Tensor
from torch.nn import Module
from torch.utils.hooks import RemovableHandle

from lossboard.watch.event import Event
from lossboard.watch.hooks import ForwardHook
from lossboard.watch.kinds import Wanted

__all__ = [
    "MOST_CALLS",
    "Activations",
    "OutputGradientHook",
    "OutputWatcher",
    "belongs_to_training",
    "has_gradient",
    "is_recomputing",
]

MOST_CALLS: Final = 8  # calls of one module for one backward that are told apart
_CHECKPOINT_FILE: Final = torch.utils.checkpoint.__file__


class OutputWatcher(Protocol):
    """The listener that hooks of modules tell, and ask."""

    def on_output(self, name: str, module: Module, output: object) -> None:
        """A module has given its output."""

    def on_output_gradient(self, event: Event, name: str, gradient: Tensor) -> None:
        """The gradient of an output is there."""


class Activations:
    """The hooks of one model's modules, and the names of what they give for one backward.

    `activations/<module>` is the output of a module; with several tensors in it, or several calls
    before one backward, `<module>[1]` and `<module>(2)` are the further ones.
    """

    def __init__(self, watcher: OutputWatcher) -> None:
        self._watcher = watcher
        self._handles: dict[str, tuple[Module, RemovableHandle]] = {}
        self._calls: Counter[tuple[str, bool]] = Counter()

    def update(self, model: Module | None, wanted: Wanted) -> None:
        """Sets the hooks that are wanted and not there, removes those not wanted any more."""
        found = {} if model is None or not wanted.of_modules else _modules(model, wanted)
        for name, (module, handle) in list(self._handles.items()):
            if found.get(name) is not module:
                handle.remove()
                del self._handles[name]
        for name in found.keys() - self._handles.keys():
            hook = OutputHook(self._watcher, name)
            self._handles[name] = found[name], found[name].register_forward_hook(hook)

    def begin(self) -> None:
        """Says that a backward has begun: what comes now belongs to the next."""
        self._calls.clear()

    def named(self, name: str, output: object, *, again: bool) -> Iterator[tuple[str, Tensor]]:
        """The tensors of one output with their names, none beyond `MOST_CALLS` calls.

        `again` says that a checkpoint computes it once more.
        """
        self._calls[name, again] += 1
        call = self._calls[name, again]
        if call > MOST_CALLS:
            return
        suffix = f"({call})" if call > 1 else ""
        tensors = list(_tensors(output))
        for place, tensor in enumerate(tensors):
            part = f"[{place}]" if len(tensors) > 1 else ""
            yield f"{name}{part}{suffix}", tensor


class OutputHook(ForwardHook):
    """Forward hook of one module; a copy of it does nothing."""

    def __init__(self, watcher: OutputWatcher, name: str) -> None:
        super().__init__()
        self._outputs = watcher
        self._name = name

    def __call__(self, module: Module, inputs: object, outputs: object) -> None:  # type: ignore[override]
        """Nothing in code that is being compiled: a break at every module would cost the speed."""
        if not torch.compiler.is_compiling():
            self._outputs.on_output(self._name, module, outputs)


class OutputGradientHook:
    """Hook of one output; keeps the event, but none of the tensors that autograd would free."""

    def __init__(self, watcher: OutputWatcher, event: Event, name: str) -> None:
        self._watcher = watcher
        self._event = event
        self._name = name

    def __call__(self, gradient: Tensor) -> None:
        if not self._event.is_finished:
            self._watcher.on_output_gradient(self._event, self._name, gradient)


def is_recomputing() -> bool:
    """Whether a backward is running: forwards within it are those of checkpoints."""
    return bool(torch._C._current_graph_task_id() != -1)


def belongs_to_training(module: Module) -> bool:
    """Whether this forward is one that a backward will follow, as far as can be known.

    A reentrant checkpoint runs its forward without gradients.
    """
    return module.training and (torch.is_grad_enabled() or _inside_checkpoint())


def _inside_checkpoint() -> bool:
    frame = sys._getframe().f_back
    while frame is not None and frame.f_code.co_filename != _CHECKPOINT_FILE:
        frame = frame.f_back
    return frame is not None


def _modules(model: Module, wanted: Wanted) -> dict[str, Module]:
    return {
        name or type(module).__name__: module
        for name, module in model.named_modules()
        if wanted.takes_module(name, module)
        and any(
            wanted.takes(kind, name or type(module).__name__)
            for kind in ("activations", "activation_gradients")
        )
    }


def _tensors(output: object) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        if output.is_floating_point() or output.is_complex():
            yield output
    elif isinstance(output, Mapping):
        for value in output.values():
            yield from _tensors(value)
    elif isinstance(output, (tuple, list)):
        for value in output:
            yield from _tensors(value)


def has_gradient(tensor: Tensor) -> bool:
    """Whether the gradient of an output can be seen: it has one, and is no parameter itself."""
    return tensor.requires_grad and not tensor.is_leaf
