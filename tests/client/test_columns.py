"""Rows go through columns, bytes and back without a change."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from lossboard import wire
from lossboard.sending.columns import Row, clean_text, pack_rows
from lossboard.sending.draft import Draft

numbers = st.floats() | st.integers(-(2**70), 2**70)
plain = numbers | st.text(max_size=5) | st.booleans() | st.none()
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
keys = st.sampled_from(["loss", "a.b", "ü", ("a", "b"), ("a", "b", "c"), "acc", ("x",)])
steps = st.integers(-(2**63), 2**63 - 1)
rows = st.lists(
    st.builds(Row, steps, st.integers(0, 2**53), st.dictionaries(keys, values, max_size=4)),
    min_size=1,
    max_size=12,
)
typical = st.lists(
    st.builds(
        Row,
        steps,
        st.integers(0, 2**53),
        st.fixed_dictionaries({"loss": st.floats(), "epoch": st.integers(0, 9)}),
    ),
    min_size=1,
    max_size=30,
)


def through_the_wire(logged: list[Row]) -> wire.Rows:
    draft = Draft()
    for row in logged:
        draft.add_mixed_row(*row)
    record = wire.decode_record(wire.encode_record(draft.record()))
    assert record.rows is not None and not draft.refused
    return record.rows


def key_of(column: wire.Column | wire.JsonColumn) -> Any:
    return column.path or column.key


def row_numbers(packed: bytes, count: int) -> list[int]:
    return list(np.frombuffer(packed, "<u4")) if packed else list(range(count))


def read_back(packed: wire.Rows) -> list[Row]:
    count = len(packed.steps) // 8
    held: list[dict[Any, Any]] = [{} for _ in range(count)]
    for column in packed.columns:
        floats = np.frombuffer(column.numbers, "<f8").tolist()
        codes = column.types * len(floats) if len(column.types) == 1 else column.types
        codes = codes or bytes(len(floats))
        for row, number, code in zip(row_numbers(column.rows, count), floats, codes, strict=True):
            held[row][key_of(column)] = int(number) if code == wire.TYPE_INT else number
    for json_column in packed.json_columns:
        places = row_numbers(json_column.rows, count)
        for row, value in zip(places, json_column.values, strict=True):
            held[row][key_of(json_column)] = value
    edges = [np.frombuffer(b, "<i8").tolist() for b in (packed.steps, packed.times_us)]
    return [Row(*parts) for parts in zip(*edges, held, strict=True)]


def as_stored(value: Any) -> Any:
    """What the wire format says a value becomes."""
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return {"_type": "int", "value": str(value)}
    if isinstance(value, list):
        return [as_stored(item) for item in value]
    if isinstance(value, dict):
        return {key: as_stored(item) for key, item in value.items()}
    return value


def written(rows: list[Row]) -> list[str]:
    """Text tells 5 from 5.0, True from 1, and NaN is itself; the order of keys is no matter."""
    return [repr((r.step, r.time_us, sorted(map(repr, r.values.items())))) for r in rows]


@given(rows)
def test_any_rows_come_back_as_they_were(logged: list[Row]) -> None:
    expected = [
        Row(row.step, row.time_us, {key: as_stored(value) for key, value in row.values.items()})
        for row in logged
    ]
    assert written(read_back(through_the_wire(logged))) == written(expected)


@given(typical)
def test_rows_with_the_same_keys_need_no_row_numbers(logged: list[Row]) -> None:
    packed = through_the_wire(logged)
    assert [column.rows for column in packed.columns] == [b"", b""]
    types = {column.key: column.types for column in packed.columns}
    assert types == {"loss": b"", "epoch": bytes([wire.TYPE_INT])}
    assert written(read_back(packed)) == written(logged)


def test_subclasses_of_numbers_are_stored_as_numbers() -> None:
    logged = [Row(0, 0, {"a": np.float64(0.5), "b": 3})]
    assert read_back(through_the_wire(logged)) == [Row(0, 0, {"a": 0.5, "b": 3})]


def test_a_value_that_cannot_be_stored_is_named_and_the_others_are_kept() -> None:
    packed = pack_rows([Row(0, 0, {"good": 1.0, "bad": object()})])
    assert [column.key for column in packed.rows.columns] == ["good"]
    assert packed.refused[0].startswith("bad: a value of type object can't be stored")


def test_a_lone_surrogate_is_written_as_an_escape() -> None:
    logged = [Row(0, 0, {"text\ud800": "value\udfff"})]
    assert read_back(through_the_wire(logged))[0].values == {"text\\ud800": "value\\udfff"}
    assert clean_text("é") == "é"
