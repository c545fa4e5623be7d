"""The error for changed config values, where integrations look for it."""

from lossboard.errors import ConfigError

__all__ = ["ConfigError"]
