"""The logger of Lightning itself, which Fabric takes too."""

from lightning.pytorch.loggers import WandbLogger

__all__ = ["WandbLogger"]
