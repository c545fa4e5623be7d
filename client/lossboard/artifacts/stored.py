"""An artifact as the server has it: what is said of it, its entries, its files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

from lossboard.artifacts.addresses import by_number, parsed
from lossboard.artifacts.manifest import ArtifactManifestEntry, Manifest
from lossboard.artifacts.references import local_target
from lossboard.artifacts.staging import md5_of
from lossboard.errors import CommError, UnsupportedError
from lossboard.files.disk import file_name
from lossboard.files.placing import folder_inside, inside, placed

if TYPE_CHECKING:
    from lossboard.connection import Connection

__all__ = ["MakeRun", "StoredArtifact"]

MakeRun = Callable[[Mapping[str, Any]], Any]  # from entity, project, run_id to a run of the Api

_WEB: Final = frozenset({"http", "https"})


class StoredArtifact:
    """Reads and edits one artifact of a server; `attributes` are those of docs/http_api.md."""

    def __init__(
        self, connection: Connection, attributes: Mapping[str, Any], make_run: MakeRun
    ) -> None:
        self.connection = connection
        self.attributes = attributes
        self.make_run = make_run
        self._manifest: Manifest | None = None
        self._owners: dict[tuple[str, ...], StoredArtifact] = {}  # of files it refers to

    @property
    def name(self) -> str:
        """`collection:v3`."""
        return f"{self.attributes['collection']}:v{self.attributes['version']}"

    @property
    def default_root(self) -> Path:
        """The folder that it is downloaded to where none is named. Raises ValueError where the
        server's names would lead out of `artifacts`."""
        return folder_inside(Path("artifacts"), file_name(self.name))

    @property
    def manifest(self) -> Manifest:
        """All entries."""
        if self._manifest is None:
            self._manifest = Manifest({entry.path: entry for entry in self._entries()})
        return self._manifest

    def _entries(self) -> list[ArtifactManifestEntry]:
        found: list[ArtifactManifestEntry] = []
        after: str | None = ""
        while after is not None:
            page = self.connection.get("artifacts", self._id, "entries", after=after)
            found += [self._entry(one) for one in page["entries"]]
            after = page["next"]
        return found

    def _entry(self, found: Mapping[str, Any]) -> ArtifactManifestEntry:
        return ArtifactManifestEntry(
            path=found["path"],
            digest=found["digest"],
            size=found["size_bytes"],
            ref=found["reference"] or None,
            sha256=found["sha256"],
            fetch=self.fetch,
            url=by_number(self._id, found["path"]),
        )

    @property
    def _id(self) -> int:
        return int(self.attributes["id"])

    def reload(self) -> None:
        """Fetches what is said of it again."""
        place = (self.attributes["entity"], self.attributes["project"], "artifacts")
        name = (self.attributes["collection"], f"v{self.attributes['version']}")
        self.attributes = self.connection.get("projects", *place, *name)

    def edit(self, **changes: Any) -> None:
        """Sends changes; see `PATCH /api/artifacts/{id}`."""
        where = {"collection_id": self.attributes["collection_id"]}
        self.connection.patch("artifacts", self._id, **changes, **where)
        self.reload()

    def delete(self, *, delete_aliases: bool) -> None:
        """Deletes this version, also one with aliases if they are to go."""
        asked = {"delete_aliases": "true"} if delete_aliases else {}
        self.connection.delete("artifacts", self._id, **asked)

    def link(self, entity: str, project: str, collection: str, aliases: list[str]) -> Any:
        """Makes it a version of another collection; the artifact as seen there."""
        place = {"entity": entity, "project": project, "collection": collection}
        found = self.connection.post("artifacts", self._id, "link", **place, aliases=aliases)
        return StoredArtifact(self.connection, found, self.make_run)

    def links(self) -> list[StoredArtifact]:
        """The artifact as seen in each collection that it is linked to."""
        found = self.connection.get("artifacts", self._id, "places")["versions"]
        return [
            StoredArtifact(self.connection, one, self.make_run)
            for one in found
            if one["collection_id"] != one["sequence_id"]
        ]

    def unlink(self) -> None:
        """Takes it out of the collection that it is seen in."""
        self.connection.delete("artifacts", self._id, "links", self.attributes["collection_id"])

    def logged_by(self) -> Any | None:
        """The run that logged it, None if none did or it was deleted."""
        found = self._runs()["logged_by"]
        return None if found is None else self.make_run(found)

    def used_by(self) -> list[Any]:
        """The runs that used it."""
        return [self.make_run(found) for found in self._runs()["used_by"]]

    def _runs(self) -> dict[str, Any]:
        return self.connection.get("artifacts", self._id, "runs")

    def fetch(self, entry: ArtifactManifestEntry, root: Path | None) -> Path:
        """Writes the content of an entry below `root` (default: `default_root`), unless it is
        there already. Several processes may do so at once.

        Raises CommError when what came has another digest or size than the artifact says; nothing
        is left at its place then. Raises ValueError for a path that leads out of `root`.
        """
        folder = root or self.default_root
        target = inside(folder, entry.path)
        if target.is_file() and entry.ref is None and md5_of(target) == entry.digest:
            return target
        with placed(folder, entry.path) as file:
            self._write(entry, file)
            file.flush()
            _check(entry, Path(file.name))
        return target

    def _write(self, entry: ArtifactManifestEntry, file: BinaryIO) -> None:
        referred = self.referred(entry)
        if referred is not None:
            owner, found = referred
            owner._write(found, file)
        elif entry.ref is not None:
            _write_reference(entry, file)
        else:
            self.connection.download(file, "blobs", entry.sha256)

    def referred(
        self, entry: ArtifactManifestEntry
    ) -> tuple[StoredArtifact, ArtifactManifestEntry] | None:
        """The artifact, and its entry, that an entry refers to; None where it is no such reference.

        Raises FileNotFoundError where it is gone.
        """
        address = parsed(entry.ref or "")
        if address is None:
            return None
        owner = self._owner(entry.path, address.place)
        target = owner.manifest.get_entry_by_path(address.path)
        if target is None:
            raise FileNotFoundError(
                f"{entry.path!r} refers to {address.path!r}, which is no file of {owner.name}"
            )
        return owner, target

    def _owner(self, path: str, place: tuple[str, ...]) -> StoredArtifact:
        from lossboard.connection import NotFound  # late: it brings an HTTP library

        if place not in self._owners:
            try:
                found = self.connection.get("artifacts", *place)
            except NotFound as error:
                raise FileNotFoundError(
                    f"{path!r} refers to an artifact that is gone: {error}"
                ) from error
            self._owners[place] = StoredArtifact(self.connection, found, self.make_run)
        return self._owners[place]


def _write_reference(entry: ArtifactManifestEntry, file: BinaryIO) -> None:
    assert entry.ref is not None
    scheme = urlsplit(entry.ref).scheme
    if scheme == "file":
        with local_target(entry.ref).open("rb") as source:
            shutil.copyfileobj(source, file)
    elif scheme in _WEB:
        import urllib.request  # brings an HTTP library

        try:
            with urllib.request.urlopen(entry.ref) as answer:
                shutil.copyfileobj(answer, file)
        except OSError as error:  # also what its HTTP library raises
            raise FileNotFoundError(
                f"{entry.path!r} refers to {entry.ref}, which can't be fetched: {error}"
            ) from error
    else:
        raise UnsupportedError(
            f"{entry.path!r} refers to {entry.ref}, which lossboard does not fetch: download the"
            " rest with allow_missing_references=True"
        )


def _check(entry: ArtifactManifestEntry, path: Path) -> None:
    """Raises CommError where the file has not the digest or size of its entry. What is known by
    its address alone can't be checked."""
    if entry.ref is not None and entry.digest == entry.ref:
        return
    size_bytes = path.stat().st_size
    if entry.ref is None and size_bytes != entry.size:
        raise CommError(
            f"digest mismatch for {entry.path!r}: the artifact says {entry.size} bytes, what came"
            f" has {size_bytes}; it was changed or damaged since it was logged"
        )
    found = md5_of(path)
    if found != entry.digest:
        raise CommError(
            f"digest mismatch for {entry.path!r}: the artifact says {entry.digest}, the content is"
            f" {found}; it was changed or damaged since it was logged"
        )
