"""The version of lossboard, the same as in pyproject.toml (a test compares them)."""

from __future__ import annotations

__all__ = ["WANDB_VERSION", "__version__"]

__version__ = "0.1.0"
WANDB_VERSION = "0.31.0"  # whose API this is
