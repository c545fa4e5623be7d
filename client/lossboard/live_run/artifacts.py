"""Artifacts of a run: logs them, uses them, keeps its code in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lossboard import wire
from lossboard.identity import artifact_name_safe
from lossboard.live_run.core import Beginning, Core, while_running
from lossboard.live_run.handover import found_artifact, hand_over
from lossboard.machine.host import main_program

if TYPE_CHECKING:  # imported when they are first needed: most runs log no artifact
    from lossboard.artifacts import Artifact
    from lossboard.machine.code_files import CodeFilter

__all__ = ["Artifacts"]


class Artifacts(Core):
    """The calls of a run that make and use artifacts, models among them."""

    def __init__(self, beginning: Beginning) -> None:
        self._growing: dict[str, Artifact] = {}  # by name: what upsert_artifact gathers
        super().__init__(beginning)

    @while_running("log_artifact")
    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
        tags: Iterable[str] | None = None,
    ) -> Artifact:
        """Logs an artifact, or a file, folder or address as one (default name
        `run-<id>-<its name>`). It gets the alias `latest` and these, and can't be changed any
        more. Files are uploaded in the background; `wait()` waits until it is a version.

        Raises ValueError for names, types and aliases that can't be.
        """
        artifact = self._as_artifact(artifact_or_path, name, type)
        artifact.want(aliases, tags)
        if artifact.is_draft():
            hand_over(self, artifact)
        else:
            artifact.save()
        return artifact

    def _as_artifact(
        self, source: Artifact | str | os.PathLike[str], name: str | None, type: str | None
    ) -> Artifact:
        from lossboard.artifacts import Artifact

        if isinstance(source, Artifact):
            return source
        text = os.fsdecode(source)
        base = text.rstrip("/").rpartition("/")[2]
        default = artifact_name_safe(f"run-{self.id}-{base}")
        artifact = Artifact(name or default, type or "unspecified")
        if os.path.isfile(text):
            artifact.add_file(text)
        elif os.path.isdir(text):
            artifact.add_dir(text)
        elif "://" in text:
            artifact.add_reference(text)
        else:
            raise ValueError(
                f"path must be a file, directory or external reference like s3://bucket/path;"
                f" got {text!r}"
            )
        return artifact

    @while_running("use_artifact")
    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Notes that the run takes an artifact as input, and returns it.

        A name is `collection:alias`, with `entity/project/` before it for one of another project.
        An artifact that is not logged yet is logged first, as one that no run made. Raises
        TypeError offline, ValueError where there is none, or one of another type.
        """
        if self.offline:
            raise TypeError("Cannot use artifact when in offline mode.")
        if isinstance(artifact_or_name, str):
            artifact = found_artifact(self, artifact_or_name)
        else:
            artifact = self._with_aliases(artifact_or_name, aliases).wait()
        if type is not None and type != artifact.type:
            raise ValueError(
                f"Supplied type {type} does not match type {artifact.type} of artifact"
                f" {artifact.name}"
            )
        self._sender.put_used_artifact(wire.UsedArtifact(artifact_id=int(artifact.id)))
        return artifact

    def _with_aliases(self, artifact: Artifact, aliases: Iterable[str] | None) -> Artifact:
        if artifact.is_draft():
            artifact.want(aliases, None)
            hand_over(self, artifact, produced=False)
            return artifact
        return self.log_artifact(artifact, aliases=aliases) if aliases else artifact

    def link_artifact(
        self, artifact: Artifact, target_path: str, aliases: Iterable[str] | None = None
    ) -> Artifact:
        """Makes it a version of another collection too, logging it first if need be; as seen
        there. Raises NotImplementedError offline, when it is logged."""
        logged = self.log_artifact(artifact) if artifact.is_draft() else artifact
        if self.offline:
            raise NotImplementedError("an artifact can't be linked offline: link it after the sync")
        return logged.wait().link(target_path, aliases)

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Gathers files of this process under one name, until `finish_artifact` logs them."""
        part = self._as_artifact(artifact_or_path, name, type)
        whole = self._growing.setdefault(part.name, part)
        if whole is not part:
            for path, entry in part.manifest.entries.items():
                whole.add_reference(entry, path)
        whole.want(aliases)
        return whole

    def finish_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Logs what `upsert_artifact` gathered, and this."""
        whole = self.upsert_artifact(artifact_or_path, name, type, aliases)
        del self._growing[whole.name]
        return self.log_artifact(whole)

    def _say_unfinished(self) -> None:
        for name in self._growing:
            self._warn(
                f"artifact {name!r} was never finished by finish_artifact(): it is not logged"
            )

    def log_code(
        self,
        root: str | os.PathLike[str] | None = ".",
        name: str | None = None,
        include_fn: CodeFilter | None = None,
        exclude_fn: CodeFilter | None = None,
    ) -> Artifact | None:
        """Logs the source files below `root` as an artifact of type "code".

        By default Python files, Dockerfiles and requirements.txt, without our own folders; the
        functions decide by `(path)` or `(path, root)`. None, with a warning, if there are none.
        """
        from lossboard.artifacts import Artifact
        from lossboard.machine.code_files import code_files

        folder = Path(root or ".").resolve()
        found = code_files(folder, include_fn, exclude_fn)
        if not found:
            self._warn(f"log_code: no source files below {folder}")
            return None
        program = main_program(self._settings)
        default = f"source-{self.project}-{program.name if program else 'interactive'}"
        artifact = Artifact.internal(artifact_name_safe(name or default), "code")
        for path in found:
            artifact.add_file(path, path.relative_to(folder).as_posix())
        self._home.put_config(("code_path",), artifact.name)
        return self.log_artifact(artifact)

    # ---- models

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
