"""What one event of each kind of `watch` costs, beside gradients alone.

One model in a process of its own is trained in turn without watch and with one kind of every step;
the cost is the difference of the medians, in CPU seconds of the training thread with one torch
thread. The transformer has about 100 million parameters; the model of experts 2,400 small tensors.
"""

from __future__ import annotations

import json
import sys

import torch
from torch import Tensor, nn

import lossboard
from bench.harness import Goal, Row, median
from bench.processes import temporary_directory, worker
from bench.watch import resnet18, timed

__all__ = ["measure"]

KINDS = (
    "gradients",
    "parameters",
    "updates",
    "activations",
    "activation_gradients",
    "optimizer_state",
)
SMALL_GOAL = 10  # µs a small tensor


def measure() -> list[Row]:
    return [row for model in MODELS for row in rows_of(model)]


def rows_of(model: str) -> list[Row]:
    with temporary_directory() as directory:
        found = worker("watch_kinds", model, directory)
    tensors, samples = found.pop("tensors"), int(found.pop("samples"))
    peers = {"gradients alone": found["gradients"]}
    rows = [
        Row(
            f"event of {kind} on {model}",
            "ms",
            found[kind],
            {} if kind == "gradients" else peers,
            samples,
        )
        for kind in KINDS
    ]
    if model == "experts":
        each = found["gradients"] * 1000 / tensors
        goal = Goal(at_most=SMALL_GOAL)
        rows.append(Row(f"the same per gradient ({tensors:.0f})", "µs", each, {}, samples, goal))
    return rows


def work(model: str, directory: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    training = Training(model)
    quiet = lossboard.Settings(silent=True)
    run = lossboard.init(project="bench", dir=directory, mode="offline", settings=quiet)
    times: dict[str, list[float]] = {kind: [] for kind in ("plain", *KINDS)}
    training.step()
    for _ in range(training.rounds):
        for kind, found in times.items():
            if kind != "plain":
                run.watch(training.model, log={kind}, log_freq=1)
            found.append(timed(training.step))
            run.unwatch()
    run.finish()
    plain = median(times.pop("plain"))
    costs = {kind: median(found) - plain for kind, found in times.items()}
    tensors = len(list(training.model.parameters()))
    print(json.dumps({**costs, "tensors": tensors, "samples": training.rounds}))


class Training:
    """A model with Adam and one batch."""

    def __init__(self, name: str) -> None:
        make, self.rounds = MODELS[name]
        self.model, self.inputs = make()
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def step(self) -> None:
        self.optimizer.zero_grad()
        self.model(self.inputs).square().mean().backward()
        self.optimizer.step()


class Experts(nn.Module):
    """Small layers of which all run."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(16, 16, bias=False) for _ in range(count))

    def forward(self, values: Tensor) -> Tensor:
        outputs = [expert(values) for expert in self.experts]
        return values + torch.stack(outputs).mean(0)


def experts() -> tuple[nn.Module, Tensor]:
    """2,400 parameters of 256 values."""
    return nn.Sequential(*[Experts(100) for _ in range(24)]), torch.randn(4, 16)


def residual() -> tuple[nn.Module, Tensor]:
    model, inputs, _ = resnet18()
    return model, inputs


def transformer() -> tuple[nn.Module, Tensor]:
    """14 layers of width 768: 99 million parameters in 168 tensors."""
    layer = nn.TransformerEncoderLayer(768, 12, 3072, batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, 14, enable_nested_tensor=False), torch.randn(1, 16, 768)


MODELS = {"ResNet-18": (residual, 7), "experts": (experts, 5), "transformer": (transformer, 4)}


if __name__ == "__main__":
    work(*sys.argv[1:])
