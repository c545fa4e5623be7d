"""Text that others chose, as a terminal may show it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["printable"]

# Control characters, line and paragraph separators, marks that turn the direction of writing,
# and lone surrogates: what a name could do harm with where it is shown.
_CONTROLS: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text with control characters as backslash escapes, so that a terminal shows them and
    does not obey them."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
