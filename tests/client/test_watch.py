"""When watch fires, what an event holds, how watching begins and ends."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lossboard import histogram as h
from lossboard.watch import start, stop, unwatch, why_silent


def small_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))


NAMES = ["0.weight", "0.bias", "2.weight", "2.bias"]


def train(model: nn.Module, steps: int = 1, run: Any = None) -> None:
    for step in range(steps):
        if run is not None:
            run.step = step
        model(torch.randn(5, 4)).square().mean().backward()


class Bomb(torch.autograd.Function):
    """Passes values on; its backward raises while it is armed."""

    armed = True

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        if Bomb.armed:
            raise RuntimeError("boom")
        return gradient


# ---- the rhythm


@pytest.mark.covers("watch")
@pytest.mark.parametrize(("log_freq", "batches"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4]), (6, [])])
def test_it_fires_at_every_log_freqth_backward(
    recorder: Any, log_freq: int, batches: list[int]
) -> None:
    model = small_model()
    start(recorder, model, log="all", log_freq=log_freq)
    train(model, 5, recorder)
    assert [event.batch for event in recorder.events] == batches
    assert [event.step for event in recorder.events] == [batch - 1 for batch in batches]


@pytest.mark.parametrize("log_freq", [0, -1, 0.5])
def test_less_than_one_counts_as_one(recorder: Any, log_freq: float) -> None:
    model = small_model()
    start(recorder, model, log_freq=log_freq)
    train(model, 3)
    assert len(recorder.events) == 3


@pytest.mark.parametrize(
    ("log", "gradients", "parameters"),
    [("gradients", NAMES, []), ("parameters", [], NAMES), ("all", NAMES, NAMES)],
)
def test_an_event_holds_what_was_asked_for_in_network_order(
    recorder: Any, log: str, gradients: list[str], parameters: list[str]
) -> None:
    model = small_model()
    start(recorder, model, log=log, log_freq=1)
    train(model)
    (event,) = recorder.events
    assert event.names("gradients") == gradients
    assert event.names("parameters") == parameters


def test_log_none_watches_nothing(recorder: Any) -> None:
    model = small_model()
    start(recorder, model, log=None, log_freq=1)
    train(model)
    assert recorder.events == []
    assert stop(recorder) is None


def test_forwards_for_evaluation_do_not_count(recorder: Any) -> None:
    model = small_model()
    start(recorder, model, log="all", log_freq=2)
    for _ in range(4):
        train(model)
        with torch.no_grad():
            model.eval()(torch.randn(5, 4))
        model.train()
    assert [event.batch for event in recorder.events] == [2, 4]


# ---- what is in the histograms


def test_values_are_those_of_this_backward_and_of_the_parameters_before_the_optimizer(
    recorder: Any,
) -> None:
    model = small_model()
    start(recorder, model, log="all", log_freq=1)
    train(model)
    weight = model[0].weight
    histograms = recorder.events[0].histograms
    for data, tensor in (
        (histograms["gradients/0.weight"], weight.grad),
        (histograms["parameters/0.weight"], weight.detach()),
    ):
        counts, edges = np.histogram(tensor.double().numpy(), 64)
        assert h.counts_of(data).tolist() == counts.tolist()
        assert h.edges_of(data) == pytest.approx(edges)


def test_accumulated_gradients_are_stored_backward_by_backward(recorder: Any) -> None:
    layer = nn.Linear(1, 1, bias=False)
    start(recorder, layer, log_freq=1)
    layer(torch.full((1, 1), 3.0)).sum().backward()
    layer(torch.full((1, 1), 5.0)).sum().backward()
    assert [event.histograms["gradients/weight"].lo for event in recorder.events] == [3, 5]
    assert layer.weight.grad is not None and layer.weight.grad.item() == 8


def test_clipping_does_not_change_what_is_stored(recorder: Any) -> None:
    layer = nn.Linear(1, 1, bias=False)
    start(recorder, layer, log_freq=1)
    layer(torch.full((1, 1), 30.0)).sum().backward()
    nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
    assert recorder.events[0].histograms["gradients/weight"].hi == 30


def test_a_gradient_of_nothing_but_nan_is_stored_and_says_so(recorder: Any) -> None:
    layer = nn.Linear(2, 2)
    start(recorder, layer, log_freq=1)
    (layer(torch.ones(1, 2)) * torch.nan).sum().backward()
    data = recorder.events[0].histograms["gradients/weight"]
    assert (data.n, data.nan, data.counts) == (0, 4, b"")


def test_no_gradient_is_kept_or_copied(recorder: Any) -> None:
    layer = nn.Linear(64, 64, bias=False)
    seen: list[int] = []
    layer.weight.register_hook(lambda gradient: seen.append(gradient.data_ptr()))
    start(recorder, layer, log="all", log_freq=1)
    layer(torch.randn(8, 64)).sum().backward()
    assert layer.weight.grad is not None
    assert seen == [layer.weight.grad.data_ptr()]  # autograd took the gradient, without a copy


def collect_garbage() -> None:
    """Collects; sockets that other tests of this process have left open are not its business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_gradients_are_freed_when_the_optimizer_drops_them(recorder: Any) -> None:
    layer = nn.Linear(64, 64, bias=False)
    start(recorder, layer, log="all", log_freq=1)
    layer(torch.randn(8, 64)).sum().backward()
    assert layer.weight.grad is not None
    gradient = weakref.ref(layer.weight.grad.untyped_storage())
    layer.zero_grad()
    collect_garbage()
    assert gradient() is None


# ---- a backward that raises


def raising(model: nn.Sequential) -> nn.Sequential:
    return nn.Sequential(*list(model)[:2], Explosive(), model[2])


class Explosive(nn.Module):
    def forward(self, values: Tensor) -> Tensor:
        bombed: Tensor = Bomb.apply(values)
        return bombed


@pytest.mark.parametrize("log_freq", [1, 3])
def test_a_backward_that_raises_is_followed_by_a_whole_event(
    recorder: Any, log_freq: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = raising(small_model())
    start(recorder, model, log="all", log_freq=log_freq)
    monkeypatch.setattr(Bomb, "armed", False)
    train(model, log_freq - 1)
    monkeypatch.setattr(Bomb, "armed", True)
    with pytest.raises(RuntimeError, match="boom"):
        train(model)
    monkeypatch.setattr(Bomb, "armed", False)
    train(model)
    cut, whole = recorder.events
    assert (cut.batch, cut.partial, list(cut.histograms)) == (
        log_freq,
        True,
        ["gradients/3.weight", "gradients/3.bias"],
    )
    assert (whole.batch, whole.partial, len(whole.histograms)) == (log_freq + 1, False, 8)


def test_a_backward_over_other_parameters_after_one_that_raised_is_another(
    recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = raising(small_model())
    start(recorder, model, log="gradients", log_freq=1)
    monkeypatch.setattr(Bomb, "armed", True)
    with pytest.raises(RuntimeError, match="boom"):
        train(model)
    model[0](torch.randn(2, 4)).sum().backward()
    cut, whole = recorder.events
    assert (cut.names("gradients"), cut.partial) == (["3.weight", "3.bias"], True)
    assert (whole.names("gradients"), whole.partial) == (["0.weight", "0.bias"], False)


def test_an_event_cut_short_at_the_very_end_is_stored_by_stop(
    recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = raising(small_model())
    start(recorder, model, log="all", log_freq=1)
    monkeypatch.setattr(Bomb, "armed", True)
    with pytest.raises(RuntimeError, match="boom"):
        train(model)
    stop(recorder)
    assert [event.partial for event in recorder.events] == [True]


def test_no_exception_of_ours_leaves_a_hook(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model()
    start(recorder, model, log_freq=1)
    monkeypatch.setattr(recorder, "put_event", lambda *_: 1 / 0)
    train(model, 3)
    assert model[0].weight.grad is not None
    assert len(recorder.warnings) == 1
    assert "ZeroDivisionError" in recorder.warnings[0]
    assert [kind for kind, _ in recorder.notices] == ["watch_failed"] * 3


# ---- names and several models


def test_several_models_have_prefixes_and_events_of_their_own(recorder: Any) -> None:
    first, second = nn.Linear(2, 1, bias=False), nn.Linear(2, 1, bias=False)
    start(recorder, [first, second], log_freq=1)
    second(torch.ones(1, 2)).sum().backward()
    (first(torch.ones(1, 2)) + second(torch.ones(1, 2))).sum().backward()
    found = sorted((event.batch, *event.histograms) for event in recorder.events)
    assert found == [
        (1, "gradients/graph_1weight"),
        (1, "gradients/weight"),
        (2, "gradients/graph_1weight"),
    ]


def test_indices_begin_at_zero_in_every_run(recorder: Any) -> None:
    for run in (recorder, type(recorder)()):
        layers = [nn.Linear(1, 1), nn.Linear(1, 1)]
        for layer in layers:
            start(run, layer, log_freq=1)
            layer(torch.ones(1, 1)).sum().backward()
        keys = [event.names("gradients")[0] for event in run.events]
        assert keys == ["weight", "graph_1weight"]


@pytest.mark.covers("watch")
def test_idx_chooses_the_prefix(recorder: Any) -> None:
    layer = nn.Linear(1, 1)
    start(recorder, layer, log_freq=1, idx=7)
    layer(torch.ones(1, 1)).sum().backward()
    assert recorder.events[0].names("gradients") == ["graph_7weight", "graph_7bias"]


def test_two_models_under_one_index_are_refused_before_anything_is_hooked(recorder: Any) -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1)
    start(recorder, first, log_freq=1)
    text = 'A hook has already been set under name "gradients/weight"'
    with pytest.raises(ValueError, match=text):
        start(recorder, second, log_freq=1, idx=0)
    second(torch.ones(1, 1)).sum().backward()
    assert recorder.events == []


def test_watching_again_changes_the_settings_and_doubles_nothing(recorder: Any) -> None:
    model = small_model()
    for log in ("gradients", "all"):
        start(recorder, model, log=log, log_freq=1)
        train(model)
    assert [len(event.histograms) for event in recorder.events] == [4, 8]
    assert all(not key.startswith("graph_") for key in recorder.events[1].histograms)
    assert [len(p._backward_hooks or ()) for p in model.parameters()] == [1] * 4


@pytest.mark.covers("watch")
@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"log": "weights"}, ValueError, "log must be one of 'gradients', 'parameters', 'all'"),
        ({"models": 3}, TypeError, r"Expected a pytorch model \(torch.nn.Module\). Received"),
        ({"models": [nn.Linear(1, 1), "x"]}, TypeError, "Received <class 'str'>"),
        ({"log_freq": "a"}, TypeError, "log_freq must be a number of backward passes, not 'a'"),
        ({"log_freq": None}, TypeError, "log_freq must be a number"),
    ],
)
def test_misuse_raises_at_the_call(
    recorder: Any, arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        start(recorder, **({"models": nn.Linear(1, 1)} | arguments))
    assert why_silent(recorder) is None


@pytest.mark.covers("watch")
def test_log_graph_writes_the_layers_into_the_summary(recorder: Any) -> None:
    start(recorder, small_model(), log=None, log_graph=True)
    nodes = recorder.summary["graph_0"]["nodes"]
    assert [node["name"] for node in nodes] == ["0", "1", "2"]
    assert nodes[0]["class_name"] == "Linear(in_features=4, out_features=3, bias=True)"
    assert nodes[0]["parameters"] == [["weight", [3, 4]], ["bias", [3]]]
    assert nodes[0]["num_parameters"] == [12, 3]


# ---- the end


@pytest.mark.covers("unwatch")
def test_unwatch_stops_one_model_or_all(recorder: Any) -> None:
    models = [small_model(), small_model()]
    start(recorder, models, log_freq=1)
    unwatch(recorder, models[0])
    train(models[0])
    train(models[1])
    unwatch(recorder)
    train(models[1])
    assert [event.names("gradients")[0] for event in recorder.events] == ["graph_10.weight"]
    assert all(not p._backward_hooks for model in models for p in model.parameters())


def test_unwatching_what_is_not_watched_warns_only(recorder: Any) -> None:
    unwatch(recorder, nn.Linear(1, 1))
    start(recorder, nn.Linear(1, 1))
    unwatch(recorder, nn.Linear(1, 1))
    assert len(recorder.warnings) == 2
    assert "not watched" in recorder.warnings[1]


def test_a_backward_after_finish_does_nothing(recorder: Any) -> None:
    model = small_model()
    start(recorder, model, log="all", log_freq=1)
    recorder.finished = True
    train(model, 2)
    assert recorder.events == []
    assert recorder.warnings == []


def test_neither_the_model_nor_the_run_is_kept_alive(recorder: Any) -> None:
    run = type(recorder)()
    model = small_model()
    start(run, model, log="all", log_freq=1)
    train(model)
    stop(run)
    kept = [weakref.ref(model), weakref.ref(run)]
    del model, run
    collect_garbage()
    assert [reference() for reference in kept] == [None, None]


# ---- why nothing was stored


def test_it_says_that_there_were_too_few_backwards(recorder: Any) -> None:
    model = small_model()
    start(recorder, model, log_freq=100)
    train(model, 7)
    assert "there were 7 backward passes and log_freq is 100" in (why_silent(recorder) or "")


def test_it_says_that_no_backward_reached_the_model(recorder: Any) -> None:
    start(recorder, model := small_model())
    model(torch.randn(1, 4))
    assert "no backward pass reached its parameters" in (stop(recorder) or "")


def test_it_says_that_nothing_is_trained(recorder: Any) -> None:
    model = small_model().requires_grad_(False)
    start(recorder, model, log_freq=1)
    model(torch.randn(1, 4))
    assert "no parameter requires a gradient" in (stop(recorder) or "")


def test_it_says_that_the_model_was_deleted(recorder: Any) -> None:
    start(recorder, small_model())
    collect_garbage()
    assert "the model was deleted" in (stop(recorder) or "")


def test_it_says_that_all_parameters_were_replaced(recorder: Any) -> None:
    model = small_model()
    start(recorder, model, log_freq=1)
    train(model)
    model.load_state_dict(small_model().state_dict(), assign=True)
    train(model)
    assert "all parameters were replaced" in (stop(recorder) or "")


def test_it_says_nothing_when_events_were_stored(recorder: Any) -> None:
    model = small_model()
    start(recorder, model, log_freq=1)
    train(model)
    assert why_silent(recorder) is None
    assert stop(recorder) is None
