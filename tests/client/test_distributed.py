"""Tensors that lie on several processes: each reads its own part, and waits for no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.client.conftest import ROOTS, rows_of, the_run

import lossboard as wandb

SCRIPT = """
import os, sys
import torch
import torch.distributed as dist
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, init_device_mesh
import lossboard

rank = int(os.environ["RANK"])
dist.init_process_group("gloo", init_method=sys.argv[1], rank=rank, world_size=2)
mesh = init_device_mesh("cpu", (2,))
model = torch.nn.Linear(8, 8)
fully_shard(model, mesh=mesh)
model(torch.ones(4, 8)).sum().backward()
norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
whole = DTensor.from_local(torch.tensor(2.5), mesh, [Replicate()])
large = DTensor.from_local(torch.arange(64.0), mesh, [Replicate()])
sharded = DTensor.from_local(torch.full((2,), float(rank)), mesh, [Shard(0)])
partial = DTensor.from_local(torch.tensor(float(rank + 1)), mesh, [Partial()])
full = norm.full_tensor().item()  # of all ranks, before one logs alone
if rank == 0:
    run = lossboard.init(id="ranks", config={"whole": whole, "partial": partial})
    run.log({"norm": norm, "whole": whole, "large": large, "loss": 1.0})
    run.log({"sharded": sharded, "partial": partial, "loss": 2.0})
    run.log({"histogram": lossboard.Histogram(large), "of shard": lossboard.Histogram(sharded)})
    table = lossboard.Table(columns=["a"], data=[[whole], [sharded]])
    run.log({"table": table, "image": lossboard.Image(DTensor.from_local(
        torch.zeros(4, 4), mesh, [Replicate()]))})
    run.summary["whole"] = whole
    run.summary["full"] = full
    run.finish()
dist.barrier()  # the other rank is here all the while
dist.destroy_process_group()
"""


@pytest.mark.covers("arrays")
def test_a_rank_that_logs_alone_stores_its_part_and_waits_for_nobody(
    project: str, tmp_path: Path
) -> None:
    pytest.importorskip("torch.distributed.fsdp")
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    rendezvous = f"file://{tmp_path}/rendezvous"
    environment = {**os.environ, "PYTHONPATH": ROOTS, "GLOO_SOCKET_IFNAME": "lo"}
    ranks = [
        subprocess.Popen(
            [sys.executable, str(script), rendezvous],
            env={**environment, "RANK": str(rank), "WORLD_SIZE": "2"},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    ends = [rank.communicate(timeout=100)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], ends
    check(wandb.Api().run(f"local/{project}/ranks"))


def check(run: Any) -> None:
    first, second, third, fourth = rows_of(run)
    assert (first["whole"], first["loss"], second["loss"]) == (2.5, 1.0, 2.0)
    assert first["norm"] == pytest.approx(run.summary["full"])  # replicated
    assert sum(first["large"]["values"]) == sum(third["histogram"]["values"]) == 64
    assert (second["sharded"], second["partial"]) == ([0.0, 0.0], 1.0)
    assert sum(third["of shard"]["values"]) == 2
    assert fourth["table"]["nrows"] == 2 and fourth["image"]["_type"] == "image-file"
    assert run.summary["whole"] == run.config["whole"] == 2.5
    parts = run.notices["parts of tensors"]
    for key in ("sharded", "partial", "of shard", "table/a"):
        assert f"'{key}' (DTensor): it lies on 2 processes as " in parts
    assert not [key for key in ("norm", "whole", "large", "histogram") if f"'{key}'" in parts]


def test_of_one_process_every_tensor_is_whole(project: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    import torch.distributed as dist
    from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, init_device_mesh

    dist.init_process_group("gloo", f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,))
        with wandb.init() as run:
            for kind in (Replicate(), Shard(0), Partial()):
                run.log({"x": DTensor.from_local(torch.ones(2), mesh, [kind])})
    finally:
        dist.destroy_process_group()
    assert [row["x"] for row in rows_of(run)] == [[1.0, 1.0]] * 3
    assert the_run().notices == {}
