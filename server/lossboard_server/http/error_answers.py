"""Answers of the app when something fails: the one error body, and the handlers that build it."""

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
from lossboard_server.errors import ApiError, Busy, Invalid, NotFound

__all__ = ["RefusedBody", "error_response", "install_error_handlers"]

_log = logging.getLogger("lossboard.server")

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
    app.add_exception_handler(OperationalError, _on_database_error)
    app.add_exception_handler(InterfaceError, _on_database_error)
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
