"""Reading configs."""

from lossboard.run.config_sources import parse_config

__all__ = ["parse_config"]
