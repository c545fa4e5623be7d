"""OpenAPI descriptions of bodies that are msgspec structs, which FastAPI doesn't read itself."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lossboard_server.encoding import number_column_schema

__all__ = ["body_of", "describe"]

_REFERENCE: Final = "#/components/schemas/{name}"
_COMPONENTS: Final = "x-components"  # carried by a route until `describe` collects it


def body_of(query: type[Any], result: type[Any]) -> dict[str, Any]:
    """`openapi_extra` of a route with a JSON body and an answer of these types."""
    (asked, answered), components = msgspec.json.schema_components(
        (query, result), schema_hook=number_column_schema, ref_template=_REFERENCE
    )
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {
            "200": {
                "description": "JSON, or MessagePack with binary columns (docs/http_api.md)",
                "content": {"application/json": {"schema": answered}},
            }
        },
        _COMPONENTS: components,
    }


def describe(app: FastAPI) -> None:
    """Make the app's OpenAPI document complete: the schemas that `body_of` refers to."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for path in document["paths"].values():
        for operation in path.values():
            schemas.update(operation.pop(_COMPONENTS, {}))
    return document
