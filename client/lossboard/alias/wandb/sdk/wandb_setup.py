"""Settings of the process."""

from lossboard.module_functions import setup, teardown

__all__ = ["setup", "teardown"]
