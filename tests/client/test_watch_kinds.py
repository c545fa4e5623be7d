"""What watch records beside gradients and parameters: counts compared with tensors of the test."""

from __future__ import annotations

import gc
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lossboard import histogram as h
from lossboard.watch import start, stop
from lossboard.wire import HistogramData


def model_of() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))


def train(model: nn.Module, optimizer: Any, steps: int = 1) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()


def same(data: HistogramData, tensor: Tensor) -> None:
    """The histogram holds exactly these values."""
    expected = h.from_values(tensor.detach().numpy())
    assert (data.n, data.zeros, data.nan) == (expected.n, expected.zeros, expected.nan)
    assert (data.lo, data.hi) == (expected.lo, expected.hi)
    assert h.counts_of(data).tolist() == h.counts_of(expected).tolist()
    assert data.squares == pytest.approx(expected.squares, rel=1e-5)


def found(recorder: Any) -> dict[str, HistogramData]:
    return {key: data for event in recorder.events for key, data in event.histograms.items()}


def keys(recorder: Any) -> list[str]:
    return [key for event in recorder.events for key in event.histograms]


# ---- the words


def test_log_takes_a_set_of_words_or_one_of_them(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"gradients", "activations"}, log_freq=1)
    train(model, torch.optim.SGD(model.parameters(), lr=0.1))
    kinds = {key.split("/")[0] for key in keys(recorder)}
    assert kinds == {"gradients", "activations", "activation_kurtosis"}


@pytest.mark.parametrize("log", [{"gradients", "weights"}, ["all", 3], 7])
def test_an_unknown_word_is_refused_by_name(recorder: Any, log: Any) -> None:
    with pytest.raises(ValueError, match="'updates', 'activations'"):
        start(recorder, model_of(), log=log)


@pytest.mark.parametrize("name", ["include", "exclude", "modules"])
def test_globs_that_are_no_strings_are_refused(recorder: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be"):
        start(recorder, model_of(), **{name: 3})


def test_globs_choose_tensors_of_every_kind(recorder: Any) -> None:
    model = model_of()
    log = {"gradients", "parameters", "updates", "activations"}
    start(recorder, model, log=log, log_freq=1, include=["2*", "gradients/*"], exclude="*.bias")
    train(model, torch.optim.SGD(model.parameters(), lr=0.1))
    assert sorted(keys(recorder)) == [
        "activation_kurtosis/2",
        "activations/2",
        "gradients/0.weight",
        "gradients/2.weight",
        "parameters/2.weight",
        "update_ratios/2.weight",
        "updates/2.weight",
    ]


# ---- updates


OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "SGD with momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters),
    "AdamW, fused": lambda parameters: torch.optim.AdamW(parameters, fused=True),
    "Adagrad": lambda parameters: torch.optim.Adagrad(parameters),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_are_what_the_step_changed_and_their_ratio_to_the_parameter(
    recorder: Any, name: str
) -> None:
    model = model_of()
    optimizer = OPTIMIZERS[name](model.parameters())
    start(recorder, model, log={"updates"}, log_freq=2)
    train(model, optimizer)
    before = {key: value.detach().clone() for key, value in model.named_parameters()}
    train(model, optimizer)
    stored = found(recorder)
    for key, value in model.named_parameters():
        change = value.detach() - before[key]
        same(stored[f"updates/{key}"], change)
        ratio = change.square().mean().sqrt() / before[key].square().mean().sqrt()
        assert stored[f"update_ratios/{key}"].n == 1
        assert h.rms(stored[f"update_ratios/{key}"]) == pytest.approx(float(ratio), rel=1e-5)
    assert [event.batch for event in recorder.events] == [2]


def test_updates_have_the_batch_and_the_step_of_their_gradients(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"gradients", "updates"}, log_freq=3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(6):
        recorder.step = step
        train(model, optimizer)
    assert [(event.batch, event.step) for event in recorder.events] == [
        (3, 2),
        (3, 2),
        (6, 5),
        (6, 5),
    ]


def test_a_step_after_several_backwards_belongs_to_the_event_before_it(recorder: Any) -> None:
    model = model_of()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    start(recorder, model, log={"updates"}, log_freq=3)
    before = model[0].weight.detach().clone()
    for _ in range(4):
        model(torch.randn(16, 4)).square().mean().backward()
    optimizer.step()
    optimizer.step()
    (event,) = recorder.events
    assert event.batch == 3
    gradient = model[0].weight.grad
    assert gradient is not None
    expected = float((0.1 * gradient).square().mean().sqrt())
    assert h.rms(event.histograms["updates/0.weight"]) == pytest.approx(expected, rel=1e-4)
    assert not torch.equal(before, model[0].weight)


def test_each_of_two_optimizers_gives_the_updates_of_its_parameters(recorder: Any) -> None:
    model = model_of()
    first = torch.optim.SGD(model[0].parameters(), lr=0.1)
    second = torch.optim.Adam(model[2].parameters())
    start(recorder, model, log={"updates"}, log_freq=1)
    model(torch.randn(16, 4)).square().mean().backward()
    second.step()
    first.step()
    names = [event.names("updates") for event in recorder.events]
    assert names == [["2.weight", "2.bias"], ["0.weight", "0.bias"]]


def test_an_optimizer_that_steps_inside_the_backward_gives_updates(recorder: Any) -> None:
    model = model_of()
    for parameter in model.parameters():
        own = torch.optim.SGD([parameter], lr=0.1)
        parameter.register_post_accumulate_grad_hook(lambda _, own=own: own.step())
    start(recorder, model, log={"gradients", "updates"}, log_freq=1)
    model(torch.randn(16, 4)).square().mean().backward()
    stored = found(recorder)
    for name in ("0.weight", "2.bias"):
        gradient = dict(model.named_parameters())[name].grad
        assert gradient is not None
        assert stored[f"updates/{name}"].n == gradient.numel()
        assert h.rms(stored[f"updates/{name}"]) == pytest.approx(
            float((0.1 * gradient).square().mean().sqrt()), rel=1e-3
        )


def test_a_step_that_runs_backwards_itself_gives_the_change_of_the_whole_step(
    recorder: Any,
) -> None:
    model = model_of()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)
    inputs = torch.randn(16, 4)
    start(recorder, model, log={"updates"}, log_freq=1)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = model(inputs).square().mean()
        loss.backward()
        return loss

    before = model[0].weight.detach().clone()
    optimizer.step(closure)
    same(found(recorder)["updates/0.weight"], model[0].weight.detach() - before)


def test_a_parameter_of_zeros_has_an_update_and_no_ratio(recorder: Any) -> None:
    model = model_of()
    nn.init.zeros_(model[2].bias)
    start(recorder, model, log={"updates"}, log_freq=1)
    train(model, torch.optim.SGD(model.parameters(), lr=0.1))
    assert "updates/2.bias" in keys(recorder)
    assert "update_ratios/2.bias" not in keys(recorder)


def test_updates_of_16_bit_parameters_are_exact(recorder: Any) -> None:
    model = model_of().bfloat16()
    before = model[0].weight.detach().float().clone()
    start(recorder, model, log={"updates"}, log_freq=1)
    model(torch.randn(16, 4).bfloat16()).square().mean().backward()
    torch.optim.SGD(model.parameters(), lr=0.3).step()
    same(found(recorder)["updates/0.weight"], model[0].weight.detach().float() - before)


def test_no_copy_of_parameters_is_kept_after_a_step(recorder: Any) -> None:
    layer = nn.Linear(64, 64)
    start(recorder, layer, log={"updates"}, log_freq=1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    layer(torch.randn(2, 64)).sum().backward()
    optimizer.step()
    gc.collect()
    alive = [
        one
        for one in gc.get_objects()
        if type(one) is Tensor and one.shape == (64, 64) and one is not layer.weight.grad
    ]
    assert alive == []


def test_no_hook_of_optimizers_stays_after_the_end(recorder: Any) -> None:
    from torch.optim import optimizer as hooks

    before = len(hooks._global_optimizer_pre_hooks)
    model = model_of()
    start(recorder, model, log={"updates"}, log_freq=1)
    assert len(hooks._global_optimizer_pre_hooks) > before
    stop(recorder)
    assert len(hooks._global_optimizer_pre_hooks) == before


def test_optimizer_state_is_as_the_step_left_it(recorder: Any) -> None:
    model = model_of()
    optimizer = torch.optim.Adam(model.parameters())
    start(recorder, model, log="optimizer_state", log_freq=1)
    train(model, optimizer)
    stored = found(recorder)
    for name, parameter in model.named_parameters():
        for state in ("exp_avg", "exp_avg_sq"):
            same(stored[f"optimizer_state.{state}/{name}"], optimizer.state[parameter][state])
    assert len(stored) == 8


def test_why_there_are_no_updates_is_said(recorder: Any) -> None:
    model = model_of()
    start(recorder, model, log={"gradients", "updates"}, log_freq=1)
    model(torch.randn(16, 4)).sum().backward()
    reason = stop(recorder)
    assert reason is not None and reason.startswith("watch(Sequential) stored no updates:")


def test_numbers_of_a_device_are_left_out_where_they_are_not_finite() -> None:
    from lossboard.histogram.cpu import CpuKernel
    from lossboard.watch.event import Event

    event = Event(CpuKernel(), batch=1, step=0, time_us=0, asynchronous={"cpu"})
    event.add_number("update_ratios", "a", torch.tensor(0.5, dtype=torch.float64))
    event.add_number("update_ratios", "b", torch.tensor(math.nan, dtype=torch.float64))
    stored = event.finish("", [], partial=False)
    a, b = (value.resolve() for value in stored.values())  # type: ignore[union-attr]
    assert (a.n, a.lo, a.hi) == (1, 0.5, 0.5)
    assert (b.n, b.nan, b.pos_inf) == (0, 0, 0)
    assert np.isnan(h.rms(b))
