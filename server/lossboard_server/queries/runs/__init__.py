"""Runs: their lists, filters, summaries, states and processes."""
