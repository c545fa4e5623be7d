"""What watch records of modules: compared with tensors that the test has recorded itself."""

from __future__ import annotations

import copy
import gc
import math
import weakref
from typing import Any

import pytest
import torch
from tests.client.test_watch_kinds import found, keys, model_of, same, train
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lossboard import histogram as h
from lossboard.watch import start, stop


def outputs_of(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """What each leaf module gives, recorded without watch."""
    kept: dict[str, Tensor] = {}
    handles = [
        module.register_forward_hook(lambda _m, _i, out, name=name: kept.update({name: out}))
        for name, module in model.named_modules()
        if not list(module.children())
    ]
    with torch.no_grad():
        model(inputs)
    for handle in handles:
        handle.remove()
    return kept


def kurtosis_of(tensor: Tensor) -> float:
    values = tensor.detach().double().flatten()
    centred = values - values.mean()
    return float(centred.pow(4).mean() / centred.square().mean() ** 2)


def test_activations_are_what_leaf_modules_gave_with_zeros_and_kurtosis(recorder: Any) -> None:
    model, inputs = model_of(), torch.randn(16, 4)
    expected = outputs_of(model, inputs)
    start(recorder, model, log={"activations"}, log_freq=1)
    model(inputs).square().mean().backward()
    (event,) = recorder.events
    assert list(event.histograms)[:3] == ["activations/0", "activations/1", "activations/2"]
    for name, tensor in expected.items():
        same(event.histograms[f"activations/{name}"], tensor)
        kurtosis = h.rms(event.histograms[f"activation_kurtosis/{name}"])
        assert kurtosis == pytest.approx(kurtosis_of(tensor), rel=1e-4)
    assert event.histograms["activations/1"].zeros > 0


def test_activations_are_those_of_the_forward_of_the_events_backward(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"gradients", "activations"}, log_freq=2)
    for batch in range(4):
        recorder.step = batch
        model(torch.full((1, 4), float(batch))).sum().backward()
    batches = [(event.batch, event.step) for event in recorder.events]
    assert batches == [(2, 1), (4, 3)]
    first = model[0](torch.full((1, 4), 1.0))
    same(recorder.events[0].histograms["activations/0"], first)


def test_forwards_without_gradients_or_in_evaluation_are_not_counted(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"activations"}, log_freq=1)
    inputs = torch.randn(16, 4)
    expected = outputs_of(model, inputs)
    with torch.no_grad():
        model(torch.randn(3, 4))
    model.eval()(torch.randn(3, 4))
    model.train()
    model(inputs).sum().backward()
    (event,) = recorder.events
    assert len(event.histograms) == 6
    same(event.histograms["activations/0"], expected["0"])


def test_activation_gradients_are_those_that_autograd_had(recorder: Any) -> None:
    model, inputs = model_of(), torch.randn(16, 4)
    start(recorder, model, log={"activation_gradients"}, log_freq=1)
    hidden = model[0](inputs)
    model[1](hidden).register_hook(lambda _: None)
    inner = model[1](hidden)
    inner.retain_grad()
    output = model[2](inner)
    output.retain_grad()
    output.square().mean().backward()
    (event,) = recorder.events
    assert inner.grad is not None and output.grad is not None
    same(event.histograms["activation_gradients/1(2)"], inner.grad)
    same(event.histograms["activation_gradients/2"], output.grad)


def test_activation_gradients_stand_in_the_order_of_the_network(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"activation_gradients"}, log_freq=1)
    model(torch.randn(16, 4)).sum().backward()
    assert keys(recorder) == [f"activation_gradients/{name}" for name in "012"]


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.cell = nn.LSTM(4, 3)

    def forward(self, values: Tensor) -> Tensor:
        output, _ = self.cell(self.layer(self.layer(values)))
        return output  # type: ignore[no-any-return]


def test_calls_and_parts_of_outputs_have_names_of_their_own(recorder: Any) -> None:
    model = Twice()
    start(recorder, model, log={"activations"}, log_freq=1)
    model(torch.randn(5, 2, 4)).sum().backward()
    (event,) = recorder.events
    names = [key for key in event.histograms if key.startswith("activations/")]
    assert names == [
        "activations/layer",
        "activations/layer(2)",
        "activations/cell[0]",
        "activations/cell[1]",
        "activations/cell[2]",
    ]


@pytest.mark.parametrize(
    ("modules", "names"),
    [
        ("*.1", ["inner.1"]),
        (["inner", "head"], ["head", "inner"]),
        (lambda name, module: isinstance(module, nn.Linear), ["head", "inner.0"]),
    ],
)
def test_modules_are_named_by_globs_or_a_function(
    recorder: Any, modules: Any, names: list[str]
) -> None:
    model = nn.Sequential()
    model.add_module("inner", nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
    model.add_module("head", nn.Linear(4, 1))
    start(recorder, model, log={"activations"}, log_freq=1, modules=modules)
    model(torch.randn(16, 4)).sum().backward()
    stored = [key for key in keys(recorder) if key.startswith("activations/")]
    assert sorted(stored) == [f"activations/{name}" for name in names]


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpoints_do_not_count_an_activation_twice(recorder: Any, reentrant: bool) -> None:
    model, inputs = model_of(), torch.randn(16, 4, requires_grad=True)
    expected = outputs_of(model, inputs)
    start(recorder, model, log={"activations", "activation_gradients"}, log_freq=1)
    checkpoint(model, inputs, use_reentrant=reentrant).square().mean().backward()
    (event,) = recorder.events
    stored = [key for key in event.histograms if not key.startswith("activation_kurtosis")]
    assert sorted(stored) == sorted(
        f"{kind}/{name}" for kind in ("activations", "activation_gradients") for name in "012"
    )
    for name, tensor in expected.items():
        same(event.histograms[f"activations/{name}"], tensor)


def test_a_gradient_penalty_leaves_the_gradients_of_the_backward(recorder: Any) -> None:
    model, inputs = model_of(), torch.randn(16, 4, requires_grad=True)
    start(recorder, model, log={"gradients", "activation_gradients"}, log_freq=1)
    output = model(inputs)
    (penalty,) = torch.autograd.grad(output.sum(), inputs, create_graph=True)  # it has ones there
    (3 * output.sum() + penalty.square().sum()).backward()
    (event,) = recorder.events
    assert event.batch == 1
    same(event.histograms["activation_gradients/2"], torch.full((16, 1), 3.0))


def test_no_activation_is_kept_alive(recorder: Any) -> None:
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    refs: list[Any] = []
    model[1].register_forward_hook(lambda _m, _i, out: refs.append(weakref.ref(out)))
    start(recorder, model, log={"activations", "activation_gradients"}, log_freq=1)
    loss = model(torch.randn(64, 64)).square().mean()
    loss.backward()
    del loss
    gc.collect()
    assert refs[0]() is None
    with torch.no_grad():
        model(torch.randn(64, 64))
    assert refs[1]() is None


def test_values_that_are_not_finite_are_counted_apart(recorder: Any) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Identity())
    start(recorder, model, log={"activations"}, log_freq=1)
    inputs = torch.randn(16, 4)
    inputs[0, 0] = math.nan
    model(inputs).nansum().backward()
    data = found(recorder)["activations/0"]
    assert (data.n, data.nan) == (60, 4)
    with torch.no_grad():
        clean = model(inputs)
    expected = kurtosis_of(clean[torch.isfinite(clean)])
    assert h.rms(found(recorder)["activation_kurtosis/0"]) == pytest.approx(expected, rel=1e-4)


def test_a_layer_that_died_gives_zeros_and_no_kurtosis(recorder: Any) -> None:
    model = model_of()
    nn.init.constant_(model[0].bias, -100.0)
    start(recorder, model, log={"activations"}, log_freq=1)
    model(torch.randn(16, 4)).square().mean().backward()
    data = found(recorder)["activations/1"]
    assert (data.zeros, data.n) == (128, 128)
    assert "activation_kurtosis/1" not in keys(recorder)


def test_a_compiled_model_is_trained_and_what_is_missing_is_said(recorder: Any) -> None:
    model = model_of()
    compiled = torch.compile(model, backend="eager")
    start(recorder, model, log={"gradients", "activations"}, log_freq=1)
    compiled(torch.randn(16, 4)).square().mean().backward()
    assert {key.split("/")[0] for key in keys(recorder)} == {"gradients"}
    reason = stop(recorder)
    assert reason is not None and "outside of torch.compile" in reason


def test_a_model_is_copied_and_saved_without_its_hooks(recorder: Any, tmp_path: Any) -> None:
    model = model_of()
    start(recorder, model, log={"activations", "activation_gradients", "updates"}, log_freq=1)
    other = copy.deepcopy(model)
    torch.save(model, tmp_path / "model.pt")
    loaded = torch.load(tmp_path / "model.pt", weights_only=False)
    for one in (other, loaded):
        train(one, torch.optim.SGD(one.parameters(), lr=0.1))
    assert recorder.events == []


def test_unwatch_removes_the_hooks_of_modules(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"activations"}, log_freq=1)
    assert any(module._forward_hooks for module in model.modules())
    stop(recorder)
    assert not any(module._forward_hooks for module in model.modules())
