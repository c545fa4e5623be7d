"""The read side, where integrations look for it."""

from lossboard.api import Api, File, Project, Run, Runs

__all__ = ["Api", "File", "Project", "Run", "Runs"]
