"""Records skimmed: rows decoded, histograms left packed until somebody asks for them.

What a listing, a summary or a chart of metrics needs of a record costs the same however many
histograms are in it; a histogram that waits for its seal takes no more memory than its bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from lossboard.wire import HistogramData, Rows
from lossboard_server.storage.histograms import NO_BATCH, Histograms, histograms_of
from lossboard_server.storage.points import Ints

__all__ = ["PackedColumn", "PackedHistograms", "SkimmedRecord", "guarded", "skim_record"]


class PackedColumn(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A HistogramColumn of the wire whose histograms are bytes of the record still."""

    key: str
    steps: bytes
    times_us: bytes
    histograms: msgspec.Raw
    batches: bytes = b""
    path: tuple[str, ...] = ()


class SkimmedRecord(msgspec.Struct, frozen=True):
    """The parts of a record that wait to be sealed."""

    rows: Rows | None = None
    system: Rows | None = None
    histograms: list[PackedColumn] = []


_MARK: Final = b"\xc1"  # no MessagePack begins so
_HEAD_BYTES: Final = 5  # the mark and a checksum

_record_decoder = msgspec.msgpack.Decoder(SkimmedRecord)
_events_decoder = msgspec.msgpack.Decoder(list[HistogramData])


def guarded(payload: bytes | bytearray) -> bytes:
    """The record behind a checksum, as the tail keeps it."""
    return b"".join((_MARK, zlib.crc32(payload).to_bytes(_HEAD_BYTES - 1, "little"), payload))


def skim_record(kept: bytes) -> SkimmedRecord:
    """The rows and packed histograms of a record that was accepted; those that earlier versions
    kept have no checksum.

    Raises ValueError if the bytes aren't those that were kept.
    """
    if not kept.startswith(_MARK):
        return _record_decoder.decode(kept)
    payload = memoryview(kept)[_HEAD_BYTES:]
    if zlib.crc32(payload) != int.from_bytes(kept[1:_HEAD_BYTES], "little"):
        raise ValueError("the checksum of a record isn't that of its bytes: the store is damaged")
    return _record_decoder.decode(payload)


class PackedHistograms:
    """Histogram events of one series in order of arrival, decoded by `unpack` alone."""

    def __init__(self, columns: Iterable[PackedColumn]) -> None:
        self._columns = list(columns)

    @property
    def steps(self) -> Ints:
        return np.frombuffer(b"".join(one.steps for one in self._columns), "<i8")

    @property
    def times_us(self) -> Ints:
        return np.frombuffer(b"".join(one.times_us for one in self._columns), "<i8")

    @property
    def watched(self) -> bool:
        """Whether any of them has a count of batches."""
        return bool((self._batches() != NO_BATCH).any())

    @property
    def nbytes(self) -> int:
        """About what they take in memory."""
        return sum(300 + len(memoryview(one.histograms)) for one in self._columns)

    def unpack(self) -> Histograms:
        """The events with their bins."""
        events = list(self._events())
        return histograms_of(self.steps, self.times_us, self._batches(), events)

    def _events(self) -> Iterator[HistogramData]:
        for one in self._columns:
            yield from _events_decoder.decode(one.histograms)

    def _batches(self) -> Ints:
        parts = (one.batches or _no_batches(one) for one in self._columns)
        return np.frombuffer(b"".join(parts), "<i8")

    @staticmethod
    def join(parts: Sequence[PackedHistograms]) -> PackedHistograms:
        """All events of the parts, one part after another."""
        return PackedHistograms(column for part in parts for column in part._columns)


def _no_batches(column: PackedColumn) -> bytes:
    return np.full(len(column.steps) // 8, NO_BATCH, "<i8").tobytes()
