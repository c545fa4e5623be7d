"""Several processes that log into one run: the server shows whole tensors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.client.conftest import ROOTS
from tests.client.scripts import sharded

from lossboard import histogram as h

_SCRIPT = Path(__file__).parent / "scripts" / "sharded.py"


def train_in_one_run(tmp_path: Path, ways: str, processes: int) -> None:
    done = subprocess.run(
        [sys.executable, str(_SCRIPT), ways, str(processes), "shared", "run"],
        env={**os.environ, "PYTHONPATH": ROOTS},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def assert_is(data: Any, whole: NDArray[Any]) -> None:
    """That the histogram is that of the tensor, but for rounding of what was summed up."""
    assert data.n == whole.size
    assert data.lo == pytest.approx(whole.min(), rel=1e-4, abs=1e-7)
    assert data.hi == pytest.approx(whole.max(), rel=1e-4, abs=1e-7)
    assert data.total == pytest.approx(whole.sum(), rel=1e-3, abs=1e-5)
    assert h.rms(data) == pytest.approx(np.sqrt(np.square(whole).mean()), rel=1e-3)
    assert h.counts_of(data).sum() == whole.size


WRAPPED = ("_fsdp_wrapped_module.0._fsdp_wrapped_module.weight", "_fsdp_wrapped_module.2.weight")


@pytest.mark.parametrize(
    ("ways", "processes", "data_ranks"),
    [("fsdp2,fsdp1_flat", 2, 2), ("hybrid,both", 4, None)],
)
def test_the_parts_of_all_processes_are_one_event_of_the_whole_tensor(
    api: Any, project: str, tmp_path: Path, ways: str, processes: int, data_ranks: int | None
) -> None:
    train_in_one_run(tmp_path, ways, processes)
    for way in ways.split(","):
        data = 2 if way == "both" else processes
        setting = sharded.Setting(torch.nn.Identity(), 0, data)
        whole = list(sharded.whole(processes, setting))
        run = api.run(f"local/{project}/shared-{way}")
        names = WRAPPED if way.startswith("fsdp1") else ("0.weight", "2.weight")
        for kind in ("gradients", "parameters"):
            for name, plain in zip(names, ("0.weight", "2.weight"), strict=True):
                events = list(run.histograms(f"{kind}/{name}"))
                assert [event.batch for event in events] == [1, 2]
                assert [event.step for event in events] == [0, 1]
                assert {event.parts_found for event in events} == {events[0].part.parts}
                for event, tensors in zip(events, whole, strict=True):
                    assert_is(event.histogram.data, tensors[f"{kind}/{plain}"])
