"""What a run does with models, which are artifacts of that type."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lossboard.run.artifacts import RunArtifacts

if TYPE_CHECKING:  # imported when it is first needed: most runs log no artifact
    from lossboard.artifacts import Artifact

__all__ = ["RunModels"]


class RunModels(RunArtifacts):
    """A run as the maker and user of models."""

    def log_model(
        self,
        path: str | os.PathLike[str],
        name: str | None = None,
        aliases: Iterable[str] | None = None,
    ) -> Artifact:
        """`log_artifact` with type "model"."""
        return self.log_artifact(path, name=name, type="model", aliases=aliases)

    def use_model(self, name: str) -> str:
        """Uses and downloads a model; the path of its only file, else of its folder. Raises
        RuntimeError offline, ValueError for what is no model."""
        if self.offline:
            raise RuntimeError("`use_model` not supported in offline mode.")
        artifact = self.use_artifact(name)
        if "model" not in artifact.type:
            raise ValueError(f"{artifact.name} is of type {artifact.type!r} and no model")
        folder = artifact.download()
        files = artifact.files()
        return os.path.join(folder, files[0].path) if len(files) == 1 else folder

    def link_model(
        self,
        path: str | os.PathLike[str],
        registered_model_name: str,
        name: str | None = None,
        aliases: Iterable[str] | None = None,
    ) -> Artifact:
        """`log_model`, and `link_artifact` to the collection `registered_model_name`."""
        return self.link_artifact(self.log_model(path, name), registered_model_name, aliases)
