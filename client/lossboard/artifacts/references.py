"""Entries of artifacts that point to content elsewhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from lossboard.artifacts.manifest import ArtifactManifestEntry
from lossboard.artifacts.names import entry_path
from lossboard.artifacts.staging import md5_of
from lossboard.files.below import files_below

__all__ = ["local_target", "reference_entries"]


def reference_entries(
    uri: str, name: str | None, *, checksum: bool, max_objects: int
) -> list[ArtifactManifestEntry]:
    """The entries of an address.

    A `file://` address of a file or folder has an entry for each file, with its MD5 if
    `checksum`. Any other is kept as it is, and known by itself: nothing is fetched. Raises
    ValueError for what is no address, for local files that are not there, and for folders of
    more than `max_objects` files.
    """
    parts = urlsplit(uri)
    if not parts.scheme:
        raise ValueError(f"References must be URIs, such as 's3://bucket/key'; got {uri!r}")
    if parts.scheme != "file":
        default = PurePosixPath(unquote(parts.path)).name or parts.netloc
        return [ArtifactManifestEntry(entry_path(name or default), uri, 0, ref=uri)]
    target = local_target(uri)
    if target.is_file():
        return [_local(target, name or target.name, checksum)]
    if not target.is_dir():
        raise ValueError(f"Path {str(target)!r} must be a valid file or directory path")
    paths = files_below(target)
    if len(paths) > max_objects:
        raise ValueError(
            f"Exceeded {max_objects} objects tracked, pass max_objects to add_reference"
        )
    prefix = PurePosixPath(entry_path(name)) if name else PurePosixPath()
    return [
        _local(path, str(prefix / path.relative_to(target).as_posix()), checksum) for path in paths
    ]


def local_target(uri: str) -> Path:
    """The path that a `file://` address means."""
    parts = urlsplit(uri)
    return Path(unquote(parts.netloc + parts.path))


def _local(path: Path, name: str, checksum: bool) -> ArtifactManifestEntry:
    reference = "file://" + quote(str(path.resolve()))
    digest = md5_of(path) if checksum else reference
    return ArtifactManifestEntry(entry_path(name), digest, path.stat().st_size, ref=reference)
