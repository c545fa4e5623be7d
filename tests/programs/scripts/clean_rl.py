"""A policy gradient in one file, which logs by a SummaryWriter alone, as CleanRL's do."""

import argparse
import sys

import gymnasium
import torch
import wandb

project, run_id, kind = sys.argv[1:]
arguments = argparse.Namespace(seed=1, learning_rate=1e-2, episodes=30)
wandb.init(
    project=project,
    id=run_id,
    sync_tensorboard=True,
    config=vars(arguments),
    name=f"CartPole-v1__{arguments.seed}",
    monitor_gym=False,
    save_code=True,
)
if kind == "torch":
    from torch.utils.tensorboard import SummaryWriter
else:
    from tensorboardX import SummaryWriter
writer = SummaryWriter(f"runs/{run_id}")
pairs = "\n".join(f"|{name}|{value}|" for name, value in vars(arguments).items())
writer.add_text("hyperparameters", f"|param|value|\n|-|-|\n{pairs}")
torch.manual_seed(arguments.seed)
torch.set_num_threads(1)
policy = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=arguments.learning_rate)
environment = gymnasium.make("CartPole-v1")
global_step = 0
for episode in range(arguments.episodes):
    observation, _ = environment.reset(seed=arguments.seed + episode)
    chances, length, over = [], 0, False
    while not over:
        spread = torch.distributions.Categorical(logits=policy(torch.as_tensor(observation)))
        action = spread.sample()
        observation, _, terminated, truncated, _ = environment.step(action.item())
        chances.append(spread.log_prob(action))
        over, length, global_step = terminated or truncated, length + 1, global_step + 1
    loss = -torch.stack(chances).sum() * length / 100
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    writer.add_scalar("charts/episodic_length", length, global_step)
    writer.add_scalar("losses/policy_loss", loss.item(), global_step)
    writer.add_scalar("charts/learning_rate", arguments.learning_rate, global_step)
writer.close()
