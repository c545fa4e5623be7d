"""watch through a real run and a real server: what is stored, and what the user is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import lossboard
from lossboard.histogram import edges_of


def model_of() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))


def backward(model: nn.Module) -> None:
    model(torch.randn(5, 4)).sum().backward()


@pytest.mark.covers("watch")
def test_every_event_reaches_the_server_with_its_step_and_batch(api: Any, project: str) -> None:
    model = model_of()
    with lossboard.init() as run:
        lossboard.watch(model, log="all", log_freq=2)
        for batch in range(8):
            backward(model)
            if batch % 4 == 3:
                lossboard.log({"loss": 1.0}, step=10 * batch)
    stored = list(api.run(run.path).histograms("gradients/0.weight"))
    assert [event.batch for event in stored] == [2, 4, 6, 8]
    assert [event.step for event in stored] == [0, 0, 30, 30]


def test_what_is_stored_is_the_tensor(api: Any, project: str) -> None:
    model = model_of()
    with lossboard.init() as run:
        run.watch(model, log="all", log_freq=1)
        backward(model)
    (event,) = api.run(run.path).histograms("parameters/0.weight")
    weight = model[0].weight.detach().double().numpy()
    counts, edges = np.histogram(weight, 64)
    assert event.histogram.histogram == counts.tolist()
    assert edges_of(event.histogram.data) == pytest.approx(edges)


def test_the_function_watch_stays_a_function(offline: Any) -> None:
    for _ in range(2):
        with lossboard.init():
            lossboard.watch(model_of())
            lossboard.unwatch()


def test_a_backward_after_finish_is_harmless(offline: Any) -> None:
    model = model_of()
    run = lossboard.init()
    run.watch(model, log="all", log_freq=1)
    run.finish()
    backward(model)
    assert model[0].weight.grad is not None
    assert not model[0].weight._backward_hooks


def test_watch_needs_a_run() -> None:
    with pytest.raises(lossboard.Error, match=r"must call .*init\(\) before .*watch\(\)"):
        lossboard.watch(model_of())


def test_finish_says_why_watch_stored_nothing(offline: Any, script: Any) -> None:
    text = """
import lossboard, torch
model = torch.nn.Linear(2, 1)
lossboard.init(mode="offline")
lossboard.watch(model, log_freq=100)
model(torch.ones(1, 2)).sum().backward()
lossboard.finish()
"""
    ended = script(text, LOSSBOARD_SILENT="false")
    assert ended.returncode == 0
    assert "there were 1 backward passes and log_freq is 100" in ended.stderr


def test_importing_and_starting_a_run_does_not_load_torch(offline: Any, script: Any) -> None:
    text = """
import sys, lossboard
lossboard.init(mode="offline")
lossboard.unwatch()
lossboard.finish()
assert "torch" not in sys.modules
"""
    assert script(text).returncode == 0
