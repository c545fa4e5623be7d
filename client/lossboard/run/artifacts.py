"""What a run does with artifacts: logs them, uses them, keeps its code in them."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lossboard import wire
from lossboard.errors import CommError, UsageError, WaitTimeoutError
from lossboard.identity import artifact_name_safe
from lossboard.machine.host import main_program
from lossboard.run.files import RunFiles
from lossboard.settings import Settings

if TYPE_CHECKING:  # imported when they are first needed: most runs log no artifact
    from lossboard.api import Api
    from lossboard.artifacts import Artifact, StoredArtifact
    from lossboard.machine.code_files import CodeFilter

__all__ = ["RunArtifacts", "client_id_of"]

_POLL_SECS: Final = 0.2
_FLUSH_SECS: Final = 2.0


class RunArtifacts(RunFiles):
    """A run as the maker and user of artifacts."""

    def __init__(self, settings: Settings, start: wire.RunStart, *, resumed: bool) -> None:
        super().__init__(settings, start, resumed=resumed)
        self._growing: dict[str, Artifact] = {}  # by name: of upsert_artifact

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
        if self._ended:
            self._refuse("log_artifact")
        artifact = self._as_artifact(artifact_or_path, name, type)
        artifact.want(aliases, tags)
        if artifact.is_draft():
            self._log(artifact)
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

    def _log(self, artifact: Artifact) -> str:
        """Hands the artifact over; its client id."""
        if artifact.incremental:
            self._inherit(artifact)
        artifact.finalize()
        entries = artifact.manifest.entries
        for entry in entries.values():
            if entry.local_path is not None and entry.ref is None:
                self._sender.put_blob(Path(entry.local_path), entry.sha256, entry.size)
        logged = self._announcement(artifact)
        self._sender.put_artifact(
            logged,
            [
                wire.ArtifactEntry(path, entry.digest, entry.size, entry.sha256, entry.ref or "")
                for path, entry in sorted(entries.items())
            ],
        )
        client_id = logged.client_id
        artifact.mark_logged(client_id, lambda timeout: self._await_artifact(client_id, timeout))
        return client_id

    def _announcement(self, artifact: Artifact) -> wire.LoggedArtifact:
        place, digest = f"{self.entity}/{self.project}/{artifact.name}", artifact.digest
        return wire.LoggedArtifact(
            client_id=client_id_of(f"{place}:{digest}"),
            name=artifact.name,
            type=artifact.type,
            digest=digest,
            entry_count=artifact.file_count,
            sequence_client_id=client_id_of(place),
            description=artifact.description,
            metadata=artifact.metadata,
            aliases=tuple(artifact._wanted_aliases),
            tags=tuple(artifact.tags),
            history_step=self._step_now(),
        )

    def _inherit(self, artifact: Artifact) -> None:
        """An incremental artifact takes over what the latest version holds."""
        if self.offline:
            self.warn(f"offline, artifact {artifact.name!r} is not incremental: it is whole")
            return
        if artifact.name in self._collections():
            artifact.inherit(self._found(f"{artifact.name}:latest").manifest)

    def _collections(self) -> set[str]:
        types = self._api().artifact_types(f"{self.entity}/{self.project}")
        return {collection.name for one in types for collection in one.collections()}

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: Iterable[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Notes that the run takes an artifact as input, and returns it.

        A name is `collection:alias`, with `entity/project/` before it for one of another project.
        An artifact that is not logged yet is logged first. Raises TypeError offline, ValueError
        where there is none, or one of another type.
        """
        if self._ended:
            self._refuse("use_artifact")
        if self.offline:
            raise TypeError("Cannot use artifact when in offline mode.")
        if isinstance(artifact_or_name, str):
            artifact = self._found(artifact_or_name)
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
        if artifact.is_draft() or aliases:
            return self.log_artifact(artifact, aliases=aliases)
        return artifact

    def _found(self, name: str) -> Artifact:
        path = name if "/" in name else f"{self.entity}/{self.project}/{name}"
        found: Artifact = self._api().artifact(path)
        return found

    def _api(self) -> Api:
        from lossboard.api import Api  # brings an HTTP library

        place = {"entity": self.entity, "project": self.project}
        return Api({"base_url": self._settings.base_url, **place})

    def _await_artifact(self, client_id: str, timeout: float | None) -> StoredArtifact:
        if self.offline:
            raise UsageError("offline, an artifact is no version before `lossboard sync`")
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        while True:
            left = deadline - time.monotonic()
            flushed = not self._ended and self._sender.flush(max(0.0, min(left, _FLUSH_SECS)))
            found = self._committed(client_id)
            if found is not None:
                return found
            if flushed or self._ended:
                raise self._why_missing()
            if left <= 0:
                raise WaitTimeoutError(f"the artifact was no version within {timeout} seconds")
            time.sleep(_POLL_SECS)

    def _committed(self, client_id: str) -> StoredArtifact | None:
        try:
            found = self._api().artifact_by_client_id(client_id)
        except CommError:  # that the server is away was said by the sender, which goes on trying
            return None
        is_version = found is not None and found.attributes["state"] == "COMMITTED"
        return found if is_version else None

    def _why_missing(self) -> Exception:
        """The reason that the server gave for not keeping it."""
        run = self._api().run(self.path)
        for kind in ("artifact_refused", "rejected"):
            if kind in run.notices:
                return ValueError(f"the artifact was refused: {run.notices[kind]}")
        return CommError("the artifact is not complete at the server: run `lossboard sync`")

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
            self.warn(
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
            self.warn(f"log_code: no source files below {folder}")
            return None
        program = main_program(self._settings)
        default = f"source-{self.project}-{program.name if program else 'interactive'}"
        artifact = Artifact.internal(artifact_name_safe(name or default), "code")
        for path in found:
            artifact.add_file(path, path.relative_to(folder).as_posix())
        self.put_config(("code_path",), artifact.name)
        return self.log_artifact(artifact)


def client_id_of(place: str) -> str:
    """32 hex digits that name an artifact or collection by what it is."""
    return hashlib.sha256(place.encode()).hexdigest()[:32]
