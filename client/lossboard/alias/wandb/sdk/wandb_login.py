"""There are no accounts."""

from lossboard.module_functions import login

__all__ = ["login"]
