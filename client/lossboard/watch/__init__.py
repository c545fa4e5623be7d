"""`watch`: histograms of a PyTorch model's gradients and parameters while it trains.

At every log_freq-th backward of a watched model one event holds the histograms of all gradients,
each from the raw local gradient of this backward (before accumulation, clipping and unscaling, and
before processes average them), and of all parameters at its end; on request also of what modules
gave in the forwards before it and what the optimizer's step after it changed. torch is imported
when `start` is called, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from lossboard.watch.session import Session
    from lossboard.watch.steps import Find
    from lossboard.watch.watched_run import WatchedRun

__all__ = ["start", "stop", "unwatch", "why_silent"]

_sessions: WeakKeyDictionary[WatchedRun, Session] = WeakKeyDictionary()


def start(
    run: WatchedRun,
    models: Any,
    criterion: Any = None,
    *,
    log: Any = "gradients",
    log_freq: Any = 1000,
    idx: int | None = None,
    log_graph: bool = False,
    include: Any = None,
    exclude: Any = None,
    modules: Any = None,
    gradients: Find | None = None,
) -> None:
    """Watches a `torch.nn.Module`, or a list or tuple of them.

    `log` is one of W&B's words or a set of kinds: "gradients", "parameters", "updates",
    "activations", "activation_gradients", "optimizer_state"; `docs/watch.md` tells what each holds.
    `include` and `exclude` are globs of names of tensors, `modules` globs of names of modules, or a
    function of name and module, for what is recorded of modules; by default of those without
    modules within them.

    Keys are `<kind>/<prefix><name>` with the names of `named_parameters()`, or of
    `named_modules()`; the prefix is empty for index 0, else `graph_<index>`. The index is `idx`,
    or counts the run's watched models. Watching a watched model again changes `log` and
    `log_freq`. `criterion` is accepted as W&B does and not used. `log_graph` sets the summary value
    `graph_<index>` to the model's layers.

    `gradients` is for training whose gradients are found neither by hooks nor in `.grad`: a
    function of name and parameter that returns the gradient of it, or None. It is asked before a
    step of an optimizer, and the event then counts steps in place of backwards.

    Raises ValueError for another word in `log`, and where another watched model has the same keys;
    TypeError for what is no module, for globs that are no strings and for a `log_freq` that is no
    number (below 1 counts as 1).
    """
    from lossboard.watch.kinds import wanted_of
    from lossboard.watch.session import Session

    wanted = wanted_of(log, include, exclude, modules)
    session = _sessions.get(run)
    if session is None:
        session = _sessions[run] = Session(run)
    session.start(models, wanted, log_freq, idx, log_graph, gradients)


def unwatch(run: WatchedRun, models: Any = None) -> None:
    """Stops watching one model or several, all by default; warns about those not watched."""
    session = _sessions.get(run)
    if session is not None:
        session.stop(models)
    elif models is not None:
        run.warn("unwatch: this run watches no model; nothing was changed")


def stop(run: WatchedRun) -> str | None:
    """Ends all watching at the end of a run: stores events that are still open, removes all hooks.

    Returns what `why_silent` says.
    """
    session = _sessions.pop(run, None)
    if session is None:
        return None
    session.stop()
    return session.why_silent()


def why_silent(run: WatchedRun) -> str | None:
    """Why `watch` gave no event, in sentences for the user; None if it did or wasn't called."""
    session = _sessions.get(run)
    return None if session is None else session.why_silent()
