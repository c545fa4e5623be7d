"""Callbacks for LightGBM."""

from lossboard.integration.lightgbm import log_summary, wandb_callback

__all__ = ["log_summary", "wandb_callback"]
