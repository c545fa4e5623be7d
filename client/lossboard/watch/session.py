"""Everything that one run watches."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any, Final

from torch.nn import Module

from lossboard.histogram.cpu import CpuKernel
from lossboard.watch.graph import graph_of
from lossboard.watch.kinds import KINDS, Wanted
from lossboard.watch.model import ModelWatch
from lossboard.watch.steps import Find
from lossboard.watch.watched_run import WatchedRun

__all__ = ["Session"]

_OUTPUTS: Final = (
    "no module that include= and exclude= let pass ran in training mode, with gradients and outside"
    " of torch.compile, before a backward pass that was due."
)
_LACKING: Final = {
    "gradients": "include= and exclude= let no gradient pass.",
    "parameters": "include= and exclude= let no parameter pass.",
    "updates": (
        "no torch.optim.Optimizer stepped parameters that include= and exclude= let pass after a"
        " backward pass that was due."
    ),
    "activations": _OUTPUTS,
    "activation_gradients": _OUTPUTS,
    "optimizer_state": (
        "no torch.optim.Optimizer that keeps tensors of the shape of its parameters (SGD without"
        " momentum keeps none) stepped after a backward pass that was due."
    ),
}
_LOCAL: Final = frozenset({"DistributedDataParallel"})


class Session:
    """The watched models of a run; indices in keys count from 0 for each run."""

    def __init__(self, run: WatchedRun) -> None:
        self._run = run
        self._kernel = CpuKernel()
        self._lock = threading.RLock()
        self._watches: list[ModelWatch] = []
        self._next_index = 0

    def start(
        self,
        models: Any,
        wanted: Wanted,
        log_freq: Any,
        idx: int | None,
        log_graph: bool,
        gradients: Find | None = None,
    ) -> None:
        """Watches one model or several; see `lossboard.watch.start`."""
        _check_function(gradients)
        every = _checked_frequency(log_freq)
        watched = _checked_models(models)
        first = self._next_index if idx is None else idx
        planned = [self._planned(model, first + place) for place, model in enumerate(watched)]
        self._refuse_clashes(planned, wanted)
        for watch, model in zip(planned, watched, strict=True):
            self._begin(watch, model, wanted, every, gradients)
            if log_graph:
                self._run.set_summary(_graph_name(watch.prefix), graph_of(model))

    def stop(self, models: Any = None) -> None:
        """Removes the hooks of the models, or all hooks."""
        if models is None:
            for watch in self._watches:
                watch.close()
            return
        for model in _as_sequence(models):
            live = self._live(model)
            if live is None:
                self._run.warn(
                    f"unwatch: this {type(model).__name__} is not watched; nothing was changed"
                )
            else:
                live.close()

    def why_silent(self) -> str | None:
        """Why a watched model gave no event, in sentences for the user; None if all did."""
        reasons = [reason for watch in self._watches if (reason := _why_silent(watch))]
        return " ".join(reasons) or None

    def _planned(self, model: Module, index: int) -> ModelWatch:
        prefix = f"graph_{index}" if index > 0 else ""
        return self._live(model) or ModelWatch(self._run, model, prefix, self._kernel, self._lock)

    def _live(self, model: object) -> ModelWatch | None:
        found = (watch for watch in self._watches if watch.model is model and watch.is_hooked)
        return next(found, None)

    def _refuse_clashes(self, planned: Sequence[ModelWatch], wanted: Wanted) -> None:
        kind = next((kind for kind in KINDS if kind in wanted.kinds), "graph")
        taken: dict[str, ModelWatch] = {}
        live = [watch for watch in self._watches if watch.is_hooked]
        for watch in dict.fromkeys([*live, *planned]):
            for name in watch.names():
                key = f"{kind}/{watch.prefix}{name}"
                if taken.setdefault(key, watch).model is not watch.model:
                    raise ValueError(
                        f'A hook has already been set under name "{key}": another watched model'
                        " has it; pass another idx to watch, or unwatch that model first"
                    )

    def _begin(
        self, watch: ModelWatch, model: Module, wanted: Wanted, log_freq: int, find: Find | None
    ) -> None:
        if watch not in self._watches:
            self._watches.append(watch)
            self._next_index += 1
        watch.configure(wanted, log_freq, find)
        if "gradients" in wanted.kinds and type(model).__name__ in _LOCAL:
            self._run.notice(
                "watch_local_gradients",
                "Gradients are those of this process, before they are averaged over processes.",
            )


def _as_sequence(models: Any) -> Sequence[Any]:
    return models if isinstance(models, (tuple, list)) else (models,)


def _checked_models(models: Any) -> Sequence[Module]:
    for model in _as_sequence(models):
        if not isinstance(model, Module):
            raise TypeError(f"Expected a pytorch model (torch.nn.Module). Received {type(model)}")
    return _as_sequence(models)


def _check_function(gradients: Any) -> None:
    if gradients is not None and not callable(gradients):
        raise TypeError(
            "gradients must be a function of name and parameter that returns the gradient, or"
            f" None, not {gradients!r}"
        )


def _checked_frequency(log_freq: Any) -> int:
    if not isinstance(log_freq, (int, float)) or not math.isfinite(log_freq):
        raise TypeError(f"log_freq must be a number of backward passes, not {log_freq!r}")
    return max(1, math.ceil(log_freq))


def _graph_name(prefix: str) -> str:
    return prefix or "graph_0"


def _why_silent(watch: ModelWatch) -> str | None:
    name = f"watch({watch.kind})"
    if not watch.wanted.kinds:
        return None
    if not watch.events and watch.model is not None and not watch.has_trainable():
        return (
            f"{name} stored nothing: no parameter requires a gradient; log='all' stores the"
            " parameters of such a model after each log_freq-th forward."
        )
    if watch.batches >= watch.log_freq and not watch.orphaned():
        return _what_lacks(watch)
    if watch.events:
        return (
            f"{name} stored nothing after backward {watch.batches}: all parameters were replaced"
            " (load_state_dict(assign=True)?); call watch again after that."
        )
    if 0 < watch.batches < watch.log_freq:
        return (
            f"{name} stored nothing: there were {watch.batches} backward passes and log_freq is"
            f" {watch.log_freq}; set log_freq to at most {watch.batches}."
        )
    if watch.model is None:
        return f"{name} stored nothing: the model was deleted before its first backward pass."
    return (
        f"{name} stored nothing: no backward pass reached its parameters; watch the model that is"
        " trained (not a copy), after its parameters are in place."
    )


def _what_lacks(watch: ModelWatch) -> str | None:
    given = {kind.split(".")[0] for kind in watch.given}
    missing = [kind for kind in KINDS if kind in watch.wanted.kinds - given]
    if not missing:
        return None
    reasons = " ".join(dict.fromkeys(_LACKING[kind] for kind in missing))
    return f"watch({watch.kind}) stored no {' and no '.join(missing)}: {reasons}"
