"""Records that are too large for the server are cut into parts, the same way after a restart.

A record is a row of atoms: each row, system row, histogram, console line is one, and all that is
left (start, config, exit, ...) is the first. A cut is a place between two atoms. The parts of a
record take up numbers of their own at the server, so the numbers of all later records move up;
`Cuts` knows by how much, and its file says so to whoever delivers the spool later.
"""

from __future__ import annotations

import bisect
import itertools
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from lossboard import wire

__all__ = ["Cuts", "CutsDamaged", "Part", "atom_count", "cut_out"]

_LINE: Final = re.compile(rb"(\d+) (\d+) [0-9a-f]{8}")
_OLD_LINE: Final = re.compile(rb"\d+ \d+")


class CutsDamaged(Exception):
    """Nobody knows any more which numbers the records have at the server."""


class Part(msgspec.Struct, frozen=True):
    """One part of the record `seq`: its atoms from `first` up to, not including, `end`."""

    seq: int
    index: int
    first: int
    end: int | None  # None: to the last one

    @property
    def is_whole(self) -> bool:
        """Whether the record is not cut at all."""
        return self.first == 0 and self.end is None


class Cuts:
    """The places where records of one spool were cut; lines `seq atom CRC-32` in `file`.

    Raises CutsDamaged when a line isn't what was written. One without its end was still being
    written: nothing was sent of that cut.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._cuts: dict[int, list[int]] = {}
        if file.exists():
            for line in _checked_lines(file):
                seq, atom = map(int, line.split()[:2])
                bisect.insort(self._cuts.setdefault(seq, []), atom)

    def number_of(self, seq: int) -> int:
        """The number that the first part of record `seq` has at the server."""
        return seq + sum(len(cuts) for cut_seq, cuts in self._cuts.items() if cut_seq < seq)

    def part_at(self, number: int) -> Part:
        """The part that has this number at the server."""
        shift = 0
        for seq, cuts in sorted(self._cuts.items()):
            if number <= seq + shift:
                break
            if number <= seq + shift + len(cuts):
                return self._part(seq, number - seq - shift)
            shift += len(cuts)
        return self._part(number - shift, 0)

    def _part(self, seq: int, index: int) -> Part:
        edges: list[int | None] = [0, *self._cuts.get(seq, []), None]
        return Part(seq, index, edges[index] or 0, edges[index + 1])

    def halve(self, part: Part, record: wire.Record) -> bool:
        """Cuts the part in its middle, on disk first; False if it is a single atom.

        Raises OSError when the cut can't be written down.
        """
        end = atom_count(record) if part.end is None else part.end
        if end - part.first < 2:
            return False
        middle = (part.first + end) // 2
        self._write_down(part.seq, middle)
        bisect.insort(self._cuts.setdefault(part.seq, []), middle)
        return True

    def _write_down(self, seq: int, atom: int) -> None:
        with self._file.open("ab") as file:
            file.write(_line(seq, atom) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _line(seq: int, atom: int) -> bytes:
    cut = b"%d %d" % (seq, atom)
    return b"%s %08x" % (cut, zlib.crc32(cut))


def _checked_lines(file: Path) -> list[bytes]:
    """The lines of the file; those of earlier versions, at its beginning, have no checksum."""
    lines = file.read_bytes().split(b"\n")[:-1]
    checked = list(itertools.dropwhile(_OLD_LINE.fullmatch, lines))
    if not all(_is_whole(line) for line in checked):
        raise CutsDamaged(
            f"{file} is damaged, so nothing says which records the server has; all was left alone"
        )
    return lines


def _is_whole(line: bytes) -> bool:
    found = _LINE.fullmatch(line)
    return found is not None and line == _line(int(found[1]), int(found[2]))


def atom_count(record: wire.Record) -> int:
    """Into how many parts the record could be cut at most."""
    return (
        1
        + _row_count(record.rows)
        + _row_count(record.system)
        + sum(len(column.histograms) for column in record.histograms)
        + len(record.console)
    )


def cut_out(record: wire.Record, part: Part) -> wire.Record:
    """The part of the record as a record of its own."""
    windows = _windows(record, part)
    rows, system = next(windows), next(windows)
    histograms = [_cut_histograms(column, *next(windows)) for column in record.histograms]
    console = slice(*next(windows))
    return msgspec.structs.replace(
        record if part.first == 0 else wire.Record(version=record.version),
        rows=_cut_rows(record.rows, *rows),
        system=_cut_rows(record.system, *system),
        histograms=[column for column in histograms if column.histograms],
        console=record.console[console],
    )


def _windows(record: wire.Record, part: Part) -> Iterator[tuple[int, int]]:
    """For each group of atoms in order, which of its own atoms are in the part."""
    end = atom_count(record) if part.end is None else part.end
    sizes = [
        _row_count(record.rows),
        _row_count(record.system),
        *(len(column.histograms) for column in record.histograms),
        len(record.console),
    ]
    base = 1
    for size in sizes:
        yield min(max(part.first - base, 0), size), min(max(end - base, 0), size)
        base += size


def _row_count(rows: wire.Rows | None) -> int:
    return 0 if rows is None else len(rows.steps) // 8


def _cut_rows(rows: wire.Rows | None, first: int, end: int) -> wire.Rows | None:
    if rows is None or first == end:
        return None
    count = _row_count(rows)
    columns = [_cut_column(column, count, first, end) for column in rows.columns]
    json_columns = [_cut_json(column, count, first, end) for column in rows.json_columns]
    return wire.Rows(
        steps=rows.steps[first * 8 : end * 8],
        times_us=rows.times_us[first * 8 : end * 8],
        columns=[column for column in columns if column.numbers],
        json_columns=[column for column in json_columns if column.values],
    )


def _cut_column(column: wire.Column, count: int, first: int, end: int) -> wire.Column:
    low, high, rows = _cut_row_numbers(column.rows, count, first, end)
    types = column.types if len(column.types) < 2 else column.types[low:high]
    return msgspec.structs.replace(
        column, numbers=column.numbers[low * 8 : high * 8], types=types, rows=rows
    )


def _cut_json(column: wire.JsonColumn, count: int, first: int, end: int) -> wire.JsonColumn:
    low, high, rows = _cut_row_numbers(column.rows, count, first, end)
    return msgspec.structs.replace(column, values=column.values[low:high], rows=rows)


def _cut_row_numbers(packed: bytes, count: int, first: int, end: int) -> tuple[int, int, bytes]:
    """The values of a column that lie in rows [first, end), and their row numbers from there."""
    numbers = np.frombuffer(packed, "<u4") if packed else np.arange(count, dtype="<u4")
    low, high = np.searchsorted(numbers, [first, end])
    inside = numbers[low:high] - np.uint32(first)
    rows = b"" if len(inside) == end - first else inside.astype("<u4").tobytes()
    return int(low), int(high), rows


def _cut_histograms(column: wire.HistogramColumn, first: int, end: int) -> wire.HistogramColumn:
    return msgspec.structs.replace(
        column,
        steps=column.steps[first * 8 : end * 8],
        times_us=column.times_us[first * 8 : end * 8],
        histograms=column.histograms[first:end],
        batches=column.batches[first * 8 : end * 8],
    )
