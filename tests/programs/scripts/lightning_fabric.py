"""A training loop of Lightning Fabric with the logger of wandb.integration.lightning.fabric."""

import sys

import torch
import torchvision_compat  # noqa: F401 - before what imports torchvision beside a CPU build of torch
from lightning.fabric import Fabric
from wandb.integration.lightning.fabric import WandbLogger

project, run_id = sys.argv[1:]
logger = WandbLogger(project=project, id=run_id)
logger.log_hyperparams({"lr": 0.1, "layers": [4, 1]})
fabric = Fabric(accelerator="cpu", devices=1, loggers=logger)
fabric.launch()
fabric.seed_everything(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model, optimizer = fabric.setup(model, optimizer)
for step in range(5):
    inputs = torch.randn(8, 4)
    loss = torch.nn.functional.mse_loss(model(inputs), inputs.sum(1, keepdim=True))
    fabric.backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    fabric.log_dict({"loss": loss.item(), "seen": step * 8}, step=step)
logger.experiment.finish()
