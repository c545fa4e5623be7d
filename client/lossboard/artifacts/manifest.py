"""The content of an artifact: its files by path, with their digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ArtifactManifestEntry", "Manifest", "manifest_digest"]


def manifest_digest(entries: Mapping[str, ArtifactManifestEntry]) -> str:
    """The digest of an artifact: hex MD5 over a head and `path:digest` lines, sorted by path. It
    is W&B's, so that both clients know the same content by the same digest."""
    digest = hashlib.md5(b"wandb-artifact-manifest-v1\n", usedforsecurity=False)
    for path in sorted(entries):
        digest.update(f"{path}:{entries[path].digest}\n".encode())
    return digest.hexdigest()


@dataclass(eq=False)
class ArtifactManifestEntry:
    """A file of an artifact: `digest` is its base64 MD5, or that of the reference `ref`; `size`
    in bytes. `sha256` (hex) names its content at the server; empty for references."""

    path: str
    digest: str
    size: int
    ref: str | None = None
    sha256: str = ""
    local_path: str | None = None  # where the content is, before it is logged
    fetch: Callable[[ArtifactManifestEntry, Path | None], Path] | None = field(
        default=None, repr=False
    )
    url: str = field(default="", repr=False)  # by which others refer to it, once it is logged

    @property
    def name(self) -> str:
        """The path, as older scripts call it."""
        return self.path

    def download(self, root: str | os.PathLike[str] | None = None, **_: object) -> str:
        """Writes the file below `root` (default: the folder of its artifact); returns its path.

        Raises ValueError for an entry of an artifact that is not logged yet.
        """
        if self.fetch is None:
            raise ValueError(f"{self.path!r} is of an artifact that is not logged yet")
        return str(self.fetch(self, None if root is None else Path(root)))

    def ref_url(self) -> str:
        """Its address, for `add_reference` of other artifacts.

        Raises ValueError for an entry of an artifact that is not logged yet.
        """
        if not self.url:
            raise ValueError(f"{self.path!r} is of an artifact that is not logged yet")
        return self.url

    def reference(self, path: str | None = None) -> ArtifactManifestEntry:
        """An entry, at `path` or the same, that refers to this one. Raises as `ref_url` does."""
        return ArtifactManifestEntry(path or self.path, self.digest, self.size, ref=self.ref_url())

    def ref_target(self) -> str:
        """The address that the reference points to. Raises ValueError for a file."""
        if self.ref is None:
            raise ValueError(f"{self.path!r} is a file and no reference")
        return self.ref


@dataclass
class Manifest:
    """All entries by path."""

    entries: dict[str, ArtifactManifestEntry]

    def digest(self) -> str:
        """See `manifest_digest`."""
        return manifest_digest(self.entries)

    def get_entry_by_path(self, path: str) -> ArtifactManifestEntry | None:
        """The entry, if there is one."""
        return self.entries.get(path)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries.values())
