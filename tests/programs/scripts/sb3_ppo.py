"""PPO of stable-baselines3 on CartPole, by its callback and its event files."""

import sys

import gymnasium
import torch
import wandb
from stable_baselines3 import PPO
from stable_baselines3.common.monitor import Monitor
from wandb.integration.sb3 import WandbCallback

torch.set_num_threads(1)
run = wandb.init(project=sys.argv[1], id=sys.argv[2], sync_tensorboard=True)
environment = Monitor(gymnasium.make("CartPole-v1"))
model = PPO("MlpPolicy", environment, n_steps=256, seed=1, tensorboard_log=f"runs/{run.id}")
callback = WandbCallback(model_save_path=f"models/{run.id}", log="all")
model.learn(total_timesteps=2000, callback=callback)
run.finish()
