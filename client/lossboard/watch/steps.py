"""Gradients of which no hook of a parameter tells, read when the optimizer gets them.

So are those of FullyShardedDataParallel, which reduces them behind autograd's back, those that a
training loop assigns itself, and those that a function of the user finds.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from torch import Tensor
from torch.nn import Module, Parameter
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from lossboard.watch.flat_parameters import flat_pieces, is_flattened
from lossboard.watch.packed_modules import Source
from lossboard.wire import TensorPart

__all__ = ["Find", "Found", "StepGradients"]

Find: TypeAlias = Callable[[str, Parameter], Tensor | None]


class Found(NamedTuple):
    """A gradient as the optimizer gets it."""

    name: str
    gradient: Source
    part: TensorPart | None = None


class StepGradients:
    """Tells steps of the optimizers of one model apart, and finds what no hook has told.

    `find` is the user's function, which is asked for all gradients where it is given.
    """

    def __init__(self, on_step: Callable[[Optimizer], None], find: Find | None) -> None:
        self.find = find
        self._on_step = on_step
        self._handle: RemovableHandle | None = None
        self._concerns: weakref.WeakKeyDictionary[Optimizer, bool] = weakref.WeakKeyDictionary()
        self._stepped: set[int] = set()  # optimizers that stepped since the last backward
        self._told = False  # whether hooks told of that backward

    def register(self) -> None:
        """Looks at the steps of all optimizers from now on."""
        if self._handle is None:
            watching = weakref.WeakMethod(self._on_step)
            self._handle = register_optimizer_step_pre_hook(_Look(watching))

    def remove(self) -> None:
        """Looks at no step any more."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    @property
    def is_registered(self) -> bool:
        """Whether steps are looked at."""
        return self._handle is not None

    def backward_told(self) -> None:
        """A hook told of a backward."""
        self._told = True
        self._stepped.clear()

    def begins(self, optimizer: Optimizer) -> bool:
        """Notes a step; whether it is the first after a backward of which no hook told."""
        again = id(optimizer) in self._stepped
        if again:
            self._stepped.clear()
            self._told = False
        first = not self._stepped and not self._told
        self._stepped.add(id(optimizer))
        return first

    def concerns(self, optimizer: Optimizer, model: Module) -> bool:
        """Whether the optimizer trains the model: it has a parameter of it."""
        if self.find is not None:
            return True
        if not self._concerns.get(optimizer):
            own = set(map(id, model.parameters()))
            self._concerns[optimizer] = any(id(one) in own for one in _parameters(optimizer))
        return self._concerns[optimizer]

    def look(self, model: Module, silent: Mapping[str, Parameter]) -> Iterator[Found]:
        """The gradients that are there; `silent` parameters never had their hook called."""
        if self.find is not None:
            yield from _asked(self.find, model)
            return
        for piece in flat_pieces(model):
            if piece.gradient is not None:
                yield Found(piece.name, piece.gradient, piece.part)
        for name, parameter in silent.items():
            gradient = _gradient_of(parameter)
            if gradient is not None and not is_flattened(parameter):
                yield Found(name, gradient)


class _Look:
    """The hook that torch keeps; it doesn't keep the watch."""

    def __init__(self, watching: weakref.WeakMethod[Callable[[Optimizer], None]]) -> None:
        self._watching = watching

    def __call__(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        on_step = self._watching()
        if on_step is not None:
            on_step(optimizer)


def _asked(find: Find, model: Module) -> Iterator[Found]:
    for name, parameter in model.named_parameters():
        try:
            gradient = find(name, parameter)
        except Exception as error:  # noqa: BLE001
            yield Found(name, partial(_raise, error))  # told where other tensors are that fail
        else:
            if gradient is not None:
                yield Found(name, gradient)


def _raise(error: Exception) -> Tensor:
    raise error


def _gradient_of(parameter: Parameter) -> Tensor | None:
    """Its gradient, also where it is kept in higher precision, as in Megatron."""
    found = getattr(parameter, "main_grad", None)
    return parameter.grad if found is None else found


def _parameters(optimizer: Optimizer) -> Iterable[Tensor]:
    return (one for group in optimizer.param_groups for one in group["params"])
