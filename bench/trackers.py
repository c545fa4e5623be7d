"""lossboard and its peers behind one interface, each used as its own documentation says."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["TRACKERS", "Numbers", "Tracker", "make_rows", "open_tracker"]

Numbers = dict[str, float]


@dataclass(frozen=True)
class Tracker:
    """`finish` returns when the tracker says that everything is where it keeps it."""

    log: Callable[[Numbers, int], object]
    finish: Callable[[], object]


def open_tracker(name: str, directory: Path, address: str) -> Tracker:
    """Starts a run; what it keeps on disk goes into `directory`."""
    os.chdir(directory)
    return TRACKERS[name](directory, address)


def _lossboard(directory: Path, address: str) -> Tracker:
    os.environ.update(LOSSBOARD_BASE_URL=address, LOSSBOARD_SILENT="true")
    import lossboard

    run = lossboard.init(project="bench", dir=str(directory))
    return Tracker(lambda data, step: run.log(data, step=step), run.finish)


def _trackio(directory: Path, address: str) -> Tracker:
    os.environ.update(TRACKIO_DIR=str(directory), HF_HUB_OFFLINE="1")
    import trackio

    trackio.init(project="bench", embed=False, auto_log_cpu=False, auto_log_gpu=False)
    return Tracker(lambda data, step: trackio.log(data, step=step), trackio.finish)


def _wandb(directory: Path, address: str) -> Tracker:
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off")
    import wandb

    settings = wandb.Settings(x_disable_stats=True)
    run = wandb.init(project="bench", dir=str(directory), settings=settings)
    return Tracker(lambda data, step: run.log(data, step=step), run.finish)


def _list(directory: Path, address: str) -> Tracker:
    rows: list[tuple[int, Numbers]] = []
    return Tracker(lambda data, step: rows.append((step, data)), rows.clear)


TRACKERS: dict[str, Callable[[Path, str], Tracker]] = {
    "lossboard": _lossboard,
    "trackio": _trackio,
    "wandb offline": _wandb,
    "list append": _list,
}


def make_rows(count: int) -> list[Numbers]:
    """`count` rows of five scalars as a training loop logs them."""
    noise = random.Random(0)
    return [
        {
            "train/loss": 2.3 * math.exp(-i / 5000) + noise.gauss(0, 0.05),
            "train/accuracy": 1 - math.exp(-i / 7000) + noise.gauss(0, 0.01),
            "learning_rate": 1e-3 * (1 - i / count),
            "gradient_norm": abs(noise.gauss(1, 0.3)),
            "tokens_per_sec": 1e5 + noise.gauss(0, 1e3),
        }
        for i in range(count)
    ]
