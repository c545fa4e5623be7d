"""watch with models that change after it: adapters, replaced and pruned parameters, compiled
autograd, and gradients that no hook tells of."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from lossboard import histogram as h
from lossboard.watch import start, stop


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))


NAMES = ["0.weight", "0.bias", "2.weight", "2.bias"]


class Adapted(nn.Module):
    """A frozen layer with two small matrices beside it, as LoRA adds them."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.frozen = frozen
        self.down = nn.Linear(frozen.in_features, 2, bias=False)
        self.up = nn.Linear(2, frozen.out_features, bias=False)

    def forward(self, values: Tensor) -> Tensor:
        result: Tensor = self.frozen(values) + self.up(self.down(values))
        return result


def train(model: nn.Module, steps: int = 1) -> list[dict[str, Tensor]]:
    """Trains with an optimizer; the gradients of each step."""
    trained = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=0.01)
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.randn(5, 4)).square().sum().backward()
        gradients = {name: one.grad for name, one in model.named_parameters()}
        found.append({name: one.clone() for name, one in gradients.items() if one is not None})
        optimizer.step()
    return found


def assert_holds(data: Any, tensor: Tensor) -> None:
    if tensor.min() == tensor.max():
        assert (data.lo, data.hi, data.n) == (tensor.min(), tensor.min(), tensor.numel())
        return
    counts, edges = np.histogram(tensor.double().numpy(), len(h.counts_of(data)))
    assert h.counts_of(data).tolist() == counts.tolist()
    assert h.edges_of(data) == pytest.approx(edges)


def assert_all_gradients(recorder: Any, recorded: list[dict[str, Tensor]]) -> None:
    assert [event.batch for event in recorder.events] == list(range(1, len(recorded) + 1))
    for event, gradients in zip(recorder.events, recorded, strict=True):
        assert event.names("gradients") == list(gradients)
        for name, gradient in gradients.items():
            assert_holds(event.histograms[f"gradients/{name}"], gradient)


def test_a_matrix_added_to_a_frozen_model_is_stored_from_its_first_backward(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    model.requires_grad_(False)
    model[0] = Adapted(model[0])  # type: ignore[arg-type]
    recorded = train(model, 3)
    assert list(recorded[0]) == ["0.down.weight", "0.up.weight"]
    assert_all_gradients(recorder, recorded)
    assert "0.down.weight" in recorder.events[0].names("parameters")
    assert stop(recorder) is None


def test_a_matrix_added_while_training_goes_on_is_stored_from_its_first_backward(
    recorder: Any,
) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    before = train(model, 2)
    model[2].requires_grad_(False)
    model.register_parameter("extra", nn.Parameter(torch.ones(3)))
    model[0] = Adapted(model[0])  # type: ignore[arg-type]
    model[0].frozen.requires_grad_(False)
    for parameter in model[0].frozen.parameters():
        parameter.grad = None
    for parameter in model[2].parameters():
        parameter.grad = None
    assert_all_gradients(recorder, before + train(model, 2))


def test_pruning_costs_no_event_and_renames_the_tensor(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    prune.l1_unstructured(model[0], "weight", 0.5)  # type: ignore[no-untyped-call]
    recorded = train(model, 2)
    assert "0.weight_orig" in recorded[0]
    assert_all_gradients(recorder, recorded)


@pytest.mark.parametrize("way", ["assign", "to_empty"])
def test_parameters_replaced_before_the_first_backward_are_stored_from_it(
    recorder: Any, way: str
) -> None:
    if way == "assign":
        model = layers()
        start(recorder, model, log="all", log_freq=1)
        model.load_state_dict(layers().state_dict(), assign=True)
    else:
        with torch.device("meta"):
            model = layers()
        start(recorder, model, log="all", log_freq=1)
        model.to_empty(device="cpu")
        for parameter in model.parameters():
            nn.init.normal_(parameter)
    assert_all_gradients(recorder, train(model, 3))
    assert [event.names("parameters") for event in recorder.events] == [NAMES] * 3
    assert stop(recorder) is None


def test_gradients_that_the_loop_assigns_are_stored_when_the_optimizer_gets_them(
    recorder: Any,
) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(4):
        for parameter in model.parameters():
            parameter.grad = torch.full_like(parameter, float(step))
        optimizer.step()
    assert [event.batch for event in recorder.events] == [2, 4]
    assert recorder.events[1].names("gradients") == NAMES
    assert recorder.events[1].names("parameters") == NAMES
    assert recorder.events[1].histograms["gradients/0.weight"].lo == 3


def test_a_function_gives_gradients_that_are_kept_elsewhere(recorder: Any) -> None:
    model = layers()
    kept = {name: torch.randn_like(one) for name, one in model.named_parameters()}
    masters = [one.detach().clone().requires_grad_() for one in model.parameters()]
    optimizer = torch.optim.SGD(masters, lr=0.1)  # of other tensors than the model's
    start(
        recorder,
        model,
        log="all",
        log_freq=1,
        gradients=lambda name, parameter: None if name == "2.bias" else kept[name],
    )
    for _ in range(2):
        model(torch.randn(5, 4)).sum().backward()
        optimizer.step()
    assert [event.batch for event in recorder.events] == [1, 2]
    event = recorder.events[1]
    assert event.names("gradients") == NAMES[:-1]
    assert event.names("parameters") == NAMES
    for name in NAMES[:-1]:
        assert_holds(event.histograms[f"gradients/{name}"], kept[name])


def test_a_function_that_raises_costs_one_gradient(recorder: Any) -> None:
    def find(name: str, parameter: nn.Parameter) -> Tensor:
        if name == "0.bias":
            raise KeyError("no such shard")
        return torch.ones_like(parameter)

    model = layers()
    start(recorder, model, log="all", log_freq=1, gradients=find)
    train(model, 2)
    assert recorder.events[1].names("gradients") == ["0.weight", "2.weight", "2.bias"]
    assert recorder.events[1].names("parameters") == NAMES
    (warning,) = recorder.warnings
    assert "0.bias" in warning
    assert "no such shard" in warning


def test_what_is_no_function_is_refused(recorder: Any) -> None:
    with pytest.raises(TypeError, match="gradients must be a function"):
        start(recorder, layers(), gradients="main_grad")  # type: ignore[arg-type]


def test_a_step_without_a_backward_of_the_model_stores_nothing(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    train(model, 2)
    other = layers()
    train(other, 3)
    assert len(recorder.events) == 2


def test_two_optimizers_of_one_model_make_one_event_of_a_step(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    optimizers = [torch.optim.SGD(model[place].parameters(), lr=0.1) for place in (0, 2)]
    for _ in range(2):
        model(torch.randn(5, 4)).square().sum().backward()
        for optimizer in optimizers:
            optimizer.step()
    assert [event.batch for event in recorder.events] == [1, 2]


@pytest.mark.filterwarnings("ignore")
def test_compiled_autograd_stores_gradients_and_parameters_without_a_warning(
    recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch._dynamo.reset()
    monkeypatch.setattr(torch._dynamo.config, "compiled_autograd", True)
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    @torch.compile(backend="eager")
    def step(inputs: Tensor) -> None:
        model(inputs).square().sum().backward()

    recorded = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            optimizer.zero_grad()
            step(torch.randn(5, 4))
            recorded.append(
                {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
            )
            optimizer.step()
    torch._dynamo.reset()
    assert_all_gradients(recorder, recorded)
    assert [event.names("parameters") for event in recorder.events] == [NAMES] * 3
    assert recorder.warnings == []
    assert [str(one.message) for one in told if "lossboard" in str(one.message)] == []


def test_hooks_of_torch_are_gone_after_stop(recorder: Any) -> None:
    from torch.nn.modules import module
    from torch.optim import optimizer

    held = [
        module._global_parameter_registration_hooks,  # type: ignore[attr-defined]
        module._global_module_registration_hooks,  # type: ignore[attr-defined]
        optimizer._global_optimizer_pre_hooks,
    ]
    before = [len(one) for one in held]
    start(recorder, layers(), log="all", log_freq=1)
    assert [len(one) for one in held] == [count + 1 for count in before]
    stop(recorder)
    assert [len(one) for one in held] == before
