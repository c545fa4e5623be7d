"""Media and tables in artifacts: `artifact.add(table, "name")` and back by `artifact.get`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from lossboard import wire
from lossboard.artifacts.contents import Contents
from lossboard.artifacts.manifest import ArtifactManifestEntry
from lossboard.artifacts.names import entry_path
from lossboard.faults import Fault, collected
from lossboard.media import Audio, Html, Image, Media, Molecule, Object3D, Plotly, Table, Video
from lossboard.media.base import Content, optional_module
from lossboard.media.classes import Classes
from lossboard.media.combined import CombinedTable, JoinedTable, PartitionedTable
from lossboard.media.table import NON_FINITE
from lossboard.terminal import termwarn

__all__ = ["add_object", "object_entry", "read_object"]

_STEP: Final = "artifact"  # what stands in the names of media files in place of a step
_TABLE: Final = "table"
_FROM_FILE: Final[Mapping[str, Callable[[str], Media]]] = {
    "audio-file": Audio,
    "html-file": lambda path: Html(Path(path), inject=False),
    "image-file": Image,
    "molecule-file": Molecule,
    "object3D-file": Object3D,
    "plotly-file": lambda path: Plotly(_figure(path)),
    "video-file": Video,
}


class Source(Protocol):
    """An artifact as what objects are read from."""

    def get_entry(self, name: str) -> ArtifactManifestEntry:
        """The file of this path."""

    def referred(self, path: str) -> tuple[Source, str] | None:
        """The place of the file if it is one of another artifact."""

    def reference_to(self, path: str) -> ArtifactManifestEntry | None:
        """An entry that refers to the file of this path."""

    def tables_below(self, folder: str) -> Iterator[Any]:
        """The tables in a folder."""


class _Home:
    """An artifact as what media are bound to."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self.labels: dict[str, Any] = {}

    def put_file(self, source: Content, *, name: str, mime_type: str) -> wire.FileEntry:
        content = source if isinstance(source, bytes) else source.read_bytes()
        entry = self._contents.add_bytes(content, name)
        return wire.FileEntry(entry.path, entry.sha256, entry.size, 0, mime_type)

    def put_config(self, path: Sequence[str], value: Any) -> None:
        self.labels["/".join(path)] = value

    def put_table(self, key: str, table: Any) -> Mapping[str, str]:
        raise TypeError("a table can't lie in a cell of a table")

    def tell(self, fault: Fault) -> None:
        termwarn(f"an artifact doesn't hold a value as it is: {fault.sentence}", repeat=False)


def add_object(contents: Contents, value: Any, name: str) -> ArtifactManifestEntry:
    """Adds `<name>.<type>.json` and the files it refers to; returns its entry.

    Raises ValueError for what is neither media nor a table.
    """
    reference = value.reference() if isinstance(value, CombinedTable) else None
    if reference is not None:
        path = entry_path(f"{name}.{value.kind}.json")
        return contents.put(replace(reference, path=path), overwrite=False)
    home = _Home(contents)
    if isinstance(value, Table):
        with collected() as found:
            stored = {"_type": _TABLE, **value.json_with_media(home, name, _STEP)}
        stored |= {"ncols": len(value.columns), "nrows": len(value.data)}
        for fault in found:
            home.tell(fault.below(name))
    elif isinstance(value, JoinedTable):
        stored = value.to_json(_joined_names(contents, value, name))
    elif isinstance(value, PartitionedTable | Classes):
        stored = value.to_json()
    elif isinstance(value, Media):
        stored = value.bind(home, name, _STEP)
    else:
        raise ValueError(
            f"Can't add {type(value).__name__} to an artifact: expected media such as Image or"
            " Table; use add_file for files"
        )
    if home.labels:
        stored["class_labels"] = home.labels
    content = json.dumps(stored).encode()
    return contents.add_bytes(content, f"{name}.{stored['_type']}.json")


def _joined_names(contents: Contents, joined: JoinedTable, name: str) -> tuple[str, str]:
    return (
        _side_name(contents, joined.table1, f"{name}.table1"),
        _side_name(contents, joined.table2, f"{name}.table2"),
    )


def _side_name(contents: Contents, table: Any, name: str) -> str:
    """The path of a table of a joined one, which is added unless the artifact has it."""
    if isinstance(table, Table | PartitionedTable):
        return add_object(contents, table, name).path
    if isinstance(table, ArtifactManifestEntry) and table.url:
        entry = table.reference(entry_path(f"{name}.{_TABLE}.json"))
        return contents.put(entry, overwrite=False).path
    path = table if isinstance(table, str) else str(table.path)
    if path not in contents.entries:
        raise ValueError(
            f"JoinedTable table:{path} not found in artifact. Add a table to the artifact using"
            f" Artifact#add(<table>, {path}) before adding this JoinedTable"
        )
    return path


def object_entry(paths: Sequence[str], name: str) -> str | None:
    """The path of the JSON of the object called `name`."""
    if name in paths:
        return name if name.endswith(".json") else None
    known = (_TABLE, JoinedTable.kind, PartitionedTable.kind, Classes.kind, *_FROM_FILE)
    return next((path for kind in known if (path := f"{name}.{kind}.json") in paths), None)


def read_object(source: Source, path: str) -> Any:
    """The object whose JSON is at `path` of an artifact, or of the one that this refers to.

    Raises ValueError for JSON that is no object of ours.
    """
    referred = source.referred(path)
    if referred is not None:
        return read_object(*referred)
    found = _restored(source, json.loads(Path(source.get_entry(path).download()).read_bytes()))
    if isinstance(found, CombinedTable):
        found.settle(source, path)
    return found


def _restored(source: Source, value: Mapping[str, Any]) -> Any:
    kind = str(value.get("_type"))
    if kind == _TABLE:
        rows = [[_cell(source, cell) for cell in row] for row in value["data"]]
        return Table(columns=value["columns"], data=rows, allow_mixed_types=True)
    if kind == JoinedTable.kind:
        first, second = (read_object(source, value[side]) for side in ("table1", "table2"))
        return JoinedTable(first, second, value["join_key"])
    if kind == PartitionedTable.kind:
        return PartitionedTable(value["parts_path"])
    if kind == Classes.kind:
        return Classes(value["class_set"])
    if kind not in _FROM_FILE:
        raise ValueError(f"an object of type {kind!r} can't be read from an artifact")
    return _FROM_FILE[kind](source.get_entry(value["path"]).download())


def _cell(source: Source, cell: Any) -> Any:
    if isinstance(cell, Mapping) and cell.get("_type") in _FROM_FILE:
        return _restored(source, cell)
    return NON_FINITE.get(cell, cell) if isinstance(cell, str) else cell


def _figure(path: str) -> Any:
    plotly = optional_module("plotly.io", package="plotly", purpose="reading a figure")
    return plotly.from_json(Path(path).read_text(encoding="utf-8"))
