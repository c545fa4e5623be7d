"""watch(log="all"): an event at every second backward, a row after each."""

import sys

import torch
import wandb

run = wandb.init(project=sys.argv[1], id=sys.argv[2])
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
wandb.watch(model, log="all", log_freq=2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for _ in range(10):
    loss = model(torch.ones(16, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    run.log({"loss": loss.item()})
run.finish()
