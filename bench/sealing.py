"""Sealing histograms as fast as they are taken: few tensors of many events, many of few.

The second is a small mixture of experts: gradients and parameters of 2,352 tensors. Meanwhile a
page asks for the keys of the project again and again. Then the same once more, and the server is
told to stop in the midst of it. There is no peer: each number has a bound.
"""

from __future__ import annotations

import http.client
import itertools
import secrets
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import psutil

from bench.harness import Goal, Row
from bench.processes import Server, running_server
from bench.writers import FIRST_US, US_PER_STEP, start
from lossboard.histogram import from_values
from lossboard.wire import WIRE_VERSION, Exit, HistogramColumn, HistogramData, Record, encode_record

__all__ = ["measure"]

POOL = 256  # different histograms
VALUES = 500  # in each
KEYS_PATH = "/api/projects/local/bench/keys"
PAUSE_SECS = 0.25  # between two looks
STOP_AFTER_SECS = 4.0  # of sending
MEGABYTE = 1e6


@dataclass(frozen=True)
class Shape:
    """`events` of each of `tensors`; a record has `each` of them of so many `columns`."""

    name: str
    tensors: int
    events: int
    each: int
    columns: int

    @property
    def histograms(self) -> int:
        return self.tensors * self.events


SHAPES = (
    Shape("few tensors, many events", 10, 20_000, 32, 10),
    Shape("many tensors, few events", 2 * 2352, 30, 1, 320),
)


def measure() -> list[Row]:
    return [row for shape in SHAPES for row in rows_of(shape)]


def rows_of(shape: Shape) -> list[Row]:
    watched, micros = fill(shape)
    stop_secs = stop_in_the_midst(shape)
    what, count = shape.name, shape.histograms
    return [
        Row(f"{what}: server CPU for a histogram", "µs", micros, {}, count, Goal(at_most=60)),
        Row(f"{what}: memory", "MB", watched.most_bytes / MEGABYTE, {}, count, Goal(at_most=500)),
        Row(f"{what}: slowest list of keys", "s", max(watched.secs), {}, len(watched.secs), LIST),
        Row(f"{what}: from SIGTERM to the end", "s", stop_secs, {}, 1, Goal(at_most=4)),
    ]


LIST = Goal(at_most=0.2)


def fill(shape: Shape) -> tuple[Watched, float]:
    """What was seen while the server took and sealed it all, and µs of CPU for a histogram."""
    with running_server() as server:
        before = server.cpu_secs()
        with Watched(server) as watched:
            Feed(server).send(records(shape))
            wait_until_sealed(server)
        return watched, (server.cpu_secs() - before) / shape.histograms * 1e6


def wait_until_sealed(server: Server) -> None:
    database = sqlite3.connect(f"file:{server.data_dir / 'lossboard.db'}?mode=ro", uri=True)
    while database.execute("SELECT EXISTS (SELECT 1 FROM tail)").fetchone()[0]:
        time.sleep(PAUSE_SECS)
    database.close()


def stop_in_the_midst(shape: Shape) -> float:
    """Seconds from the signal to the end of the process, with records coming in."""
    with running_server() as server:
        feed = threading.Thread(target=Feed(server).send_until_it_ends, args=(shape,))
        feed.start()
        time.sleep(STOP_AFTER_SECS)
        begun = time.perf_counter()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
        secs = time.perf_counter() - begun
        feed.join()
        return secs


@dataclass
class Watched:
    """Asks for the keys and looks at the memory until it is left."""

    server: Server
    secs: list[float] = field(default_factory=list)
    most_bytes: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watched:
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        process = psutil.Process(self.server.process.pid)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        while not self._ended.wait(PAUSE_SECS):
            self.most_bytes = max(self.most_bytes, process.memory_info().rss)
            begun = time.perf_counter()
            connection.request("GET", KEYS_PATH)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:  # 404 until the first record is there
                self.secs.append(time.perf_counter() - begun)
        connection.close()


@dataclass
class Feed:
    """Posts records as one writer, with a connection of its own, and obeys Retry-After."""

    server: Server

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port)
        self._writer = secrets.token_hex(16)

    def send(self, bodies: Iterator[bytes]) -> None:
        for number, body in zip(itertools.count(), bodies, strict=False):
            while (pause_secs := self._post(number, body)) is not None:
                time.sleep(pause_secs)

    def send_until_it_ends(self, shape: Shape) -> None:
        try:
            self.send(records(shape))
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self._connection.close()
            self.ended_by = error

    def _post(self, number: int, body: bytes) -> float | None:
        """None, or how long to wait before this one is sent again."""
        self._connection.request("POST", f"/api/ingest/{self._writer}/{number}", body)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status == 503:
            return float(answer.headers["Retry-After"])
        assert answer.status == 200, f"{answer.status} {content[:300]!r}"
        return None


def records(shape: Shape) -> Iterator[bytes]:
    """Encoded records of some 256 kB, as a client cuts them."""
    pool = histograms()
    for first in range(0, shape.events, shape.each):
        for left in range(0, shape.tensors, shape.columns):
            tensors = range(left, min(left + shape.columns, shape.tensors))
            columns = [column(pool, tensor, first, shape.each) for tensor in tensors]
            opening = start("sealed") if first == left == 0 else None
            yield encode_record(Record(version=WIRE_VERSION, start=opening, histograms=columns))
    yield encode_record(Record(version=WIRE_VERSION, exit=Exit(0, FIRST_US)))


def column(pool: list[HistogramData], tensor: int, first: int, count: int) -> HistogramColumn:
    batches = np.arange(first, first + count, dtype="<i8")
    name = f"layer{tensor:05d}.weight"
    return HistogramColumn(
        key=f"gradients/{name}",
        steps=batches.tobytes(),
        times_us=(FIRST_US + batches * US_PER_STEP).tobytes(),
        histograms=[pool[place] for place in (batches + tensor) % POOL],
        batches=batches.tobytes(),
        path=("gradients", name),
    )


def histograms() -> list[HistogramData]:
    noise = np.random.default_rng(0)
    return [from_values(noise.normal(0, 10.0 ** -(k % 5), VALUES)) for k in range(POOL)]
