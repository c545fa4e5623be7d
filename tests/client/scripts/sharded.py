"""Trains one small model on several processes, in one of the ways to shard it, with `watch`.

`sharded.py WAYS PROCESSES FOLDER`: every process leaves in the folder what its events hold, the
tensors that it recorded itself beside them, and the whole gradients and parameters, computed
without sharding.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, fully_shard
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP
from torch.distributed.pipelining import PipelineStage, ScheduleGPipe
from torch.distributed.tensor import DTensor
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    RowwiseParallel,
    parallelize_module,
)

import lossboard
from lossboard.watch import start, stop

STEPS = 2
NAMES = ("0.weight", "0.bias", "2.weight", "2.bias")


def plain_model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 4))


def batch(step: int, rank: int, part: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(1000 * step + 10 * rank + part)
    return torch.randn(5, 6, generator=generator)


class Setting(NamedTuple):
    """A model that is sharded, and how it is trained."""

    model: nn.Module
    data_rank: int  # processes with the same one see the same data
    data_ranks: int
    parts: int = 1  # backwards of a step
    synchronized: bool = True  # whether each of them reduces gradients
    shard: Callable[[], object] = bool  # after the model is watched
    backward: Callable[[Tensor], object] | None = None  # in place of the usual one
    log: Any = "all"


class Recorder:
    """What `watch` needs of a run; keeps its events."""

    def __init__(self) -> None:
        self.step = 0
        self.finished = False
        self.events: list[Any] = []
        self.words: list[str] = []

    def put_event(self, step: int, time_us: int, batch: int, found: Mapping[Any, Any]) -> None:
        self.events.append((step, batch, dict(found)))

    def set_summary(self, key: str, value: Any) -> None:
        raise NotImplementedError

    def warn(self, text: str) -> None:
        self.words.append(text)

    def notice(self, kind: str, text: str) -> None:
        self.words.append(text)


# ---- ways to shard


def _fsdp2(mesh: DeviceMesh, model: nn.Module, **options: Any) -> nn.Module:
    for layer in model.children():
        if isinstance(layer, nn.Linear):
            fully_shard(layer, mesh=mesh, **options)
    fully_shard(model, mesh=mesh, **options)
    return model


def fsdp2(rank: int, ranks: int) -> Setting:
    return Setting(_fsdp2(init_device_mesh("cpu", (ranks,)), plain_model()), rank, ranks)


def watched_first(rank: int, ranks: int) -> Setting:
    model, mesh = plain_model(), init_device_mesh("cpu", (ranks,))
    return Setting(model, rank, ranks, shard=lambda: _fsdp2(mesh, model))


def accumulated(rank: int, ranks: int) -> Setting:
    return fsdp2(rank, ranks)._replace(parts=3)


def not_synchronized(rank: int, ranks: int) -> Setting:
    return fsdp2(rank, ranks)._replace(parts=3, synchronized=False)


def offloaded(rank: int, ranks: int) -> Setting:
    mesh = init_device_mesh("cpu", (ranks,))
    policy = CPUOffloadPolicy(pin_memory=False)
    return Setting(_fsdp2(mesh, plain_model(), offload_policy=policy), rank, ranks)


def hybrid(rank: int, ranks: int) -> Setting:
    mesh = init_device_mesh("cpu", (2, ranks // 2), mesh_dim_names=("replicate", "shard"))
    return Setting(_fsdp2(mesh, plain_model()), rank, ranks)


def _tensor_parallel(mesh: DeviceMesh, model: nn.Module) -> nn.Module:
    return parallelize_module(model, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})


def tensor_parallel(rank: int, ranks: int) -> Setting:
    mesh = init_device_mesh("cpu", (ranks,))
    return Setting(_tensor_parallel(mesh, plain_model()), 0, 1)


def both(rank: int, ranks: int) -> Setting:
    mesh = init_device_mesh("cpu", (2, ranks // 2), mesh_dim_names=("data", "tensor"))
    model = _tensor_parallel(mesh["tensor"], plain_model())
    return Setting(_fsdp2(mesh["data"], model), rank // (ranks // 2), 2)


def _fsdp1(model: nn.Module, original: bool, **options: Any) -> nn.Module:
    options |= {"use_orig_params": original, "device_id": torch.device("cpu")}
    return FSDP(nn.Sequential(FSDP(model[0], **options), model[1], model[2]), **options)  # type: ignore[index]


def fsdp1_original(rank: int, ranks: int) -> Setting:
    return Setting(_fsdp1(plain_model(), True), rank, ranks)


def fsdp1_flat(rank: int, ranks: int) -> Setting:
    return Setting(_fsdp1(plain_model(), False), rank, ranks)


def fsdp1_not_synchronized(rank: int, ranks: int) -> Setting:
    return fsdp1_flat(rank, ranks)._replace(parts=3, synchronized=False)


def fsdp1_updates(rank: int, ranks: int) -> Setting:
    return fsdp1_original(rank, ranks)._replace(log={"parameters", "updates"})


def ddp(rank: int, ranks: int) -> Setting:
    model = nn.parallel.DistributedDataParallel(plain_model())
    return Setting(model, rank, ranks)


def accelerate_ddp(rank: int, ranks: int) -> Setting:
    """As a script that is launched with `accelerate launch --cpu` is trained."""
    from accelerate import Accelerator

    os.environ |= {"LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(ranks)}
    accelerator = Accelerator(cpu=True)
    return Setting(accelerator.prepare(plain_model()), rank, ranks)


def accelerate_fsdp2(rank: int, ranks: int) -> Setting:
    """Sharded by accelerate's own code, which its `prepare` calls on devices alone."""
    from accelerate.utils import FullyShardedDataParallelPlugin
    from accelerate.utils.fsdp_utils import fsdp2_prepare_model

    plugin = FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="size_based_wrap",
        min_num_params=1,
        cpu_ram_efficient_loading=False,
    )
    accelerator = SimpleNamespace(
        state=SimpleNamespace(fsdp_plugin=plugin),
        device=torch.device("cpu"),
        mixed_precision="no",
        parallelism_config=None,
        torch_device_mesh=None,
        is_main_process=rank == 0,
    )
    return Setting(fsdp2_prepare_model(accelerator, plain_model()), rank, ranks)


class Stages(nn.Module):
    """The layers of one stage of a pipeline of two."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        whole = plain_model()
        self.first = whole[0] if rank == 0 else None
        self.second = whole[2] if rank == 1 else None

    def forward(self, values: Tensor) -> Tensor:
        layer = self.first or self.second
        assert layer is not None
        result: Tensor = layer(values).relu()
        return result


def pipeline(rank: int, ranks: int) -> Setting:
    model = Stages(rank)
    stage = PipelineStage(model, rank, ranks, torch.device("cpu"))
    schedule = ScheduleGPipe(stage, 2, loss_fn=lambda found, _: found.square().mean())

    def backward(inputs: Tensor) -> None:
        inputs = inputs[:4]
        if rank == 0:
            schedule.step(inputs)
        else:
            schedule.step(target=torch.zeros(4, 4))

    return Setting(model, 0, 1, backward=backward)


WAYS: dict[str, Callable[[int, int], Setting]] = {
    one.__name__: one
    for one in (
        fsdp2,
        watched_first,
        accumulated,
        not_synchronized,
        offloaded,
        hybrid,
        tensor_parallel,
        both,
        fsdp1_original,
        fsdp1_flat,
        fsdp1_not_synchronized,
        fsdp1_updates,
        ddp,
        accelerate_ddp,
        accelerate_fsdp2,
        pipeline,
    )
}


# ---- training


def train(setting: Setting, run: Any) -> Any:
    """Trains; the tensors that were recorded here, event by event."""
    model, optimizer = setting.model, torch.optim.SGD(setting.model.parameters(), lr=0.1)
    recorded = []
    for step in range(STEPS):
        optimizer.zero_grad()
        for part in range(setting.parts):
            with _context(setting, part == setting.parts - 1):
                inputs = batch(step, setting.data_rank, part)
                if setting.backward is None:
                    model(inputs).square().mean().backward()
                else:
                    setting.backward(inputs)
            if setting.synchronized:
                recorded.append(_local(model))
        if not setting.synchronized:
            recorded.append(_local(model))
        optimizer.step()
        _next_step(run, step)
    return recorded


def _context(setting: Setting, last: bool) -> Any:
    if setting.synchronized:
        return nullcontext()
    if isinstance(setting.model, FSDP):
        return nullcontext() if last else setting.model.no_sync()
    setting.model.set_requires_gradient_sync(last)  # type: ignore[operator]
    return nullcontext()


def _local(model: nn.Module) -> dict[str, Any]:
    found = {}
    for name, parameter in model.named_parameters():
        found[f"parameters/{name}"] = _numbers(parameter)
        if parameter.grad is not None:
            found[f"gradients/{name}"] = _numbers(parameter.grad)
    return found


def _numbers(tensor: Tensor) -> Any:
    local = tensor.to_local() if isinstance(tensor, DTensor) else tensor
    return local.detach().clone().numpy()


def _next_step(run: Any, step: int) -> None:
    if isinstance(run, Recorder):
        run.step = step + 1
    else:
        run.log({"loss": 1.0})


def whole(ranks: int, setting: Setting) -> Iterator[dict[str, Any]]:
    """Gradients and parameters at the end of each step, of one process with all data."""
    model = plain_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(STEPS):
        optimizer.zero_grad()
        for part in range(setting.parts):
            for rank in range(setting.data_ranks):
                loss = model(batch(step, rank, part)).square().mean() / setting.data_ranks
                loss.backward()
        yield _local(model)
        optimizer.step()


def work(rank: int, ways: str, ranks: int, folder: str, meeting: str) -> None:
    _meet(rank, ranks, meeting)
    for way in ways.split(","):
        setting, recorder = WAYS[way](rank, ranks), Recorder()
        start(recorder, setting.model, log=setting.log, log_freq=1)  # type: ignore[arg-type]
        setting.shard()
        result = {
            "recorded": train(setting, recorder),
            "silent": stop(recorder),  # type: ignore[arg-type]
            "events": recorder.events,
            "words": recorder.words,
            "whole": list(whole(ranks, setting)),
        }
        Path(folder, f"{way}.{rank}.pickle").write_bytes(pickle.dumps(result))
    dist.barrier()
    dist.destroy_process_group()


def work_in_run(rank: int, ways: str, ranks: int, run_id: str, meeting: str) -> None:
    """The same, where all processes log into one run of a server."""
    _meet(rank, ranks, meeting)
    for way in ways.split(","):
        setting = WAYS[way](rank, ranks)
        with lossboard.init(id=f"{run_id}-{way}", reinit=True) as run:
            run.watch(setting.model, log="all", log_freq=1)
            train(setting, run)
    dist.barrier()
    dist.destroy_process_group()


def _meet(rank: int, ranks: int, meeting: str) -> None:
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(ranks), "GLOO_SOCKET_IFNAME": "lo"}
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=ranks)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        act = work_in_run if sys.argv[4:] == ["run"] else work
        arguments = (sys.argv[1], int(sys.argv[2]), sys.argv[3], f"{place}/meeting")
        mp.start_processes(act, arguments, int(sys.argv[2]), start_method="fork")  # type: ignore[no-untyped-call]
