"""Answers of the app when something fails: the one error body, and the handlers that build it."""

from __future__ import annotations

import errno
import logging
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DatabaseError, DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from lossboard_server.encoding import encode_json
from lossboard_server.errors import ApiError, Busy, Invalid, NotFound
from lossboard_server.troubles import Troubles

__all__ = ["RefusedBody", "error_response", "install_error_handlers"]

_log = logging.getLogger("lossboard.server")

_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
_DAMAGED = ("malformed", "not a database", "corrupt")
_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed"}


class RefusedBody(HTTPException):
    """Carries `error` through FastAPI, which lets no other kind through while it reads a body."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.status, error.message)
        self.error = error


def error_response(error: ApiError) -> Response:
    """The one error body, `{"error": {"code", "message", "details"}}`."""
    retry = error.retry_after_secs
    headers = None if retry is None else {"Retry-After": f"{retry:g}"}
    return _response(error.status, error.code, error.message, error.details, headers)


def _response(
    status: int, code: str, message: str, details: dict[str, Any], headers: Any = None
) -> Response:
    body = {"error": {"code": code, "message": message, "details": details}}
    return Response(encode_json(body), status, headers, media_type="application/json")


def install_error_handlers(app: FastAPI) -> None:
    """Give every failure of the app the one error body."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(msgspec.ValidationError, _on_malformed)
    app.add_exception_handler(RecursionError, _on_too_deep)
    for kind in (OverflowError, DataError):
        app.add_exception_handler(kind, _on_too_large_number)
    app.add_exception_handler(UnicodeError, _on_no_text)
    app.add_exception_handler(OperationalError, _on_database_error)
    app.add_exception_handler(InterfaceError, _on_database_error)
    app.add_exception_handler(DatabaseError, _on_damaged_database)
    app.add_exception_handler(OSError, _on_disk_error)
    app.add_exception_handler(ClientDisconnect, _on_gone_client)
    app.add_exception_handler(Exception, _on_unexpected)


async def _on_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, RefusedBody):
        return error_response(error.error)
    if error.status_code == 404:
        return error_response(NotFound(f"no route {request.method} {request.url.path}"))
    code = _CODES.get(error.status_code, "invalid")
    return _response(error.status_code, code, error.detail, {}, error.headers)


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


async def _on_too_large_number(request: Request, error: Exception) -> Response:
    """The database has no column for it, such as an id of 2^63."""
    return error_response(
        Invalid("the request has a number that is too large: they have up to 63 bits")
    )


async def _on_no_text(request: Request, error: Exception) -> Response:
    """Half a surrogate pair is a code point and no character."""
    return error_response(Invalid(f"the request has a text that is no Unicode: {error}"))


async def _on_gone_client(request: Request, error: Exception) -> Response:
    """Half a body came, and nobody is there to answer: it is no failure to be logged."""
    return error_response(Invalid("the body ended before it was whole"))


async def _on_disk_error(request: Request, error: Exception) -> Response:
    """A file can't be written: whoever sends it tries again, as where the database can't be."""
    assert isinstance(error, OSError)
    if error.errno not in _DISK_ERRORS:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return await _on_unexpected(request, error)
    words = f"the server's disk can't be written now: {error.strerror}"
    _troubles_of(request).note(words)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        request.app.state.services.reserve.give_up()
    return error_response(
        Busy(f"{words}. Free disk space; clients try again on their own.", retry_after_secs=2)
    )


def _troubles_of(request: Request) -> Troubles:
    troubles: Troubles = request.app.state.services.troubles
    return troubles


async def _on_database_error(request: Request, error: Exception) -> Response:
    _troubles_of(request).note(f"the database can't be used: {getattr(error, 'orig', error)}")
    return error_response(
        Busy(
            f"the database can't be used now: {getattr(error, 'orig', error)}."
            " Free disk space or look at the server's log; clients try again on their own.",
            retry_after_secs=2,
        )
    )


async def _on_damaged_database(request: Request, error: Exception) -> Response:
    """SQLite found a page that can't be; other errors of the database have their own handlers."""
    cause = getattr(error, "orig", error)
    if not any(words in str(cause) for words in _DAMAGED):
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return await _on_unexpected(request, error)
    _troubles_of(request).note(f"the database is damaged: {cause}")
    return error_response(
        Busy(
            f"a part of the database can't be read: {cause}. `lossboard check` says what is"
            " damaged; stop the server and restore a backup, or repair what can be",
            retry_after_secs=30,
        )
    )


async def _on_unexpected(request: Request, error: Exception) -> Response:
    return error_response(
        ApiError(
            f"the server failed on {request.method} {request.url.path}"
            f" ({type(error).__name__}); its log has the traceback"
        )
    )
