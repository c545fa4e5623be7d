"""Event files: records one after another, of which the last may be half written."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["EventFile", "event_files"]

# Length of the record and its checksum, then the record and its checksum. The checksums are not
# looked at: in Python that costs a tenth of a second for a megabyte, which training would wait for.
_HEAD: Final = struct.Struct("<QI")
_CHECKSUM_BYTES: Final = 4
_CHUNK_BYTES: Final = 16 << 20


def event_files(folder: Path) -> list[Path]:
    """The event files of a folder, the oldest first, as their names have it."""
    try:
        names = sorted(name for name in os.listdir(folder) if "tfevents" in name)
    except OSError:  # it is not made yet, or gone
        return []
    return [folder / name for name in names]


class EventFile:
    """A file that is written by somebody else meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def records(self) -> Iterator[bytes]:
        """The whole records that came since the last call. Raises OSError where it can't be
        read."""
        with self.path.open("rb") as file:
            while True:
                file.seek(self._offset)
                head = file.read(_HEAD.size)
                data = head + file.read(max(_CHUNK_BYTES, _rest_bytes(head)))
                before = self._offset
                for record, end in _whole(data):
                    self._offset = before + end
                    yield record
                if self._offset == before:
                    return


def _rest_bytes(head: bytes) -> int:
    """How long the record is that begins so, without its head."""
    return int(_HEAD.unpack(head)[0]) + _CHECKSUM_BYTES if len(head) == _HEAD.size else 0


def _whole(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The records that are there as a whole, and where each ends."""
    start = 0
    while start + _HEAD.size <= len(data):
        first = start + _HEAD.size
        length, _ = _HEAD.unpack_from(data, start)
        end = first + length + _CHECKSUM_BYTES
        if end > len(data):
            return
        yield data[first : first + length], end
        start = end
