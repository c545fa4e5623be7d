"""Reads, by noun. Each takes a connection that is in one read transaction."""

from lossboard_server.queries.series import SeriesQuery, SeriesResult, SinceMark, query_series

__all__ = ["SeriesQuery", "SeriesResult", "SinceMark", "query_series"]
