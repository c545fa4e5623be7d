"""Times as W&B's public API and its artifacts give them."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["iso_time"]


def iso_time(time_us: int) -> str:
    """Microseconds since the epoch in ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
