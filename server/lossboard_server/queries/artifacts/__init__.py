"""Artifacts, what is announced of them, and who names a blob."""
