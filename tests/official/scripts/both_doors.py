"""One script for both doors; `wandb` is the official client or lossboard's alias of it."""

import sys

import numpy as np
import torch
import wandb

run = wandb.init(project=sys.argv[1], id=sys.argv[2], config={"lr": 0.1, "nested": {"a": [1, 2]}})
wandb.define_metric("epoch")
wandb.define_metric("acc", step_metric="epoch", summary="max")
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
wandb.watch(model, log="all", log_freq=1)
values = np.random.default_rng(0).standard_normal(500)
for i in range(12):
    model.zero_grad()
    loss = model(torch.full((16, 4), float(i))).pow(2).mean()
    loss.backward()
    row = {"loss": loss.item(), "deep": {"x": i}, "text": f"t{i}", "epoch": i // 3, "acc": i % 5}
    wandb.log(row | {"spread": wandb.Histogram(values + i), "odd": [1, float("nan")]})
wandb.summary["best"] = 3
run.finish()
