"""A loop of accelerate with log_with="wandb"."""

import json

import torch
from accelerate import Accelerator


def main():
    torch.manual_seed(0)
    accelerator = Accelerator(cpu=True, log_with="wandb")
    init = {"wandb": {"name": "loop", "tags": ["tiny"]}}
    accelerator.init_trackers("accelerate", config={"lr": 0.1}, init_kwargs=init)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model, optimizer = accelerator.prepare(model, optimizer)
    losses = []
    for step in range(0, 50, 10):
        inputs = torch.randn(8, 4)
        loss = (model(inputs) - inputs.sum(1, keepdim=True)).square().mean()
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        accelerator.log({"loss": loss.item()}, step=step)
        losses.append([step, loss.item()])
    accelerator.get_tracker("wandb").log_images({"noise": torch.rand(2, 3, 4, 4)}, step=50)
    accelerator.end_training()
    print("RESULT", json.dumps({"losses": losses}))


if __name__ == "__main__":
    main()
