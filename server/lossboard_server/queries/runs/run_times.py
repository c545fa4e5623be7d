"""Times as filters name them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from lossboard_server.errors import Invalid

__all__ = ["time_wanted"]

_MILLISECONDS: Final = 1e11  # larger numbers would be seconds after the year 5000
_SPACED_OFFSET: Final = re.compile(r" ([+-]\d{2}:?\d{2})$")


def time_wanted(value: Any) -> datetime | None:
    """The time that a filter names: ISO 8601 with any offset (UTC where it has none), with a space
    in place of the T, without seconds, a date alone, or seconds (milliseconds) since the epoch.
    Raises Invalid for anything else but None."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1", value.strip()))
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1e3 if abs(value) >= _MILLISECONDS else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _unknown(value) from error
    raise _unknown(value)


def _unknown(value: Any) -> Invalid:
    return Invalid(
        f"{value!r:.80} is no time: expected ISO 8601 such as 2026-11-29T10:30:00+01:00,"
        " '2026-11-29 10:30', '2026-11-29', or seconds since the epoch"
    )
