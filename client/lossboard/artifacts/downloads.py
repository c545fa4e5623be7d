"""The files of an artifact: listed, fetched, compared."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from lossboard.artifacts.described import Told
from lossboard.artifacts.manifest import ArtifactManifestEntry
from lossboard.artifacts.staging import md5_of
from lossboard.errors import UnsupportedError
from lossboard.files.placing import inside, is_being_written

__all__ = ["Downloads"]

_AT_ONCE: Final = 4  # files that are downloaded


class Downloads(Told):
    """An artifact as a folder that can be had from the server."""

    def get_entry(self, name: str | os.PathLike[str]) -> ArtifactManifestEntry:
        """The file of this path. Raises KeyError if there is none."""
        entry = self._logged().manifest.get_entry_by_path(str(name))
        if entry is None:
            raise KeyError(f"Path not contained in artifact: {str(name)}")
        return entry

    get_path = get_entry

    def files(
        self, names: list[str] | None = None, per_page: int = 50
    ) -> list[ArtifactManifestEntry]:
        """Its files; with `names` only these."""
        entries = self.manifest.entries.values()
        return [entry for entry in entries if names is None or entry.path in names]

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | os.PathLike[str] | None = None,
        multipart: bool | None = None,
    ) -> str:
        """Writes all files (of the folder `path_prefix`) below `root`, by default
        `./artifacts/<name>`; the path of that folder. What is there already is left. Several
        processes may download to one folder.

        Raises CommError where a file has not the digest that the artifact says, ValueError for a
        name that leads out of `root`; nothing is written then.
        """
        stored = self._logged()
        target = Path(root or stored.default_root)
        prefix = str(path_prefix or "")
        wanted = [entry for entry in self.files() if entry.path.startswith(prefix)]

        def fetch(entry: ArtifactManifestEntry) -> None:
            try:
                stored.fetch(entry, target)
            except (FileNotFoundError, UnsupportedError):
                if entry.ref is None or not allow_missing_references:
                    raise

        for entry in wanted:
            inside(target, entry.path)
        target.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(fetch, wanted))
        return str(target)

    def checkout(self, root: str | os.PathLike[str] | None = None) -> str:
        """`download`, and removes what else is below `root`."""
        target = Path(root or self._logged().default_root)
        for path in [path for path in target.rglob("*") if path.is_file()]:
            known = path.relative_to(target).as_posix() in self.manifest.entries
            if not known and not is_being_written(path):  # perhaps by another process
                path.unlink(missing_ok=True)
        return self.download(target)

    def file(self, root: str | os.PathLike[str] | None = None) -> str:
        """Downloads the only file; its path. Raises ValueError if there are several."""
        entries = self.files()
        if len(entries) != 1:
            raise ValueError(f"{self.name} has {len(entries)} files: use download()")
        return entries[0].download(root)

    def verify(self, root: str | os.PathLike[str] | None = None) -> None:
        """Raises ValueError unless the files below `root` are those of the artifact."""
        target = Path(root or self._logged().default_root)
        for entry in self.manifest.entries.values():
            if entry.ref is not None and entry.digest == entry.ref:
                continue
            path = inside(target, entry.path)
            if not path.is_file() or md5_of(path) != entry.digest:
                raise ValueError(f"Digest mismatch for file: {path}")
