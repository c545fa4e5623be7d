"""Words about integrations that the official client has and lossboard does not."""

from __future__ import annotations

__all__ = ["missing"]


def missing(name: str) -> ImportError:
    """The error for an integration that isn't here, named as `wandb.integration.keras`."""
    return ImportError(
        f"lossboard has no {name}: call wandb.log in a callback of your own, or use"
        " `lossboard run --official`, which runs a program with the wandb package against this"
        " server",
        name=name,
    )
