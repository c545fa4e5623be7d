"""Reads, by noun. Each takes a connection that is in one read transaction."""
