"""Rows of what was logged, step by step, with who wrote them, and the console."""
