"""Reading configs."""

from lossboard.live_run.config_sources import parse_config

__all__ = ["parse_config"]
