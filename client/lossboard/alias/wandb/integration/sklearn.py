"""Plots of scikit-learn models."""

from lossboard.integration import sklearn
from lossboard.integration.sklearn import *  # noqa: F403  # all that is public there, once

__all__: list[str] = []
__all__ += sklearn.__all__
