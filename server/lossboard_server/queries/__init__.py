"""Reads, by noun. Each takes a connection that is in one read transaction."""

from lossboard_server.queries.frames import FrameQuery, FrameResult, query_frames
from lossboard_server.queries.histograms import HistogramQuery, HistogramResult, query_histograms
from lossboard_server.queries.history import HistoryQuery, HistoryResult, query_history
from lossboard_server.queries.keys import KeyFacts, KeyMemo, keys
from lossboard_server.queries.series import SeriesQuery, SeriesResult, SinceMark, query_series
from lossboard_server.queries.summaries import last_steps, summaries
from lossboard_server.queries.tensors import TensorQuery, TensorResult, query_tensors

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
