"""Rows of a history become the columns of `wire.Rows`; values become what MessagePack can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from lossboard import wire
from lossboard.bounds import logged_excess
from lossboard.sending.interface import Key

__all__ = ["PackedRows", "Row", "clean_text", "json_ready", "key_and_path", "pack_rows"]

_JSON_NAMES: Final = {"True": "true", "False": "false", "None": "null"}


class Row(NamedTuple):
    """One committed row: `step` int64, `time_us` microseconds since the epoch."""

    step: int
    time_us: int
    values: Mapping[Key, Any]


class PackedRows(NamedTuple):
    """Rows as columns, and what could not be stored: one sentence for each such value."""

    rows: wire.Rows
    refused: list[str]


class _Piece(NamedTuple):
    """Values of one key from rows that have the same keys."""

    rows: Sequence[int]
    values: Sequence[Any]


def pack_rows(rows: Sequence[Row]) -> PackedRows:
    """Columns in the order in which their keys first appear.

    Rows with equal keys are transposed together, so the usual log of floats costs no Python code
    per value.
    """
    columns: list[wire.Column] = []
    json_columns: list[wire.JsonColumn] = []
    refused: list[str] = []
    for key, pieces in _pieces_by_key(rows).items():
        piece = _merged(pieces)
        column = _plain_column(key, piece, len(rows))
        if column is not None:
            columns.append(column)
            continue
        numbers, others = _split(key, piece, refused)
        if numbers.rows:
            columns.append(_number_column(key, numbers, len(rows)))
        if others.rows:
            json_columns.append(_json_column(key, others, len(rows)))
    packed = wire.Rows(
        steps=np.array([row.step for row in rows], "<i8").tobytes(),
        times_us=np.array([row.time_us for row in rows], "<i8").tobytes(),
        columns=columns,
        json_columns=json_columns,
    )
    return PackedRows(packed, refused)


def _pieces_by_key(rows: Sequence[Row]) -> dict[Key, list[_Piece]]:
    groups: dict[tuple[Key, ...], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(tuple(row.values), []).append(index)
    pieces: dict[Key, list[_Piece]] = {}
    for keys, indices in groups.items():
        transposed = zip(*(rows[index].values.values() for index in indices), strict=True)
        for key, values in zip(keys, transposed, strict=True):
            pieces.setdefault(key, []).append(_Piece(indices, values))
    return pieces


def _merged(pieces: list[_Piece]) -> _Piece:
    """One piece with ascending rows."""
    if len(pieces) == 1:
        return pieces[0]
    pairs = [pair for piece in pieces for pair in zip(piece.rows, piece.values, strict=True)]
    pairs.sort(key=lambda pair: pair[0])
    return _Piece([row for row, _ in pairs], [value for _, value in pairs])


def _plain_column(key: Key, piece: _Piece, row_count: int) -> wire.Column | None:
    """The column if all values are exact floats, or all are exact ints in range; else None."""
    kinds = set(map(type, piece.values))
    if kinds == {float} or (
        kinds == {int}
        and max(piece.values) <= wire.EXACT_INT_LIMIT
        and min(piece.values) >= -wire.EXACT_INT_LIMIT
    ):
        return _number_column(key, piece, row_count)
    return None


def _split(key: Key, piece: _Piece, refused: list[str]) -> tuple[_Piece, _Piece]:
    """Numbers apart from everything that travels as JSON."""
    numbers: tuple[list[int], list[Any]] = ([], [])
    others: tuple[list[int], list[Any]] = ([], [])
    for row, value in zip(piece.rows, piece.values, strict=True):
        try:
            number = _number(value)
            side, stored = (others, json_ready(value)) if number is None else (numbers, number)
        except TypeError as error:
            refused.append(f"{key_and_path(key)[0]}: {error}")
            continue
        if side is others and (excess := logged_excess(stored)):
            refused.append(f"{key_and_path(key)[0]}: {excess}")
            continue
        side[0].append(row)
        side[1].append(stored)
    return _Piece(*numbers), _Piece(*others)


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int) and abs(value) <= wire.EXACT_INT_LIMIT:
        return int(value)
    return None


def _number_column(key: Key, piece: _Piece, row_count: int) -> wire.Column:
    name, path = key_and_path(key)
    return wire.Column(
        key=name,
        numbers=np.array(piece.values, "<f8").tobytes(),
        types=_type_codes(piece.values),
        rows=_row_numbers(piece.rows, row_count),
        path=path,
    )


def _type_codes(values: Sequence[Any]) -> bytes:
    kinds = set(map(type, values))
    if kinds == {float}:
        return b""
    if kinds == {int}:
        return bytes([wire.TYPE_INT])
    return bytes(wire.TYPE_INT if type(value) is int else wire.TYPE_FLOAT for value in values)


def _json_column(key: Key, piece: _Piece, row_count: int) -> wire.JsonColumn:
    name, path = key_and_path(key)
    return wire.JsonColumn(name, list(piece.values), _row_numbers(piece.rows, row_count), path)


def _row_numbers(rows: Sequence[int], row_count: int) -> bytes:
    return b"" if len(rows) == row_count else np.array(rows, "<u4").tobytes()


def key_and_path(key: Key) -> tuple[str, tuple[str, ...]]:
    """The dotted key and the path of the wire format; the path of a plain key is empty."""
    if isinstance(key, str):
        return clean_text(key), ()
    path = tuple(clean_text(part) for part in key)
    return ".".join(path), path


def clean_text(text: str) -> str:
    """`text` with lone surrogates, which UTF-8 can't hold, written as backslash escapes."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def json_ready(value: Any) -> Any:
    """`value` in types that MessagePack has; ints beyond 64 bits as the wire format says.

    Raises TypeError for a type that has no such form.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return wire.storable_int(int(value))
    if isinstance(value, Mapping):
        return {_text_key(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    raise TypeError(
        f"a value of type {type(value).__name__} can't be stored; expected a number, string, bool,"
        " None, list or dict"
    )


def _text_key(key: Any) -> str:
    """A key as JSON has it."""
    return clean_text(key if isinstance(key, str) else _JSON_NAMES.get(str(key), str(key)))
