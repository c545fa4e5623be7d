"""Reads, by noun. Each takes a connection that is in one read transaction."""

from lossboard_server.queries.catalogue.keys import KeyFacts, KeyMemo, keys
from lossboard_server.queries.history.frames import FrameQuery, FrameResult, query_frames
from lossboard_server.queries.history.history import HistoryQuery, HistoryResult, query_history
from lossboard_server.queries.panels.histograms import (
    HistogramQuery,
    HistogramResult,
    query_histograms,
)
from lossboard_server.queries.panels.series import (
    SeriesQuery,
    SeriesResult,
    SinceMark,
    query_series,
)
from lossboard_server.queries.panels.tensors import TensorQuery, TensorResult, query_tensors
from lossboard_server.queries.runs.summaries import last_steps, summaries

__all__ = [
    "FrameQuery",
    "FrameResult",
    "HistogramQuery",
    "HistogramResult",
    "HistoryQuery",
    "HistoryResult",
    "KeyFacts",
    "KeyMemo",
    "SeriesQuery",
    "SeriesResult",
    "SinceMark",
    "TensorQuery",
    "TensorResult",
    "keys",
    "last_steps",
    "query_frames",
    "query_histograms",
    "query_history",
    "query_series",
    "query_tensors",
    "summaries",
]
