"""Records as the client sends them, made directly: points of a series and watch events."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from bench.processes import Server
from lossboard.wire import (
    TYPE_FLOAT,
    WIRE_VERSION,
    Column,
    HistogramColumn,
    HistogramData,
    Record,
    Rows,
    RunStart,
    encode_record,
)

__all__ = [
    "FIRST_US",
    "KEYS",
    "US_PER_STEP",
    "event_records",
    "random_walk",
    "row_records",
    "rows_record",
    "send",
    "start",
]

KEYS = ("train/loss", "train/accuracy", "learning_rate", "gradient_norm", "tokens_per_sec")
FIRST_US = 1_700_000_000_000_000
US_PER_STEP = 50_000


def start(run_id: str, project: str = "bench") -> RunStart:
    return RunStart(entity="local", project=project, run_id=run_id, started_us=FIRST_US)


def random_walk(count: int, seed: int) -> np.ndarray:
    """float64[count], a falling curve with noise in all digits."""
    noise = np.random.default_rng(seed).normal(0, 0.05, count)
    return 2.3 * np.exp(-np.arange(count) / (count / 5)) + noise


def row_records(run_id: str, values: np.ndarray, rows_each: int) -> Iterator[bytes]:
    """Encoded records of `values` (float64[keys, rows]) in batches of `rows_each` log calls."""
    for first in range(0, values.shape[1], rows_each):
        part = values[:, first : first + rows_each]
        yield rows_record(run_id, dict(zip(KEYS, part, strict=False)), first)


def rows_record(
    run_id: str, values: Mapping[str, np.ndarray], first_step: int = 0, project: str = "bench"
) -> bytes:
    """One record of a row for each step (float64[rows] by key); that of step 0 begins the run."""
    count = len(next(iter(values.values())))
    steps = np.arange(first_step, first_step + count, dtype="<i8")
    kinds = bytes([TYPE_FLOAT])
    columns = [Column(key, line.astype("<f8").tobytes(), kinds) for key, line in values.items()]
    rows = Rows(steps.tobytes(), (FIRST_US + steps * US_PER_STEP).tobytes(), columns)
    opening = start(run_id, project) if first_step == 0 else None
    return encode_record(Record(version=WIRE_VERSION, start=opening, rows=rows))


def event_records(
    run_id: str, key: str, histograms: list[HistogramData], each: int
) -> Iterator[bytes]:
    """Encoded records of one watched tensor, an event every tenth step."""
    for first in range(0, len(histograms), each):
        part = histograms[first : first + each]
        batches = np.arange(first, first + len(part), dtype="<i8") * 10
        times = FIRST_US + batches * US_PER_STEP
        column = HistogramColumn(
            key, batches.tobytes(), times.tobytes(), part, batches=batches.tobytes()
        )
        opening = start(run_id) if first == 0 else None
        yield encode_record(Record(version=WIRE_VERSION, start=opening, histograms=[column]))


def send(server: Server, records: Iterable[bytes]) -> float:
    """Posts the records as one writer; seconds that took, without encoding them."""
    writer, secs = secrets.token_hex(16), 0.0
    for sequence, record in zip(itertools.count(), records, strict=False):
        begun = time.perf_counter()
        server.request("POST", f"/api/ingest/{writer}/{sequence}", record)
        secs += time.perf_counter() - begun
    return secs
