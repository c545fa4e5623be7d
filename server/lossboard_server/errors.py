"""Errors that clients see. Each carries its status; `http/error_answers.py` builds the answer.

ApiError
├── Invalid (422)        the request can't be understood or holds a bad value
├── NotFound (404)
├── Conflict (409)       the writer's sequence number isn't the expected one
├── Gone (410)           the run was deleted
├── TooLarge (413)
├── HeadTooLarge (431)   the headers
├── Forbidden (403)      Host or Origin isn't allowed
├── Busy (503)           come back after `retry_after_secs`
└── TimedOut (504)       a read took longer than allowed
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ApiError",
    "Busy",
    "Conflict",
    "Forbidden",
    "Gone",
    "HeadTooLarge",
    "Invalid",
    "Misplaced",
    "NotFound",
    "TimedOut",
    "TooLarge",
]


class ApiError(Exception):
    """An answer that isn't a success; `message` says what was wrong, expected, and to do."""

    status = 500
    code = "internal"

    def __init__(self, message: str, *, retry_after_secs: float | None = None, **details: Any):
        super().__init__(message)
        self.message = message
        self.retry_after_secs = retry_after_secs
        self.details = details


class Invalid(ApiError):
    status, code = 422, "invalid"


class NotFound(ApiError):
    status, code = 404, "not_found"


class Conflict(ApiError):
    status, code = 409, "conflict"


class Gone(ApiError):
    status, code = 410, "gone"


class TooLarge(ApiError):
    status, code = 413, "too_large"


class HeadTooLarge(ApiError):
    status, code = 431, "too_large"


class Forbidden(ApiError):
    status, code = 403, "forbidden"


class Busy(ApiError):
    status, code = 503, "busy"


class Misplaced(Busy):
    """The server's files are no longer where it opened them."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after_secs=5)


class TimedOut(ApiError):
    status, code = 504, "timed_out"
