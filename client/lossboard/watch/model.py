"""One watched model: its hooks, its count of backwards, its events."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from torch import Tensor
from torch.nn import Module, Parameter
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from lossboard.histogram.cpu import CpuKernel
from lossboard.watch.activations import (
    Activations,
    OutputGradientHook,
    belongs_to_training,
    has_gradient,
    is_recomputing,
)
from lossboard.watch.backward import Token
from lossboard.watch.event import Event, Moment, Value
from lossboard.watch.hooks import ForwardHook, GradientHook
from lossboard.watch.kinds import Wanted
from lossboard.watch.updates import Updates, parameters_of

__all__ = ["ModelWatch", "WatchedRun"]


class WatchedRun(Protocol):
    """What watching needs of a run."""

    @property
    def step(self) -> int:
        """The step current now."""

    @property
    def finished(self) -> bool:
        """Whether nothing can be logged any more."""

    def put_event(
        self, step: int, time_us: int, batch: int, histograms: Mapping[Any, Value]
    ) -> None:
        """Stores a watch event."""

    def set_summary(self, key: str, value: Any) -> None:
        """Sets a summary value."""

    def warn(self, text: str) -> None:
        """Tells the user, from any thread."""

    def notice(self, kind: str, text: str) -> None:
        """Has something seen in the run; those of one kind add up."""


class _Hooked(NamedTuple):
    parameter: weakref.ref[Parameter]
    handle: RemovableHandle


class ModelWatch:
    """Watches one model, which it doesn't keep alive, until `close`.

    `prefix` stands before the names of parameters in keys. `lock` is shared with all that use
    `kernel`.
    """

    def __init__(
        self, run: WatchedRun, model: Module, prefix: str, kernel: CpuKernel, lock: threading.RLock
    ) -> None:
        self.prefix = prefix
        self.kind = type(model).__name__
        self.batches = 0
        self.events = 0
        self.given: set[str] = set()  # kinds that were stored
        self.wanted = Wanted()
        self.log_freq = 1
        self._run = run
        self._model = weakref.ref(model)
        self._kernel = kernel
        self._lock = lock
        self._token = Token(self._end_backward, self._end_inner_backward)
        self._event: Event | None = None
        self._coming: Event | None = None  # what forwards have given for the next backward
        self._owes_event = False  # the last one was cut short
        self._lost = False
        self._hooked: dict[str, _Hooked] = {}
        self._forward: RemovableHandle | None = None
        self._activations = Activations(self)
        self._updates = Updates(self)
        self._failures: set[str] = set()

    @property
    def model(self) -> Module | None:
        """The watched model while it lives."""
        return self._model()

    @property
    def is_hooked(self) -> bool:
        """Whether there is any hook."""
        return bool(self._hooked) or self._forward is not None

    def configure(self, wanted: Wanted, log_freq: int) -> None:
        """What is logged from now on, and at which backwards; brings the hooks up to date."""
        with self._lock:
            self.wanted, self.log_freq = wanted, log_freq
            if wanted.kinds:
                self._update_hooks()
            else:
                self._unhook()

    def close(self) -> None:
        """Removes all hooks; an event whose backward never ended is stored as partial."""
        with self._lock:
            self._cut_short()
            self._lost = self.orphaned()
            self._unhook()

    def names(self) -> list[str]:
        """Names of all parameters, in network order."""
        return [name for name, _ in self._named_parameters()]

    def orphaned(self) -> bool:
        """Whether no hooked parameter belongs (when closed: belonged) to the model any more."""
        if not self._hooked:
            return self._lost
        own = {id(parameter) for _, parameter in self._named_parameters()}
        hooked = (entry.parameter() for entry in self._hooked.values())
        return not any(id(parameter) in own for parameter in hooked)

    def has_trainable(self) -> bool:
        """Whether any parameter requires a gradient."""
        return any(parameter.requires_grad for _, parameter in self._named_parameters())

    def on_gradient(self, name: str, gradient: Tensor | None) -> None:
        """Called inside the hook of a parameter."""
        self._guarded(self._take_gradient, name, gradient)

    def on_forward(self) -> None:
        """Called after a forward of a model with nothing to train."""
        self._guarded(self._take_forward)

    def on_output(self, name: str, module: Module, output: object) -> None:
        """Called after a forward of a module whose outputs are wanted."""
        self._guarded(self._take_output, name, module, output)

    def on_output_gradient(self, event: Event, name: str, gradient: Tensor) -> None:
        """Called when the gradient of such an output is there."""
        self._guarded(event.add, "activation_gradients", name, gradient)

    def on_step(self, optimizer: Optimizer, *, within: bool) -> None:
        """Called before a step of any optimizer of the process."""
        self._guarded(self._take_step, optimizer, within)

    def on_stepped(self, optimizer: Optimizer) -> None:
        """Called after a step of any optimizer of the process."""
        self._guarded(self._take_stepped, optimizer)

    def _take_output(self, name: str, module: Module, output: object) -> None:
        again = is_recomputing()
        event = self._event_of_outputs(again=again)
        if event is None or not belongs_to_training(module):
            return
        for full_name, tensor in self._activations.named(name, output, again=again):
            if not again and self.wanted.takes("activations", full_name):
                event.add_activation(full_name, tensor)
            if has_gradient(tensor) and self.wanted.takes("activation_gradients", full_name):
                hook = OutputGradientHook(self, event, full_name)
                tensor.register_hook(hook)  # type: ignore[no-untyped-call]

    def _event_of_outputs(self, *, again: bool) -> Event | None:
        if again:  # within the backward, maybe before its first parameter has its gradient
            return self._coming or self._event
        if self._coming is None and self._next_is_due() and not self._run.finished:
            self._coming = self._new_event(self._now())
        return self._coming

    def _take_step(self, optimizer: Optimizer, within: bool) -> None:
        self._updates.forget(optimizer)
        expected = self._moment_of(optimizer) is not None or (within and self._next_is_due())
        if expected and "updates" in self.wanted.kinds and not self._run.finished:
            self._updates.copy(optimizer, self._stepped_by(optimizer, "updates"))

    def _take_stepped(self, optimizer: Optimizer) -> None:
        moment = self._moment_of(optimizer)
        if moment is None or self._run.finished:
            self._updates.forget(optimizer)
            return
        event = self._new_event(moment)
        parameters = self._stepped_by(optimizer, "updates", "optimizer_state")
        self._updates.count(optimizer, parameters, self.wanted, event)
        self._store(event)

    def _moment_of(self, optimizer: Optimizer) -> Moment | None:
        if self._event is not None:  # the optimizer steps within the backward
            self._updates.expect(self._event.moment)
        return self._updates.moment_of(optimizer)

    def _stepped_by(self, optimizer: Optimizer, *kinds: str) -> dict[str, Tensor]:
        takes = self.wanted.takes
        named = self._named_parameters()
        return parameters_of(
            optimizer, named, lambda name: any(takes(kind, name) for kind in kinds)
        )

    def _next_is_due(self) -> bool:
        cut_short = self._event is not None and not self._token.is_settled
        return self._owes_event or cut_short or self._is_due(self.batches + 1)

    def _take_gradient(self, name: str, gradient: Tensor | None) -> None:
        if self._token.report(name):
            self._cut_short()
            self._begin_backward()
        wanted = gradient is not None and self.wanted.takes("gradients", name)
        if self._event is not None and gradient is not None and wanted:
            self._event.add_gradient(name, gradient)

    def _take_forward(self) -> None:
        self.batches += 1
        if self._is_due(self.batches) and not self._run.finished:
            self._event = self._begun_event()
            self._put_event(partial=False)
        self._update_hooks()

    def _begin_backward(self) -> None:
        if self._run.finished:
            self._unhook()
            return
        self.batches += 1
        self._token.begin()
        if self._owes_event or self._is_due(self.batches):
            self._event = self._begun_event()
        self._coming = None

    def _end_inner_backward(self) -> None:
        # The end of the backward around it may stay unknown, and the optimizer comes after it.
        self._guarded(self._conclude_inner)

    def _end_backward(self) -> None:
        self._guarded(self._conclude)

    def _conclude(self) -> None:
        if self._event is not None:
            self._put_event(partial=False)
            self._update_hooks()
        elif self._is_due(self.batches + 1):
            self._update_hooks()  # so that a new layer is whole in the event to come

    def _cut_short(self) -> None:
        if self._event is not None:
            self._owes_event = not self._token.is_settled
            self._put_event(partial=self._owes_event)

    def _put_event(self, *, partial: bool) -> None:
        event, self._event = self._event, None
        if event is None:
            return
        if not partial:
            self._owes_event = False
            self._fill(event)
            self._updates.expect(event.moment)
        self._store(event, partial=partial)

    def _store(self, event: Event, *, partial: bool = False) -> None:
        histograms = event.finish(self.prefix, self.names(), partial=partial)
        if histograms:
            self.events += 1
            self.given |= event.kinds
            batch, step, time_us = event.moment
            self._run.put_event(step, time_us, batch, histograms)

    def _conclude_inner(self) -> None:
        if self._event is not None:
            self._fill(self._event)
        if self._token.has_seen(self._hooked.keys()):
            self._token.close()
            self._conclude()

    def _fill(self, event: Event) -> None:
        if "parameters" in self.wanted.kinds and not event.has_parameters:
            takes = self.wanted.takes
            named = self._named_parameters()
            event.add_parameters({name: one for name, one in named if takes("parameters", name)})

    def _begun_event(self) -> Event:
        event, self._coming = self._coming or self._new_event(self._now()), None
        event.moment = self._now()
        self._activations.begin()
        return event

    def _new_event(self, moment: Moment) -> Event:
        return Event(self._kernel, batch=moment.batch, step=moment.step, time_us=moment.time_us)

    def _now(self) -> Moment:
        return Moment(self.batches, self._run.step, time.time_ns() // 1000)

    def _is_due(self, batch: int) -> bool:
        return batch % self.log_freq == 0

    def _named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        model = self._model()
        return iter(()) if model is None else model.named_parameters()

    def _update_hooks(self) -> None:
        trainable = {
            name: parameter
            for name, parameter in self._named_parameters()
            if parameter.requires_grad and not is_lazy(parameter)
        }
        for name, hooked in list(self._hooked.items()):
            if trainable.get(name) is not hooked.parameter():
                self._hooked.pop(name).handle.remove()
        for name in trainable.keys() - self._hooked.keys():
            self._hook(name, trainable[name])
        self._activations.update(self._model(), self.wanted)
        self._updates.update(self.wanted)
        self._hook_forward(wanted=not trainable)

    def _hook(self, name: str, parameter: Parameter) -> None:
        hook = GradientHook(self, name)
        handle: RemovableHandle = parameter.register_hook(hook)  # type: ignore[no-untyped-call]
        self._hooked[name] = _Hooked(weakref.ref(parameter), handle)

    def _hook_forward(self, *, wanted: bool) -> None:
        model = self._model()
        if wanted and self._forward is None and model is not None:
            self._forward = model.register_forward_hook(ForwardHook(self))
        elif not wanted and self._forward is not None:
            self._forward.remove()
            self._forward = None

    def _unhook(self) -> None:
        while self._hooked:
            self._hooked.popitem()[1].handle.remove()
        self._activations.update(None, Wanted())
        self._updates.update(Wanted())
        self._hook_forward(wanted=False)

    def _guarded(self, action: Callable[..., None], *arguments: Any) -> None:
        """The one place that no exception leaves: our errors never break a training step."""
        try:
            with self._lock:
                action(*arguments)
        except Exception as error:  # noqa: BLE001
            self._tell(f"{type(error).__name__}: {error}")

    def _tell(self, failure: str) -> None:
        text = f"watch could not make a histogram for {self.kind} and went on without: {failure}"
        self._run.notice("watch_failed", text)
        if failure not in self._failures:
            self._failures.add(failure)
            self._run.warn(text)
