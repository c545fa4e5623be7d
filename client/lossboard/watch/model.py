"""One watched model: its hooks, its count of backwards, its events."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn import Module, Parameter
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from lossboard.histogram.cpu import CpuKernel
from lossboard.times import now_us
from lossboard.watch.activations import (
    Activations,
    OutputGradientHook,
    belongs_to_training,
    has_gradient,
    is_recomputing,
)
from lossboard.watch.backward import Token
from lossboard.watch.event import Event, Moment
from lossboard.watch.flat_parameters import flat_pieces, is_flattened
from lossboard.watch.growth import Growth, named_in, path_of
from lossboard.watch.hooks import AccumulatedHook, ForwardHook, GradientHook
from lossboard.watch.kinds import Wanted
from lossboard.watch.packed_modules import Source, packed_buffers, readable
from lossboard.watch.parts import is_distributed
from lossboard.watch.steps import Find, Found, StepGradients
from lossboard.watch.updates import Updates, parameters_of
from lossboard.watch.watched_run import WatchedRun

__all__ = ["ModelWatch"]


class _Hooked(NamedTuple):
    parameter: weakref.ref[Parameter]
    hook: GradientHook
    handles: list[RemovableHandle]


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
        self._has_flat = False  # parameters without hooks, whose gradients only steps show
        self._hooked: dict[str, _Hooked] = {}
        self._forward: RemovableHandle | None = None
        self._heard: set[str] = set()  # parameters whose hook has been called
        self._steps = StepGradients(self._on_gradients_at_step, None)
        self._growth = Growth(self._on_growth)
        self._has_grown = False  # since the hooks were brought up to date
        self._activations = Activations(self)
        self._updates = Updates(self)
        self._walked: list[tuple[str, Parameter]] | None = None
        self._failures: set[str] = set()
        self._left_out: set[str] = set()

    @property
    def model(self) -> Module | None:
        """The watched model while it lives."""
        return self._model()

    @property
    def is_hooked(self) -> bool:
        """Whether there is any hook."""
        return bool(self._hooked) or self._forward is not None or self._steps.is_registered

    def configure(self, wanted: Wanted, log_freq: int, find: Find | None = None) -> None:
        """Sets what is logged from now on, and at which backwards; brings the hooks up to date.

        `find` is a function that gives the gradients when an optimizer steps.
        """
        with self._lock:
            self.wanted, self.log_freq, self._steps.find = wanted, log_freq, find
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

    def on_gradient(
        self, hook: GradientHook, gradient: Tensor | None, *, reduced: bool = False
    ) -> None:
        """Called inside the hook of a parameter."""
        self._guarded(self._take_gradient, hook, gradient, reduced)

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

    def _on_gradients_at_step(self, optimizer: Optimizer) -> None:
        self._guarded(self._take_gradients_at_step, optimizer)

    def _on_growth(self, module: Module, own: str, new: Parameter | Module) -> None:
        self._guarded(self._take_new, module, own, new)

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

    def _take_gradient(self, hook: GradientHook, gradient: Tensor | None, reduced: bool) -> None:
        if self._has_grown:
            self._update_hooks()  # the parameter may have another name now
        name = hook.name
        self._heard.add(name)
        if self._token.report(name):
            self._cut_short()
            self._begin_backward()
        wanted = gradient is not None and self.wanted.takes("gradients", name)
        if self._event is not None and gradient is not None and wanted:
            self._event.add_gradient(name, gradient, reduced=reduced)
        if hook.is_compiled and self._token.has_seen(self._hooked.keys()):
            self._token.close()
            self._conclude()

    def _take_gradients_at_step(self, optimizer: Optimizer) -> None:
        """The gradients that this optimizer gets and no hook has told of."""
        model = self._model()
        if model is None or not self._steps.concerns(optimizer, model):
            return
        self._end_compiled()
        first = self._steps.begins(optimizer)
        if first and not self._has_flat:
            self._update_hooks()  # no hook told of the backward: the model may have changed
        silent = self._silent()
        if not silent or not (first or self._is_due(self.batches)):
            return
        found = list(self._steps.look(model, silent))
        if not found or self._run.finished:
            return
        self.batches += first
        if self._is_due(self.batches):
            self._put_found(found, first=first)

    def _put_found(self, found: Iterable[Found], *, first: bool) -> None:
        """An event of what an optimizer gets; `first`: there is none of this batch yet."""
        self._event = self._begun_event() if first else self._new_event(self._now())
        self._event.has_parameters = not first  # they are in the event of the hooks
        for name, gradient, part in found:
            if self.wanted.takes("gradients", name):
                self._event.add_gradient(name, gradient, reduced=True, part=part)
        self._put_event(partial=False)
        self._update_hooks()

    def _silent(self) -> dict[str, Parameter]:
        """Parameters that are trained and whose hook was never called, or that have none."""
        if self._has_flat:
            trained = ((name, one) for name, one in self._named_parameters() if one.requires_grad)
            return {name: one for name, one in trained if name not in self._heard}
        if len(self._heard) == len(self._hooked):
            return {}
        found = {name: self._hooked[name].parameter() for name in self._hooked.keys() - self._heard}
        return {name: parameter for name, parameter in found.items() if parameter is not None}

    def _end_compiled(self) -> None:
        """Ends a backward that compiled autograd ran: its end shows here at the latest."""
        if self._token.is_open and any(one.hook.is_compiled for one in self._hooked.values()):
            self._token.close()
            self._conclude()

    def _take_new(self, module: Module, own: str, new: Parameter | Module) -> None:
        """A module of the model, or of another one, is about to get a parameter or a module."""
        model = self._model()
        path = None if model is None else path_of(module, model)
        if path is None or not self._wants_hooks():
            return
        self._has_grown = True
        known = {id(hooked.parameter()) for hooked in self._hooked.values()}
        for name, parameter in named_in(path, own, new):
            if id(parameter) not in known and name not in self._hooked and _can_hook(parameter):
                self._hook(name, parameter)

    def _wants_hooks(self) -> bool:
        return self._steps.find is None and bool(self.wanted.kinds)

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
        self._steps.backward_told()
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
            with self._one_walk():
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
        self._tell_left_out(event.failures)
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
            named = self._sources().items()
            event.add_parameters({name: one for name, one in named if takes("parameters", name)})

    def _begun_event(self) -> Event:
        event, self._coming = self._coming or self._new_event(self._now()), None
        event.moment = self._now()
        self._activations.begin()
        return event

    def _new_event(self, moment: Moment) -> Event:
        event = Event(self._kernel, batch=moment.batch, step=moment.step, time_us=moment.time_us)
        model = self._model()
        if self._has_flat and model is not None:
            event.known_parts = {piece.name: piece.part for piece in flat_pieces(model)}
        return event

    def _now(self) -> Moment:
        return Moment(self.batches, self._run.step, now_us())

    def _is_due(self, batch: int) -> bool:
        return batch % self.log_freq == 0

    def _named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        if self._walked is not None:
            return iter(self._walked)
        model = self._model()
        return iter(()) if model is None else model.named_parameters()

    @contextmanager
    def _one_walk(self) -> Iterator[None]:
        """Within it the model is the same, and thousands of names are made once."""
        self._walked = list(self._named_parameters())
        try:
            yield
        finally:
            self._walked = None

    def _sources(self) -> dict[str, Source]:
        """All that counts as parameters."""
        model = self._model()
        if model is None:
            return {}
        sources: dict[str, Source] = {
            name: readable(model, name, parameter)
            for name, parameter in self._named_parameters()
            if not (self._has_flat and is_flattened(parameter))
        }
        if self._has_flat:
            sources |= {piece.name: piece.values for piece in flat_pieces(model)}
        return sources | dict(packed_buffers(model))

    def _update_hooks(self) -> None:
        self._has_grown = False
        trained = {name: one for name, one in self._named_parameters() if one.requires_grad}
        wants = self._wants_hooks()
        trainable = {name: one for name, one in trained.items() if wants and _can_hook(one)}
        self._rename(trainable)
        for name, hooked in list(self._hooked.items()):
            if trainable.get(name) is not hooked.parameter():
                self._remove(name)
        for name in trainable.keys() - self._hooked.keys():
            self._hook(name, trainable[name])
        self._has_flat = self._steps.find is not None or any(map(is_flattened, trained.values()))
        if trained:
            self._steps.register()  # before those of updates, which belong to the event of a step
        self._growth.register()
        self._activations.update(self._model(), self.wanted)
        self._updates.update(self.wanted)
        self._hook_forward(wanted=not trainable and not (trained and self._has_flat))

    def _rename(self, trainable: Mapping[str, Parameter]) -> None:
        """Hooks of parameters that are in the model under another name now, as pruned ones are."""
        names = {id(parameter): name for name, parameter in trainable.items()}
        for old, hooked in list(self._hooked.items()):
            name = names.get(id(hooked.parameter()), old)
            if name != old and name not in self._hooked:
                self._hooked[name] = self._hooked.pop(old)
                hooked.hook.name = name
                self._heard.discard(old)

    def _hook(self, name: str, parameter: Parameter) -> None:
        hook = GradientHook(self, name)
        handles: list[RemovableHandle] = [parameter.register_hook(hook)]  # type: ignore[no-untyped-call]
        if is_distributed(parameter):
            accumulated = AccumulatedHook(self, hook)
            handles.append(parameter.register_post_accumulate_grad_hook(accumulated))  # type: ignore[no-untyped-call]
        self._hooked[name] = _Hooked(weakref.ref(parameter), hook, handles)

    def _remove(self, name: str) -> None:
        self._heard.discard(name)
        for handle in self._hooked.pop(name).handles:
            handle.remove()

    def _hook_forward(self, *, wanted: bool) -> None:
        model = self._model()
        if wanted and self._forward is None and model is not None:
            self._forward = model.register_forward_hook(ForwardHook(self))
        elif not wanted and self._forward is not None:
            self._forward.remove()
            self._forward = None

    def _unhook(self) -> None:
        for name in list(self._hooked):
            self._remove(name)
        self._steps.remove()
        self._growth.remove()
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

    def _tell_left_out(self, failures: Mapping[str, Exception]) -> None:
        new = {name: error for name, error in failures.items() if name not in self._left_out}
        if not new:
            return
        self._left_out |= new.keys()
        first, error = next(iter(new.items()))
        more = f" and {len(new) - 1:,} more tensors" if len(new) > 1 else ""
        text = (
            f"watch leaves out {first}{more} of {self.kind}, which can't be counted"
            f" ({type(error).__name__}: {str(error)[:200]}); all others are stored"
        )
        self._run.notice("watch_left_out", text)
        self._run.warn(text)

    def _tell(self, failure: str) -> None:
        text = f"watch could not make a histogram for {self.kind} and went on without: {failure}"
        self._run.notice("watch_failed", text)
        if failure not in self._failures:
            self._failures.add(failure)
            self._run.warn(text)


def _can_hook(parameter: Parameter) -> bool:
    return parameter.requires_grad and not is_lazy(parameter) and not is_flattened(parameter)
