"""What `watch(log="all", log_freq=1)` adds to a training step, against wandb offline.

Each model is trained twice in turn, once watched and once not; the overhead is the difference of
the medians, hooks, queue and `log` of the loss included. CPU seconds of the training thread, with
one torch thread: on a shared machine they can be trusted, wall time less.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bench.harness import Goal, Row, interleaved, median
from bench.processes import running_server, temporary_directory, worker

__all__ = ["measure"]

ROUNDS = 3
STEPS, WARM_UP = 15, 3
TRACKERS = ("lossboard", "wandb offline")


def measure() -> list[Row]:
    with running_server() as server:
        rows = [row(model, server.address) for model in MODELS]
    return [rows[0], per_tensor(rows[0]), *rows[1:], per_tensor(rows[1])]


def row(model: str, address: str) -> Row:
    cases = {name: partial(run_one, name, model, address) for name in TRACKERS}
    results = interleaved(cases, ROUNDS)
    overhead = {name: median(r["overhead_ms"] for r in runs) for name, runs in results.items()}
    what = f"watch(log='all', log_freq=1) on {model}, CPU overhead of a step"
    goal = Goal(times_better={"wandb offline": 5}) if model == "ResNet-18" else Goal()
    return Row(what, "ms", overhead.pop("lossboard"), overhead, STEPS * ROUNDS, goal)


def per_tensor(whole: Row) -> Row:
    """The same by tensor; a model has twice its parameters of them."""
    model = whole.what.split(" on ")[1].split(",")[0]
    tensors = 2 * len(list(MODELS[model]()[0].parameters()))
    peers = {name: value * 1000 / tensors for name, value in whole.peers.items()}
    what = f"the same per tensor ({tensors})"
    return Row(what, "µs", whole.ours * 1000 / tensors, peers, whole.samples)


def run_one(name: str, model: str, address: str) -> dict[str, float]:
    with temporary_directory() as directory:
        return worker("watch", name, model, directory, address)


def work(name: str, model: str, directory: str, address: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    plain, watched = Training(model), Training(model)
    run = open_run(name, Path(directory), address)
    run.watch(watched.model, log="all", log_freq=1)
    times: list[tuple[float, float]] = []
    for _ in range(WARM_UP + STEPS):
        times.append((timed(plain.step), timed(lambda: run.log({"loss": watched.step()}))))
    run.finish()
    bare, whole = (median(t) for t in zip(*times[WARM_UP:], strict=True))
    print(json.dumps({"plain_ms": bare, "watched_ms": whole, "overhead_ms": whole - bare}))


def timed(action: Callable[[], object]) -> float:
    """Milliseconds of CPU time of this thread."""
    start = time.thread_time()
    action()
    return (time.thread_time() - start) * 1000


def open_run(name: str, directory: Path, address: str) -> Any:
    if name == "lossboard":
        import lossboard

        return lossboard.init(
            project="bench",
            dir=str(directory),
            settings=lossboard.Settings(base_url=address, silent=True),
        )
    import wandb

    settings = wandb.Settings(x_disable_stats=True, console="off", silent=True)
    return wandb.init(project="bench", dir=str(directory), mode="offline", settings=settings)


class Training:
    """A model with its optimizer and one batch."""

    def __init__(self, name: str) -> None:
        self.model, self.inputs, self.targets = MODELS[name]()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)

    def step(self) -> float:
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self.inputs), self.targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class Block(nn.Module):
    """Two 3 x 3 convolutions and a short cut: ResNet's basic block."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = nn.Sequential()
        if stride != 1 or before != after:
            conv = nn.Conv2d(before, after, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn1(self.conv1(x)).relu()
        outer: Tensor = self.bn2(self.conv2(inner)) + self.downsample(x)
        return outer.relu()


def resnet18() -> tuple[nn.Module, Tensor, Tensor]:
    """ResNet-18 for 10 classes: 62 parameters of 11.2 million values."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    before = 64
    for after, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(before, after, stride), Block(after, after, 1)]
        before = after
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    return nn.Sequential(*layers, *head), torch.randn(8, 3, 32, 32), torch.randint(10, (8,))


def small_cnn() -> tuple[nn.Module, Tensor, Tensor]:
    """The kind of model of an introduction: 8 parameters of 57,000 values."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(800, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
    return model, torch.randn(32, 1, 28, 28), torch.randint(10, (32,))


MODELS = {"ResNet-18": resnet18, "small CNN": small_cnn}


if __name__ == "__main__":
    work(*sys.argv[1:])
