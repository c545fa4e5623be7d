"""One watched model: its hooks, its count of backwards, its events."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from torch import Tensor
from torch.nn import Module, Parameter
from torch.nn.parameter import is_lazy
from torch.optim.optimizer import Optimizer
from torch.utils.hooks import RemovableHandle

from lossboard.histogram.cpu import CpuKernel
from lossboard.watch.backward import Token
from lossboard.watch.event import Event
from lossboard.watch.flat_parameters import flat_pieces, is_flattened
from lossboard.watch.growth import Growth, named_in, path_of
from lossboard.watch.hooks import AccumulatedHook, ForwardHook, GradientHook
from lossboard.watch.packed_modules import Source, packed_buffers, readable
from lossboard.watch.parts import Value, is_distributed
from lossboard.watch.steps import Find, StepGradients
from lossboard.wire import TensorPart

__all__ = ["Log", "ModelWatch", "WatchedRun"]

Log: TypeAlias = Literal["gradients", "parameters", "all"] | None


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
        self.log: Log = None
        self.log_freq = 1
        self._run = run
        self._model = weakref.ref(model)
        self._kernel = kernel
        self._lock = lock
        self._token = Token(self._end_backward, self._end_inner_backward)
        self._event: Event | None = None
        self._owes_event = False  # the last one was cut short
        self._lost = False
        self._has_flat = False  # or others that have no hook
        self._hooked: dict[str, _Hooked] = {}
        self._forward: RemovableHandle | None = None
        self._heard: set[str] = set()  # parameters whose hook has been called
        self._steps = StepGradients(self._on_step, None)
        self._growth = Growth(self._on_growth)
        self._has_grown = False  # since the hooks were brought up to date
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

    def configure(self, log: Log, log_freq: int, find: Find | None = None) -> None:
        """What is logged from now on, and at which backwards; brings the hooks up to date.

        `find` is a function that gives the gradients when an optimizer steps.
        """
        with self._lock:
            self.log, self.log_freq, self._steps.find = log, log_freq, find
            if log is None:
                self._unhook()
            else:
                self._update_hooks()

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

    def _on_step(self, optimizer: Optimizer) -> None:
        self._guarded(self._take_step, optimizer)

    def _on_growth(self, module: Module, own: str, new: Parameter | Module) -> None:
        self._guarded(self._take_new, module, own, new)

    def _take_gradient(self, hook: GradientHook, gradient: Tensor | None, reduced: bool) -> None:
        if self._has_grown:
            self._update_hooks()  # the parameter may have another name now
        name = hook.name
        self._heard.add(name)
        if self._token.report(name):
            self._cut_short()
            self._begin_backward()
        if self._event is not None and self.log != "parameters" and gradient is not None:
            self._event.add_gradient(name, gradient, reduced=reduced)
        if hook.is_compiled and self._token.has_seen(self._hooked.keys()):
            self._token.close()
            self._conclude()

    def _take_step(self, optimizer: Optimizer) -> None:
        """The gradients that this optimizer gets and no hook has told of."""
        model = self._model()
        if model is None or not self._steps.concerns(optimizer, model):
            return
        self._end_compiled()
        first = self._steps.begins(optimizer)
        if first and not self._has_flat:
            self._update_hooks()  # no hook told of the backward: the model may have changed
        silent = self._silent()
        if not silent:
            return
        if not first and not self._is_due(self.batches):
            return
        found = list(self._steps.look(model, silent))
        if not found or self._run.finished:
            return
        self.batches += first
        if not self._is_due(self.batches):
            return
        self._event = self._new_event()
        self._event.has_parameters = not first  # they are in the event of the hooks
        for name, gradient, part in found if self.log != "parameters" else ():
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
        """Where compiled autograd ran the backward, its end shows here at the latest."""
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
        return self._steps.find is None and self.log is not None

    def _take_forward(self) -> None:
        self.batches += 1
        if self._is_due(self.batches) and self.log != "gradients" and not self._run.finished:
            self._event = self._new_event()
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
            self._event = self._new_event()

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
        histograms = event.finish(self.prefix, self.names(), partial=partial)
        self._tell_left_out(event.failures)
        if histograms:
            self.events += 1
            self._run.put_event(event.step, event.time_us, event.batch, histograms)

    def _conclude_inner(self) -> None:
        if self._event is not None:
            self._fill(self._event)
        if self._token.has_seen(self._hooked.keys()):
            self._token.close()
            self._conclude()

    def _fill(self, event: Event) -> None:
        if self.log != "gradients" and not event.has_parameters:
            sources, parts = self._sources()
            event.add_parameters(sources, parts)

    def _new_event(self) -> Event:
        return Event(
            self._kernel,
            batch=self.batches,
            step=self._run.step,
            time_us=time.time_ns() // 1000,
        )

    def _is_due(self, batch: int) -> bool:
        return batch % self.log_freq == 0

    def _named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        model = self._model()
        return iter(()) if model is None else model.named_parameters()

    def _sources(self) -> tuple[dict[str, Source], dict[str, TensorPart]]:
        """What to count as parameters, and of some of them which part is here."""
        model = self._model()
        if model is None:
            return {}, {}
        sources: dict[str, Source] = {
            name: readable(model, name, parameter)
            for name, parameter in model.named_parameters()
            if not is_flattened(parameter)
        }
        pieces = list(flat_pieces(model))
        sources |= {piece.name: piece.values for piece in pieces}
        return sources | dict(packed_buffers(model)), {one.name: one.part for one in pieces}

    def _update_hooks(self) -> None:
        self._has_grown = False
        trained = {name: one for name, one in self._named_parameters() if one.requires_grad}
        trainable = {
            name: parameter
            for name, parameter in trained.items()
            if self._wants_hooks() and _can_hook(parameter)
        }
        self._rename(trainable)
        for name, hooked in list(self._hooked.items()):
            if trainable.get(name) is not hooked.parameter():
                self._remove(name)
        for name in trainable.keys() - self._hooked.keys():
            self._hook(name, trainable[name])
        self._has_flat = self._steps.find is not None or any(map(is_flattened, trained.values()))
        if trained:
            self._steps.register()
        self._growth.register()
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
    trained = parameter.requires_grad and not is_lazy(parameter)
    return trained and not is_flattened(parameter)
