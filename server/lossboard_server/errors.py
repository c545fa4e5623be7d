"""Errors that clients see. Each carries its status; one function builds the body.

ApiError
├── Invalid (422)        the request can't be understood or holds a bad value
├── NotFound (404)
├── Conflict (409)       the writer's sequence number isn't the expected one
├── Gone (410)           the run was deleted
├── TooLarge (413)
├── Forbidden (403)      Host or Origin isn't allowed
├── Busy (503)           come back after `retry_after_secs`
└── TimedOut (504)       a read took longer than allowed
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lossboard_server.encoding import encode_json

__all__ = [
    "ApiError",
    "Busy",
    "Conflict",
    "Forbidden",
    "Gone",
    "Invalid",
    "Misplaced",
    "NotFound",
    "TimedOut",
    "TooLarge",
    "error_response",
    "install_error_handlers",
]

_log = logging.getLogger("lossboard.server")

_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed"}


class ApiError(HTTPException):
    """An answer that isn't a success; `message` says what was wrong, expected, and to do.

    It is an HTTPException so that FastAPI lets it through while it reads a body.
    """

    status = 500
    code = "internal"

    def __init__(self, message: str, *, retry_after_secs: float | None = None, **details: Any):
        headers = {} if retry_after_secs is None else {"Retry-After": f"{retry_after_secs:g}"}
        super().__init__(self.status, message, headers)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return self.message


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


def error_response(error: HTTPException) -> Response:
    """The one error body, `{"error": {"code", "message", "details"}}`."""
    code = error.code if isinstance(error, ApiError) else _CODES.get(error.status_code, "invalid")
    details = error.details if isinstance(error, ApiError) else {}
    body = {"error": {"code": code, "message": error.detail, "details": details}}
    return Response(
        encode_json(body), error.status_code, error.headers, media_type="application/json"
    )


def install_error_handlers(app: FastAPI) -> None:
    """Give every failure of the app the one error body."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(msgspec.ValidationError, _on_malformed)
    app.add_exception_handler(RecursionError, _on_too_deep)
    app.add_exception_handler(OperationalError, _on_database_error)
    app.add_exception_handler(InterfaceError, _on_database_error)
    app.add_exception_handler(Exception, _on_unexpected)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and not isinstance(error, ApiError):
        return error_response(NotFound(f"no route {request.method} {request.url.path}"))
    return error_response(error)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        {"where": ".".join(str(part) for part in problem["loc"]), "what": problem["msg"]}
        for problem in error.errors()
    ]
    text = "; ".join(f"{problem['where']}: {problem['what']}" for problem in problems)
    return error_response(Invalid(f"the request isn't valid: {text}", problems=problems))


async def _on_malformed(request: Request, error: Exception) -> Response:
    return error_response(Invalid(f"the request isn't valid: {error}"))


async def _on_too_deep(request: Request, error: Exception) -> Response:
    return error_response(Invalid("the request nests values too deeply: send them flatter"))


async def _on_database_error(request: Request, error: Exception) -> Response:
    _log.error("%s %s: %s", request.method, request.url.path, error)
    return error_response(
        Busy(
            f"the database can't be used now: {getattr(error, 'orig', error)}."
            " Free disk space or look at the server's log; clients try again on their own.",
            retry_after_secs=2,
        )
    )


async def _on_unexpected(request: Request, error: Exception) -> Response:
    return error_response(
        ApiError(
            f"the server failed on {request.method} {request.url.path}"
            f" ({type(error).__name__}); its log has the traceback"
        )
    )
