"""The read side under the path that it has in W&B's package, `wandb.apis.public`."""

from __future__ import annotations

from lossboard import api as public

__all__ = ["public"]
