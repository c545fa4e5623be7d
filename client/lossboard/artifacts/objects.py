"""Media and tables in artifacts: `artifact.add(table, "name")` and back by `artifact.get`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lossboard import wire
from lossboard.artifacts.contents import Contents
from lossboard.artifacts.manifest import ArtifactManifestEntry
from lossboard.media import Audio, Html, Image, Media, Molecule, Object3D, Plotly, Table, Video
from lossboard.media.base import Content, optional_module
from lossboard.media.table import NON_FINITE, JoinedTable, PartitionedTable

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

Fetch = Callable[[str], str]  # path in the artifact -> path of the downloaded file


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


def add_object(contents: Contents, value: Any, name: str) -> ArtifactManifestEntry:
    """Adds `<name>.<type>.json` and the files it refers to; returns its entry.

    Raises ValueError for what is neither media nor a table.
    """
    home = _Home(contents)
    if isinstance(value, Table):
        stored = {"_type": _TABLE, **value.json_with_media(home, name, _STEP)}
        stored |= {"ncols": len(value.columns), "nrows": len(value.data)}
    elif isinstance(value, JoinedTable):
        stored = value.to_json(_joined_names(contents, value, name))
    elif isinstance(value, PartitionedTable):
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
    names = []
    for side, table in (("table1", joined.table1), ("table2", joined.table2)):
        is_path = isinstance(table, str)
        names.append(table if is_path else add_object(contents, table, f"{name}.{side}").path)
    return names[0], names[1]


def object_entry(paths: Sequence[str], name: str) -> str | None:
    """The path of the JSON of the object called `name`."""
    if name in paths:
        return name if name.endswith(".json") else None
    known = (_TABLE, JoinedTable.kind, PartitionedTable.kind, *_FROM_FILE)
    return next((path for kind in known if (path := f"{name}.{kind}.json") in paths), None)


def read_object(path: str, fetch: Fetch) -> Any:
    """The object whose JSON is at `path` of an artifact; `fetch` downloads files of it.

    Raises ValueError for JSON that is no object of ours.
    """
    return _restored(json.loads(Path(fetch(path)).read_bytes()), fetch)


def _restored(value: Mapping[str, Any], fetch: Fetch) -> Any:
    kind = str(value.get("_type"))
    if kind == _TABLE:
        rows = [[_cell(cell, fetch) for cell in row] for row in value["data"]]
        return Table(columns=value["columns"], data=rows, allow_mixed_types=True)
    if kind == JoinedTable.kind:
        first, second = (read_object(value[side], fetch) for side in ("table1", "table2"))
        return JoinedTable(first, second, value["join_key"])
    if kind == PartitionedTable.kind:
        return PartitionedTable(value["parts_path"])
    if kind not in _FROM_FILE:
        raise ValueError(f"an object of type {kind!r} can't be read from an artifact")
    return _FROM_FILE[kind](fetch(value["path"]))


def _cell(cell: Any, fetch: Fetch) -> Any:
    if isinstance(cell, Mapping) and cell.get("_type") in _FROM_FILE:
        return _restored(cell, fetch)
    return NON_FINITE.get(cell, cell) if isinstance(cell, str) else cell


def _figure(path: str) -> Any:
    plotly = optional_module("plotly.io", package="plotly", purpose="reading a figure")
    return plotly.from_json(Path(path).read_text(encoding="utf-8"))
