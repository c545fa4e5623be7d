"""Point clouds and 3-D models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from lossboard.media.base import Media, MediaHome, as_array, forgiving, store

__all__ = ["Object3D"]

FILE_TYPES = ("obj", "gltf", "glb", "babylon", "stl", "pts.json")
POINT_CLOUD_TYPES = ("lidar/beta",)


class Object3D(Media):
    """One object: points of shape (n, 3), (n, 4: with a category 1..14) or (n, 6: with RGB),
    a {"type": "lidar/beta", "points", "boxes", "vectors"} dict, the path of a model file, or an
    open stream with its `file_type`. Raises ValueError for other shapes and types.
    """

    kind: ClassVar[str] = "object3D-file"
    batch_kind: ClassVar[str] = "object3D"

    @forgiving
    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        file_type: str | None = None,
        **_: Any,
    ) -> None:
        self._caption = caption
        self._content, self._suffix = _read(data_or_path, file_type)
        if self._suffix not in FILE_TYPES:
            raise ValueError(
                f"Object3D takes the file types {', '.join(FILE_TYPES)}, not {self._suffix!r}"
            )

    @classmethod
    def from_file(cls, data_or_path: Any, file_type: str | None = None) -> Object3D:
        """From a model file or stream."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: Any) -> Object3D:
        """From points; see the class."""
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls,
        points: Sequence[Any],
        boxes: Sequence[Any],
        vectors: Sequence[Any] | None = None,
        point_cloud_type: str = "lidar/beta",
    ) -> Object3D:
        """From points with boxes and vectors."""
        return cls(
            {
                "type": point_cloud_type,
                "points": points,
                "boxes": boxes,
                "vectors": vectors or [],
            }
        )

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="object3D",
            key=key,
            step=step,
            suffix=f".{self._suffix}",
            mime_type="application/json" if "json" in self._suffix else "model/" + self._suffix,
        )
        return self._described(stored)

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """W&B's `object3D`."""
        each = [item.bind(home, key, step) for item in items]
        return {
            "_type": cls.batch_kind,
            "filenames": [one["path"].removeprefix("media/object3D/") for one in each],
            "count": len(each),
            "objects": each,
        }


def _read(data: Any, file_type: str | None) -> tuple[bytes, str]:
    if isinstance(data, str | Path):
        path = Path(data)
        name = path.name.lower()
        suffix = "pts.json" if name.endswith(".pts.json") else path.suffix.lstrip(".").lower()
        return path.read_bytes(), file_type or suffix
    if hasattr(data, "read"):
        text = data.read()
        return (text if isinstance(text, bytes) else str(text).encode()), file_type or ""
    value = _scene(data) if isinstance(data, Mapping) else _points(data)
    return json.dumps(value).encode(), "pts.json"


def _points(data: Any) -> list[Any]:
    points = as_array(data)
    if points.ndim != 2 or points.shape[1] not in (3, 4, 6):
        raise ValueError(
            f"Object3D takes points of shape (n, 3), (n, 4) or (n, 6), not {points.shape}"
        )
    return points.tolist()  # type: ignore[no-any-return]


def _scene(data: Mapping[str, Any]) -> dict[str, Any]:
    if data.get("type") not in POINT_CLOUD_TYPES:
        raise ValueError(
            f"a point cloud's type is one of {', '.join(POINT_CLOUD_TYPES)},"
            f" not {data.get('type')!r}"
        )
    return {
        "type": data["type"],
        "vectors": [_plain(vector) for vector in data.get("vectors", [])],
        "points": _plain(data.get("points", [])),
        "boxes": [_plain(box) for box in data.get("boxes", [])],
    }


def _plain(value: Any) -> Any:
    """Arrays and tensors within as lists, so that JSON can hold them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return as_array(value).tolist() if hasattr(value, "shape") else value
