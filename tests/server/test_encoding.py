"""One encoder meets the non-finite numbers."""

from __future__ import annotations

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossboard_server.encoding import encode_json, encode_msgpack

SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@given(st.lists(st.floats(width=64)))
def test_a_column_comes_back_number_for_number(values: list[float]) -> None:
    column = np.array(values, dtype="<f8")
    plain = json.loads(encode_json({"column": column}))["column"]
    read = [SPELLED[value] if isinstance(value, str) else float(value) for value in plain]
    binary = msgspec.msgpack.decode(encode_msgpack({"column": column}))["column"]
    assert np.array_equal(read, column, equal_nan=True)
    assert np.array_equal(np.frombuffer(binary, "<f8"), column, equal_nan=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, b'"NaN"'),
        ({"a": [1, (math.inf, None)]}, b'{"a":[1,["Infinity",null]]}'),
        ({1.5: -math.inf}, b'{"1.5":"-Infinity"}'),
        (2**80, b"1208925819614629174706176"),
        (np.int64(5), b"5"),
        (np.array([1, 2], dtype="<i8"), b"[1,2]"),
        (np.float32(0.5), b"0.5"),
    ],
)
def test_json_has_a_form_for_every_value(value: object, text: bytes) -> None:
    assert encode_json(value) == text
