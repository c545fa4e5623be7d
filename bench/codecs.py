"""Full blocks of series as trainings log them: pcodec beside the byte planes of open blocks.

It is the measurement behind the codec of full blocks in docs/architecture.md: the bytes of blocks
of points and of nodes, the time to decode one, as a chart does, and to encode one, as a seal does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.harness import Row, interleaved, median
from bench.writers import FIRST_US, US_PER_STEP, random_walk
from lossboard_server.storage.codec import BYTE_PLANES, PCODEC
from lossboard_server.storage.nodes import Nodes, decode_nodes, encode_nodes, summarise_points
from lossboard_server.storage.points import Points, decode_points, encode_points
from lossboard_server.storage.pyramid import NODES_PER_BLOCK, POINTS_PER_BLOCK, POINTS_PER_NODE

__all__ = ["measure"]

BLOCKS = 32
ROUNDS = 15
CODECS = {"pcodec": PCODEC, "byte planes": BYTE_PLANES}


def measure() -> list[Row]:
    return [row for name, numbers in series().items() for row in rows_of(name, numbers)]


def series() -> dict[str, NDArray[np.float64]]:
    """Values of BLOCKS blocks each."""
    count = POINTS_PER_BLOCK * BLOCKS
    steps, noise = np.arange(count), np.random.default_rng(7)
    loss = 2.3 * np.exp(-steps / 9000) + 0.2 * noise.standard_normal(count) ** 2
    return {
        "a loss of float32": loss.astype(np.float32).astype(np.float64),
        "a loss of float64": random_walk(count, 0),
        "a learning rate": 5e-4 * (1 + np.cos(np.pi * steps / count)),
        "an accuracy of 512 samples": noise.binomial(512, 0.8, count) / 512,
        "a counter": 3.0 * steps,
    }


def rows_of(name: str, numbers: NDArray[np.float64]) -> list[Row]:
    firsts = range(0, len(numbers), POINTS_PER_BLOCK)
    points = [points_of(numbers, first) for first in firsts]
    under = NODES_PER_BLOCK * POINTS_PER_NODE // POINTS_PER_BLOCK
    nodes = [nodes_of(points[at : at + under]) for at in range(0, BLOCKS, under)]
    return [
        *rows_of_blocks(f"points of {name}", points, encode_points, decode_points),
        *rows_of_blocks(f"nodes of {name}", nodes, encode_nodes, decode_nodes),
    ]


def points_of(numbers: NDArray[np.float64], first: int) -> Points:
    """A row about every 50 ms, as `log` stamps them."""
    steps = np.arange(first, first + POINTS_PER_BLOCK)
    jitter = np.random.default_rng(first).integers(-900, 900, POINTS_PER_BLOCK)
    times_us = FIRST_US + steps * US_PER_STEP + jitter
    types = np.zeros(POINTS_PER_BLOCK, np.uint8)
    return Points(steps, times_us, numbers[first : first + POINTS_PER_BLOCK], types)


def nodes_of(points: list[Points]) -> Nodes:
    """As many as a full block holds."""
    starts = np.arange(0, POINTS_PER_BLOCK, POINTS_PER_NODE)
    return Nodes.join([summarise_points(part, starts) for part in points])


def rows_of_blocks(
    what: str, blocks: list[Any], encode: Callable[..., bytes], decode: Callable[..., Any]
) -> list[Row]:
    entries = len(blocks[0][0])
    frames = {name: [encode(block, codec) for block in blocks] for name, codec in CODECS.items()}
    decoding = {
        name: partial(mean_secs, partial(decode_block, decode, entries, codec), frames[name])
        for name, codec in CODECS.items()
    }
    encoding = {
        name: partial(mean_secs, partial(encode_block, encode, codec), blocks)
        for name, codec in CODECS.items()
    }
    return [
        size_row(what, frames, entries),
        time_row(f"decode a block of {entries} {what}", decoding),
        time_row(f"encode a block of {entries} {what}", encoding),
    ]


def decode_block(decode: Callable[..., Any], entries: int, codec: int, data: bytes) -> Any:
    return decode(data, entries, codec)


def encode_block(encode: Callable[..., bytes], codec: int, block: Any) -> bytes:
    return encode(block, codec)


def mean_secs(work: Callable[[Any], Any], inputs: list[Any]) -> float:
    began = time.perf_counter()
    for one in inputs:
        work(one)
    return (time.perf_counter() - began) / len(inputs)


def size_row(what: str, frames: dict[str, list[bytes]], entries: int) -> Row:
    total = entries * len(frames["pcodec"])
    sizes = {name: sum(map(len, made)) / total for name, made in frames.items()}
    return Row(f"bytes for one of {what}", "B", sizes.pop("pcodec"), sizes, total)


def time_row(what: str, cases: Mapping[str, Callable[[], float]]) -> Row:
    secs = {name: median(times) * 1e6 for name, times in interleaved(cases, ROUNDS).items()}
    return Row(what, "µs", secs.pop("pcodec"), secs, ROUNDS * BLOCKS)
