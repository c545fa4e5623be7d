"""watch with every kind of model and training that PyTorch knows."""

from __future__ import annotations

import copy
import io
import pickle
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from lossboard import histogram as h
from lossboard.watch import start, stop, unwatch


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))


ALL = ["0.weight", "0.bias", "2.weight", "2.bias"]


def train(model: nn.Module, inputs: Tensor | None = None) -> None:
    model(torch.randn(5, 4) if inputs is None else inputs).sum().backward()


# ---- parameters


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2, bias=False)
        self.second = nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight

    def forward(self, values: Tensor) -> Tensor:
        hidden: Tensor = self.second(self.first(values))
        return hidden


def test_a_shared_parameter_has_one_name_and_its_whole_gradient(recorder: Any) -> None:
    model = Tied()
    start(recorder, model, log="all", log_freq=1)
    train(model, torch.ones(1, 2))
    (event,) = recorder.events
    assert event.names("gradients") == event.names("parameters") == ["first.weight"]
    gradient = model.first.weight.grad
    assert gradient is not None
    total = event.histograms["gradients/first.weight"].total
    assert total == pytest.approx(gradient.sum().item(), rel=1e-5)


def test_frozen_parameters_are_among_the_parameters_only(recorder: Any) -> None:
    model = layers()
    model[0].requires_grad_(False)
    start(recorder, model, log="all", log_freq=1)
    train(model)
    assert recorder.events[0].names("gradients") == ALL[2:]
    assert recorder.events[0].names("parameters") == ALL


def test_a_layer_unfrozen_later_is_hooked_at_the_next_event(recorder: Any) -> None:
    model = layers()
    model[0].requires_grad_(False)
    start(recorder, model, log_freq=1)
    train(model)
    model[0].requires_grad_(True)
    train(model)
    train(model)
    assert [event.names("gradients") for event in recorder.events] == [ALL[2:], ALL[2:], ALL]


def test_a_layer_frozen_later_is_left_out(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log_freq=1)
    train(model)
    model[0].requires_grad_(False)
    train(model)
    assert [event.names("gradients") for event in recorder.events] == [ALL, ALL[2:]]


def test_a_replaced_layer_is_hooked_before_the_next_event(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=3)
    train(model)
    model[2] = nn.Linear(3, 2)
    train(model)
    train(model)
    (event,) = recorder.events
    assert event.names("gradients") == ALL
    assert event.histograms["gradients/2.weight"].n == 6


def test_a_removed_layer_is_forgotten(recorder: Any) -> None:
    model = layers()
    removed = model[0].weight
    start(recorder, model, log="all", log_freq=1)
    train(model)
    model[0] = nn.Identity()
    train(model, torch.randn(2, 3))
    assert recorder.events[1].names("parameters") == ALL[2:]
    assert not removed._backward_hooks


def test_unused_parameters_have_no_gradient_in_an_event(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log_freq=1)
    model[2](torch.randn(1, 3)).sum().backward()
    assert recorder.events[0].names("gradients") == ALL[2:]


def test_a_model_with_nothing_to_train_is_stored_at_its_forwards(recorder: Any) -> None:
    model = layers().requires_grad_(False)
    start(recorder, model, log="all", log_freq=2)
    for _ in range(5):
        model(torch.randn(1, 4))
    assert [event.batch for event in recorder.events] == [2, 4]
    assert recorder.events[0].names("parameters") == ALL
    unwatch(recorder)
    assert not model._forward_hooks


def test_a_model_that_is_unfrozen_goes_over_to_backwards(recorder: Any) -> None:
    model = layers().requires_grad_(False)
    start(recorder, model, log="gradients", log_freq=1)
    model(torch.randn(1, 4))
    model.requires_grad_(True)
    model(torch.randn(1, 4))
    train(model)
    assert [event.names("gradients") for event in recorder.events] == [ALL]
    assert not model._forward_hooks


def test_lazy_layers_are_watched_once_they_have_a_shape(recorder: Any) -> None:
    model = nn.Sequential(nn.LazyLinear(3), nn.LazyLinear(1))
    start(recorder, model, log="all", log_freq=1)
    train(model)
    train(model)
    assert recorder.events[-1].names("gradients") == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_parameters_without_values_are_left_out(recorder: Any) -> None:
    model = nn.Linear(2, 1)
    model.empty = nn.Parameter(torch.empty(0))
    start(recorder, model, log="all", log_freq=1)
    train(model, torch.randn(1, 2))
    assert recorder.events[0].names("parameters") == ["weight", "bias"]


# ---- types


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.complex64])
def test_models_of_every_type_are_watched(recorder: Any, dtype: torch.dtype) -> None:
    layer = nn.Linear(2, 2, bias=False, dtype=dtype)
    start(recorder, layer, log="all", log_freq=1)
    (layer(torch.ones(1, 2, dtype=dtype)) * 3).sum().abs().backward()
    values = 8 if dtype.is_complex else 4
    assert [data.n for data in recorder.events[0].histograms.values()] == [values, values]


def test_changing_the_type_keeps_the_hooks(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log_freq=1)
    model.double()
    train(model, torch.randn(5, 4, dtype=torch.float64))
    assert recorder.events[0].names("gradients") == ALL


def test_sparse_gradients_count_what_is_missing_as_zeros(recorder: Any) -> None:
    embedding = nn.Embedding(100, 3, sparse=True)
    start(recorder, embedding, log_freq=1)
    with torch.sparse.check_sparse_tensor_invariants():
        embedding(torch.tensor([1, 1, 7])).sum().backward()
    data = recorder.events[0].histograms["gradients/weight"]
    assert (data.n, data.zeros, data.lo, data.hi, data.total) == (300, 294, 0, 2, 9)
    assert h.counts_of(data)[[0, 32, 63]].tolist() == [294, 3, 3]


# ---- ways to train


@pytest.mark.parametrize("reentrant", [True, False])
def test_checkpointing_gives_one_whole_event_a_backward(recorder: Any, reentrant: bool) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    for _ in range(3):
        inputs = torch.randn(5, 4, requires_grad=True)
        hidden = checkpoint(model[0], inputs, use_reentrant=reentrant)
        checkpoint(model[2], hidden.relu(), use_reentrant=reentrant).sum().backward()
    assert [(event.batch, event.partial) for event in recorder.events] == [
        (1, False),
        (2, False),
        (3, False),
    ]
    assert all(event.names("gradients") == ALL for event in recorder.events)


def test_a_checkpoint_in_the_middle_of_a_backward_belongs_to_it(recorder: Any) -> None:
    model = nn.Sequential(*(nn.Linear(2, 2, bias=False) for _ in range(4)))
    start(recorder, model, log="all", log_freq=1)
    for _ in range(3):
        hidden = model[0](torch.randn(1, 2))
        hidden = model[2](checkpoint(model[1], hidden, use_reentrant=True))
        checkpoint(model[3], hidden, use_reentrant=True).sum().backward()
    assert [(event.batch, event.partial) for event in recorder.events] == [
        (1, False),
        (2, False),
        (3, False),
    ]
    assert all(len(event.histograms) == 8 for event in recorder.events)


def test_scaled_losses_give_scaled_gradients(recorder: Any) -> None:
    layer = nn.Linear(1, 1, bias=False)
    start(recorder, layer, log_freq=1)
    scaler = torch.amp.GradScaler("cpu", init_scale=4096.0)
    scaler.scale(layer(torch.ones(1, 1)).sum()).backward()
    assert recorder.events[0].histograms["gradients/weight"].lo == 4096


def test_autograd_grad_counts_as_a_backward(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log_freq=1)
    torch.autograd.grad(model(torch.randn(1, 4)).sum(), list(model.parameters()))
    assert recorder.events[0].names("gradients") == ALL


def test_second_derivatives_keep_their_graph(recorder: Any) -> None:
    layer = nn.Linear(1, 1, bias=False)
    start(recorder, layer, log_freq=1)
    loss = layer(torch.full((1, 1), 2.0)).pow(3).sum()
    (gradient,) = torch.autograd.grad(loss, [layer.weight], create_graph=True)
    gradient.square().sum().backward()
    assert len(recorder.events) == 2
    assert layer.weight.grad is not None and layer.weight.grad.abs().item() > 0


def test_deterministic_algorithms_do_not_make_it_raise(recorder: Any) -> None:
    model = layers()
    start(recorder, model, log="all", log_freq=1)
    torch.use_deterministic_algorithms(True)
    try:
        train(model)
    finally:
        torch.use_deterministic_algorithms(False)
    assert len(recorder.events[0].histograms) == 8
    assert recorder.warnings == []


def test_two_models_trained_in_two_threads_do_not_mix(recorder: Any) -> None:
    models = [nn.Sequential(*(nn.Linear(50, 50) for _ in range(5))) for _ in range(2)]
    start(recorder, models, log="all", log_freq=1)

    def work(model: nn.Module) -> None:
        for _ in range(10):
            train(model, torch.randn(5, 50))

    threads = [threading.Thread(target=work, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(event.histograms) for event in recorder.events] == [20] * 20
    assert sorted(event.batch for event in recorder.events) == sorted([*range(1, 11)] * 2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("watched", ["before", "after"])
def test_compiled_models_are_watched(recorder: Any, watched: str) -> None:
    model = layers()
    if watched == "before":
        start(recorder, model, log="all", log_freq=1)
    compiled = torch.compile(model, backend="aot_eager")
    if watched == "after":
        start(recorder, compiled, log="all", log_freq=1)
    for _ in range(2):
        train(compiled)  # type: ignore[arg-type]
    prefix = "_orig_mod." if watched == "after" else ""
    expected = [prefix + name for name in ALL]
    assert [event.names("gradients") for event in recorder.events] == [expected] * 2
    assert [event.names("parameters") for event in recorder.events] == [expected] * 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_model_with_nothing_to_train_is_stored(recorder: Any) -> None:
    model = layers().requires_grad_(False)
    start(recorder, model, log="all", log_freq=1)
    compiled = torch.compile(model, backend="aot_eager")
    for _ in range(3):
        compiled(torch.randn(5, 4))
    assert [event.batch for event in recorder.events] == [1, 2, 3]


@pytest.fixture
def process_group(tmp_path: Any) -> Iterator[None]:
    dist.init_process_group("gloo", f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("process_group")
def test_a_distributed_model_gives_local_gradients_and_says_so(recorder: Any) -> None:
    model = nn.parallel.DistributedDataParallel(layers())
    start(recorder, model, log="all", log_freq=1)
    train(model)
    train(model)
    expected = [f"module.{name}" for name in ALL]
    assert [event.names("gradients") for event in recorder.events] == [expected] * 2
    ((kind, text),) = recorder.notices
    assert kind == "watch_local_gradients"
    assert "before they are averaged" in text


# ---- copies


@pytest.mark.parametrize("trainable", [True, False])
def test_a_copy_is_not_watched(recorder: Any, trainable: bool) -> None:
    model = layers().requires_grad_(trainable)
    start(recorder, model, log="all", log_freq=1)
    twin = copy.deepcopy(model)
    twin(torch.randn(5, 4))
    if trainable:
        train(twin)
    assert recorder.events == []


@pytest.mark.parametrize("trainable", [True, False])
def test_a_watched_model_can_be_pickled_and_saved_whole(recorder: Any, trainable: bool) -> None:
    model = layers().requires_grad_(trainable)
    start(recorder, model, log="all", log_freq=1)
    file = io.BytesIO()
    with warnings.catch_warnings(action="error"):
        loaded = pickle.loads(pickle.dumps(model))
        torch.save(model, file)
        torch.multiprocessing.reductions.reduce_tensor(model[0].weight)
    file.seek(0)
    for other in (loaded, torch.load(file, weights_only=False)):
        other(torch.randn(5, 4))
        assert other[0].weight.equal(model[0].weight)
    assert recorder.events == []


def test_watching_leaves_the_state_dict_alone(recorder: Any) -> None:
    model = layers()
    before = list(model.state_dict())
    start(recorder, model, log="all", log_freq=1)
    train(model)
    assert list(model.state_dict()) == before
    assert stop(recorder) is None
