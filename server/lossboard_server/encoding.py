"""JSON and MessagePack as the server writes them: the one place that meets non-finite numbers.

In JSON they are the strings "NaN", "Infinity" and "-Infinity" (lossboard.wire); MessagePack
carries them as IEEE 754. A numeric column is a numpy array: a list in JSON, the bytes of a
little-endian float64 array in MessagePack.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

__all__ = [
    "decode_json",
    "encode_json",
    "encode_json_text",
    "encode_msgpack",
    "number_column_schema",
]

decode_json = msgspec.json.Decoder().decode


def encode_json(value: Any) -> bytes:
    """`value` as JSON; raises TypeError for objects JSON has no form for."""
    return msgspec.json.encode(_finite(value))


def encode_json_text(value: Any) -> str:
    """`value` as JSON text, for a column of the database."""
    return encode_json(value).decode()


def encode_msgpack(value: Any) -> bytes:
    """`value` as MessagePack, numpy arrays as bytes of float64."""
    return msgspec.msgpack.encode(value, enc_hook=_packed)


def _finite(value: Any) -> Any:
    """`value` with every non-finite float as its string; arrays become lists."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else _spell(value)
    if kind is dict:
        return {_key(key): _finite(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_finite(item) for item in value]
    if isinstance(value, np.ndarray):
        return _finite_list(value)
    if isinstance(value, np.generic):
        return _finite(value.item())
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
        return np.ascontiguousarray(value, dtype="<f8").tobytes()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"MessagePack has no form for {type(value).__name__}")


def number_column_schema(kind: type[Any]) -> dict[str, Any]:
    """JSON schema of a numeric column: numbers and the names of non-finite ones."""
    if kind is np.ndarray:
        return {"type": "array", "items": {"type": ["number", "string"]}}
    raise NotImplementedError
