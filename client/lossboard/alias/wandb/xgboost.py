"""Callbacks for XGBoost."""

from lossboard.integration.xgboost import WandbCallback, wandb_callback

__all__ = ["WandbCallback", "wandb_callback"]
