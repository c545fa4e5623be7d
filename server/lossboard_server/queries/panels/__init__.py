"""Scalar series, histogram events and statistics of tensors over one grid, for panels."""
