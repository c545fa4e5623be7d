"""One encoder meets the non-finite numbers."""

from __future__ import annotations

import json
import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossboard.wire import ints_restored, storable_ints
from lossboard_server.encoding import Columns, encode_bare_json, encode_json, encode_msgpack

from .conftest import unpacked

SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@given(st.lists(st.floats(width=64)))
def test_a_column_comes_back_number_for_number(values: list[float]) -> None:
    column = np.array(values, dtype="<f8")
    plain = json.loads(encode_json({"column": column}))["column"]
    read = [SPELLED[value] if isinstance(value, str) else float(value) for value in plain]
    binary = msgspec.msgpack.decode(encode_msgpack({"column": column}))["column"]
    assert np.array_equal(read, column, equal_nan=True)
    assert np.array_equal(np.frombuffer(binary, "<f8"), column, equal_nan=True)


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, 2.5])


@given(st.integers(0, 4).flatmap(lambda n: st.lists(st.lists(NUMBERS, min_size=n, max_size=n))))
def test_columns_that_are_equal_come_back_bit_for_bit(tables: list[list[float]]) -> None:
    columns = {f"c{i}": np.array(values, dtype="<f8") for i, values in enumerate(tables)}
    columns = {"index": np.arange(len(tables[0]) if tables else 0, dtype="<f8")} | columns
    packed = msgspec.msgpack.decode(encode_msgpack(Columns(columns)))
    back = unpacked(packed)
    assert {name: column.tobytes() for name, column in back.items()} == {
        name: column.tobytes() for name, column in columns.items()
    }
    assert len({value for value in packed.values() if isinstance(value, bytes)}) == sum(
        isinstance(value, bytes) for value in packed.values()
    )


def test_columns_of_single_points_are_carried_once() -> None:
    value, x = np.array([2.0, 3.0]), np.array([7, 9])
    columns = Columns(x=x, mean=value, min=value, count=np.ones(2), nan=np.zeros(2))
    packed = msgspec.msgpack.decode(encode_msgpack(columns))
    assert (packed["min"], packed["count"], packed["nan"]) == ("mean", 1, 0)
    assert json.loads(encode_json(columns))["min"] == [2, 3]


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


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, 10**30])
def test_ints_beyond_64_bits_are_numbers_in_json(value: int) -> None:
    held = {"seed": storable_ints(value), "listed": storable_ints([1, {"deep": value}])}
    wanted = {"seed": value, "listed": [1, {"deep": value}]}
    assert json.loads(encode_json(held)) == json.loads(encode_bare_json(held)) == wanted


@pytest.mark.parametrize("value", ["many", "1_000", 5, True, None, math.inf, [math.nan]])
def test_what_only_looks_like_a_wide_int_stays_as_it_was_logged(value: object) -> None:
    held = {"_type": "int", "value": value}
    assert encode_json(held) == encode_json({"_type": "float", "value": value}).replace(
        b"float", b"int"
    )
    assert ints_restored(held) is held
