"""Full blocks are pcodec frames: every bit comes back, and damage is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlalchemy import select, update
from tests.examples import examples

from lossboard_server.database import schema
from lossboard_server.database.schema import block
from lossboard_server.queries import SeriesQuery, query_series
from lossboard_server.storage.codec import BYTE_PLANES, PCODEC, CodecError
from lossboard_server.storage.nodes import decode_nodes, encode_nodes, summarise_points
from lossboard_server.storage.pcodec_frames import decode_numbers, encode_numbers
from lossboard_server.storage.points import Points, decode_points, encode_points

BITS = st.one_of(
    st.integers(0, 2**64 - 1),
    st.sampled_from([0, 1, 2**63, 0x7FF0000000000000, 0x7FF8000000000000, 0xFFF8000000000123]),
    st.floats(width=32).map(lambda number: int(np.float64(number).view(np.uint64))),
)
COLUMNS = st.integers(1, 600).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.uint64, n, elements=BITS, fill=BITS)] * 3)
)


def points_of(columns: Any) -> Points:
    steps, times, numbers = columns
    types = (numbers & np.uint64(1)).astype(np.uint8)
    return Points(steps.view(np.int64), times.view(np.int64), numbers.view(np.float64), types)


def same(one: Any, two: Any) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, two, strict=True))


@examples(1000)
@given(COLUMNS)
def test_points_of_any_bits_come_back(columns: Any) -> None:
    points = points_of(columns)
    data = encode_points(points, PCODEC)
    assert same(decode_points(data, len(points.steps), PCODEC), points)
    without = decode_points(data, len(points.steps), PCODEC, times=False)
    assert same(without, points._replace(times_us=np.zeros_like(points.times_us)))


@examples(300)
@given(COLUMNS)
def test_nodes_of_any_points_come_back(columns: Any) -> None:
    points = points_of(columns)
    nodes = summarise_points(points, np.arange(0, len(points.steps), 7))
    for codec in (PCODEC, BYTE_PLANES):
        assert same(decode_nodes(encode_nodes(nodes, codec), len(nodes.n), codec), nodes)


def packed_as_before(row: Any) -> bytes:
    """The block's data in byte planes, as versions before pcodec packed full ones."""
    if row.level:
        return encode_nodes(decode_nodes(row.data, row.n, row.codec), BYTE_PLANES)
    return encode_points(decode_points(row.data, row.n, row.codec), BYTE_PLANES)


def test_full_blocks_of_an_earlier_version_are_read_alike(store: Any, small_blocks: None) -> None:
    run = store.run()
    writer = store.writer(run)
    writer.log(*[(step, step * 10, {"v": step % 7 / 3}) for step in range(300)])
    store.seal(run)
    attempt = schema.series.c.attempt_id == writer.attempt_id
    series = select(schema.series.c.id).where(attempt)
    query = SeriesQuery([run], ["v"], buckets=40)
    (new,) = store.ask(query_series, query).series
    with store.connection.begin():
        mine = select(block).where(block.c.series_id.in_(series), block.c.codec == PCODEC)
        rows = store.connection.execute(mine).all()
        assert len({row.level for row in rows}) > 2
        for row in rows:
            earlier = {"codec": BYTE_PLANES, "data": packed_as_before(row)}
            store.connection.execute(update(block).where(block.c.id == row.id).values(earlier))
    (old,) = store.ask(query_series, query).series
    assert {name: column.tobytes() for name, column in old.columns.items()} == {
        name: column.tobytes() for name, column in new.columns.items()
    }


def test_a_damaged_frame_is_named() -> None:
    data = encode_numbers([np.arange(500.0)])
    for damaged in (data[:-1], data[:5] + b"x" + data[6:]):
        with pytest.raises(CodecError, match="the store is damaged"):
            decode_numbers(damaged, 500)
    with pytest.raises(CodecError, match="should have 499 numbers"):
        decode_numbers(data, 499)
