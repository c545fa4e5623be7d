"""Reading configs."""

from lossboard.config_sources import parse_config

__all__ = ["parse_config"]
