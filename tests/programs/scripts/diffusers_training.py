"""The training loop of diffusers' examples on random weights and data, by accelerate's tracker."""

import sys

import torch
import torchvision_compat  # noqa: F401 - before what imports torchvision beside a CPU build of torch
from accelerate import Accelerator
from diffusers import DDPMScheduler, UNet2DModel

project, run_id = sys.argv[1:]
torch.manual_seed(0)
torch.set_num_threads(1)
accelerator = Accelerator(cpu=True, log_with="wandb")
model = UNet2DModel(
    8,
    3,
    3,
    layers_per_block=1,
    block_out_channels=(32, 32),
    down_block_types=("DownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "UpBlock2D"),
)
scheduler = DDPMScheduler(num_train_timesteps=10)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
images = torch.randn(8, 3, 8, 8)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images), batch_size=4)
model, optimizer, data = accelerator.prepare(model, optimizer, data)
accelerator.init_trackers(
    project, config={"lr": 1e-4, "steps": 4}, init_kwargs={"wandb": {"id": run_id}}
)
step = 0
for epoch in range(2):
    for (clean,) in data:
        noise = torch.randn_like(clean)
        times = torch.randint(0, 10, (len(clean),))
        predicted = model(scheduler.add_noise(clean, noise, times), times).sample
        loss = torch.nn.functional.mse_loss(predicted, noise)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        accelerator.log({"loss": loss.detach().item(), "epoch": epoch}, step=step)
        step += 1
accelerator.end_training()
