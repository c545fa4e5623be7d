"""`wandb.tensorboard`: what writers of TensorBoard write is logged to the run too.

Event files are read as they grow, by the protocol buffers of the package `tensorboard`; neither
TensorFlow nor the writers' own state is touched.
"""

from __future__ import annotations

from lossboard.tensorboard.writers import patch, unpatch

__all__ = ["patch", "unpatch"]
