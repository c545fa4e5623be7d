"""Small helpers that scripts take from wandb.util."""

from lossboard.identity import artifact_name_safe as make_artifact_name_safe
from lossboard.identity import generate_id

__all__ = ["generate_id", "make_artifact_name_safe"]
