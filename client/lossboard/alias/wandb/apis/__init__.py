"""The read side, where integrations look for it."""

from lossboard.api import Api as PublicApi

__all__ = ["PublicApi"]
