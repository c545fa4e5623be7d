"""Updates of the parameters of a model: hooks before and after their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol
from weakref import WeakSet

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.hooks import RemovableHandle

from lossboard.histogram.tensors import flat_values
from lossboard.watch.event import Event, Moment
from lossboard.watch.hooks import outside_compilation
from lossboard.watch.kinds import Wanted
from lossboard.watch.moments import rms_ratio

__all__ = ["StepWatcher", "Updates", "parameters_of"]


class StepWatcher(Protocol):
    """The listener that is told of optimizer steps."""

    def on_step(self, optimizer: Optimizer, *, within: bool) -> None:
        """An optimizer is about to step; `within`: it will run backwards itself."""

    def on_stepped(self, optimizer: Optimizer) -> None:
        """An optimizer has made its step."""


class Updates:
    """The steps that belong to the last event, each optimizer's first one.

    In such a step, and only in it, there is a copy of all the parameters that this optimizer has of
    the model.
    """

    def __init__(self, watcher: StepWatcher) -> None:
        self._watcher = watcher
        self._handles: list[RemovableHandle] = []
        self._moment: Moment | None = None
        self._stepped: WeakSet[Optimizer] = WeakSet()
        self._copies: dict[int, dict[str, Tensor]] = {}

    def update(self, wanted: Wanted) -> None:
        """Sets the hooks if anything that optimizers make is wanted, else removes them."""
        if wanted.of_steps and not self._handles:
            self._handles = [
                register_optimizer_step_pre_hook(self._before),
                register_optimizer_step_post_hook(self._after),
            ]
        elif not wanted.of_steps:
            while self._handles:
                self._handles.pop().remove()
            self._copies.clear()

    def expect(self, moment: Moment) -> None:
        """The next step of each optimizer belongs to the event of this moment."""
        if moment != self._moment:
            self._moment = moment
            self._stepped.clear()

    def moment_of(self, optimizer: Optimizer) -> Moment | None:
        """The event that the optimizer's step belongs to, or None."""
        return None if optimizer in self._stepped else self._moment

    def copy(self, optimizer: Optimizer, parameters: Mapping[str, Tensor]) -> None:
        """Keeps the parameters as they are before the step."""
        copies = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        self._copies[id(optimizer)] = copies

    def count(
        self, optimizer: Optimizer, parameters: Mapping[str, Tensor], wanted: Wanted, event: Event
    ) -> None:
        """Adds to the event how the parameters changed, and what the optimizer keeps of them."""
        self._stepped.add(optimizer)
        copies = self._copies.pop(id(optimizer), {})
        for name, parameter in parameters.items():
            before = copies.pop(name, None)
            if before is not None:
                _add_change(event, name, parameter, before)
            for state, tensor in _state_of(optimizer, parameter):
                if wanted.takes("optimizer_state", name):
                    event.add(f"optimizer_state.{state}", name, tensor)

    def forget(self, optimizer: Optimizer) -> None:
        """Drops what is left of a step that never ended."""
        self._copies.pop(id(optimizer), None)

    def _before(self, optimizer: Optimizer, arguments: tuple[Any, ...], named: Any) -> None:
        within = bool(named.get("closure")) or any(map(callable, arguments[1:]))
        outside_compilation(lambda: self._watcher.on_step(optimizer, within=within))

    def _after(self, optimizer: Optimizer, _arguments: object, _named: object) -> None:
        outside_compilation(lambda: self._watcher.on_stepped(optimizer))


def parameters_of(
    optimizer: Optimizer, named: Iterator[tuple[str, Tensor]], takes: Callable[[str], bool]
) -> dict[str, Tensor]:
    """The parameters of the model that the optimizer steps, by name."""
    own = {id(one) for group in optimizer.param_groups for one in group["params"]}
    return {name: one for name, one in named if id(one) in own and takes(name)}


def _add_change(event: Event, name: str, parameter: Tensor, before: Tensor) -> None:
    if before.shape != parameter.shape or not before.numel():
        return  # it was resized within the step: there is no difference
    change = _precise(parameter.detach()) - _precise(before)
    event.add("updates", name, change)
    ratio = rms_ratio(flat_values(change)[0], flat_values(before)[0])
    event.add_number("update_ratios", name, ratio)


def _precise(values: Tensor) -> Tensor:
    # The difference of two numbers of 16 bits has no place in 16 bits.
    return values.float() if values.is_floating_point() and values.itemsize < 4 else values


def _state_of(optimizer: Optimizer, parameter: Tensor) -> Iterator[tuple[str, Tensor]]:
    for state, value in optimizer.state.get(parameter, {}).items():
        if isinstance(value, Tensor) and value.shape == parameter.shape and value.dim() > 0:
            yield str(state), value
