"""Small helpers that scripts take from wandb.util."""

import importlib
import importlib.util
from typing import Any

from lossboard.identity import artifact_name_safe as make_artifact_name_safe
from lossboard.identity import generate_id

__all__ = ["generate_id", "get_module", "make_artifact_name_safe"]


def get_module(name: str, required: Any = None, lazy: bool = True) -> Any:
    """The module of that name, or None where its package is not installed; raises ImportError
    with the words of `required` then, if given."""
    if importlib.util.find_spec(name.partition(".")[0]) is not None:
        return importlib.import_module(name)
    if required:
        raise ImportError(required if isinstance(required, str) else f"{name} is not installed")
    return None
