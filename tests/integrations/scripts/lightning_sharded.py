"""A model that Lightning trains on two processes, sharded and replicated, with its WandbLogger."""

import json
import os
import socket

import torchvision_compat  # noqa: F401 - before what imports torchvision beside a CPU build of torch

# isort: split
import lightning
import torch
import torch.multiprocessing as mp
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy
from lightning.pytorch.utilities import rank_zero_only
from torch.distributed.fsdp import fully_shard


class Replicated(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Linear(8, 4))

    def training_step(self, batch, index):
        loss = self.net(batch[0]).square().mean()
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Sharded(Replicated):
    def configure_model(self):
        fully_shard(self.net, mesh=self.device_mesh["data_parallel"])


class Seen(Callback):
    """The sums of this process's part of the gradients, step by step."""

    def __init__(self):
        self.sums = []

    def on_before_optimizer_step(self, trainer, module, optimizer):
        weight = module.net[0].weight
        self.sums.append(float(weight.grad.to_local().sum()))


def train(rank, port):
    os.environ |= {"LOCAL_RANK": str(rank), "RANK": str(rank), "WORLD_SIZE": "2"}
    os.environ |= {"GROUP_RANK": "0", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "sharded"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "GLOO_SOCKET_IFNAME": "lo"}
    rank_zero_only.rank = rank  # which Lightning asks for when it is imported
    seen, raw = Seen(), []
    sharding = ModelParallelStrategy(data_parallel_size=2, tensor_parallel_size=1)
    fit(rank, Sharded(), sharding, os.environ["WANDB_PROJECT"], [seen])
    model = Replicated()
    model.net[0].weight.register_hook(lambda gradient: raw.append(float(gradient.sum())))
    fit(rank, model, DDPStrategy(process_group_backend="gloo"), os.environ["REPLICATED"], [])
    if rank == 0:
        print("RESULT", json.dumps({"sums": seen.sums, "raw": raw}), flush=True)


def fit(rank, model, strategy, project, callbacks):
    logger = WandbLogger(project=project, log_model=False)
    logger.watch(model, log="all", log_freq=1, log_graph=False)
    data = torch.utils.data.TensorDataset(torch.randn(64, 6))
    trainer = lightning.Trainer(
        max_epochs=1,
        strategy=strategy,
        accelerator="cpu",
        devices=2,
        logger=logger,
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, torch.utils.data.DataLoader(data, batch_size=4))
    if rank == 0:
        logger.experiment.finish()  # such a process runs nothing at its exit


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    mp.start_processes(train, (port,), 2, start_method="fork")
