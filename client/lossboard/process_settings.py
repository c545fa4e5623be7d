"""Settings given to `setup` and `login` of this process: the lowest layer of all settings to
come."""

from __future__ import annotations

from typing import Any

__all__ = ["setup_fields"]

setup_fields: dict[str, Any] = {}  # the state of the process, like the runs in it
