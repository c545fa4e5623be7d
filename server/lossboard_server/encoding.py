"""JSON and MessagePack as the server writes them: the one place that meets non-finite numbers.

In JSON they are the strings "NaN", "Infinity" and "-Infinity" (lossboard.wire); MessagePack
carries them as IEEE 754. A numeric column is a numpy array: a list in JSON, the bytes of a
little-endian float64 array in MessagePack. Ints beyond 64 bits, which MessagePack has no type for
(lossboard.wire), are plain numbers in JSON. Of `Columns` MessagePack carries what is equal once.
"""

from __future__ import annotations

import json
import math
from collections import UserDict
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from lossboard.wire import ints_restored

__all__ = [
    "Columns",
    "Plain",
    "decode_json",
    "encode_bare_json",
    "encode_json",
    "encode_json_text",
    "encode_msgpack",
    "number_column_schema",
]

decode_json = msgspec.json.Decoder().decode


class Columns(UserDict[str, NDArray[Any]]):
    """Numeric columns of one length, many of which may be equal.

    Of a line that is drawn from its single points, 12 of 15 columns are the value, x, or constant.
    """


class Plain(msgspec.Struct):
    """Holds texts and ints of 64 bits alone: JSON has a form for all of it, so nothing of it is
    looked at one by one, as floats are."""


def encode_json(value: Any) -> bytes:
    """`value` as JSON; raises TypeError for objects JSON has no form for."""
    return msgspec.json.encode(_finite(value))


def encode_json_text(value: Any) -> str:
    """`value` as JSON text, for a column of the database."""
    return encode_json(value).decode()


def encode_bare_json(value: Any) -> str:
    """Plain data as the JSON that W&B's client reads: NaN and infinities are bare words."""
    return json.dumps(ints_restored(value))


def encode_msgpack(value: Any) -> bytes:
    """`value` as MessagePack, numpy arrays as bytes of float64."""
    return msgspec.msgpack.encode(value, enc_hook=_packed)


def _finite(value: Any) -> Any:
    """`value` with every non-finite float as its string; arrays become lists."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _spell(value)
    if kind is dict:
        if value.get("_type") == "int" and type(wide := ints_restored(value)) is int:
            return wide
        return {_key(key): _finite(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_finite(item) for item in value]
    if isinstance(value, np.ndarray):
        return _finite_list(value)
    if isinstance(value, Columns):
        return {name: _finite_list(column) for name, column in value.items()}
    if isinstance(value, np.generic):
        return _finite(value.item())
    if isinstance(value, Plain):
        return value
    if isinstance(value, msgspec.Struct):
        return _finite(_fields(value))
    return value


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(struct)
    return {name: value for name, value in fields.items() if value is not msgspec.UNSET}


def _key(key: Any) -> Any:
    return key if isinstance(key, str | int) else str(key)


def _finite_list(column: np.ndarray[Any, Any]) -> list[Any]:
    values: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        for index in np.flatnonzero(~np.isfinite(column)).tolist():
            values[index] = _spell(values[index])
    return values


def _spell(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _float_bytes(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Columns):
        return _packed_columns(value)
    raise TypeError(f"MessagePack has no form for {type(value).__name__}")


def _float_bytes(column: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(column, dtype="<f8").tobytes()


def _packed_columns(columns: Columns) -> dict[str, bytes | str | float]:
    """Each column as its bytes, the name of an earlier one of the same bytes, or, where all its
    values are one and there are several, that number."""
    names: dict[bytes, str] = {}
    packed: dict[str, bytes | str | float] = {}
    for name, column in columns.items():
        data = _float_bytes(column)
        if len(column) > 1 and data == data[:8] * len(column):
            packed[name] = float(column[0])
        else:
            first = names.setdefault(data, name)
            packed[name] = data if first == name else first
    return packed


def number_column_schema(kind: type[Any]) -> dict[str, Any]:
    """JSON schema of a numeric column (numbers and the names of non-finite ones), or of several."""
    column = {"type": "array", "items": {"type": ["number", "string"]}}
    if kind is np.ndarray:
        return column
    if kind is Columns:
        return {"type": "object", "additionalProperties": column}
    raise NotImplementedError
