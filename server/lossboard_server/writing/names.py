"""Rules for names of entities, projects and runs: they stand in addresses as path segments."""

from __future__ import annotations

import re
from typing import Final

from lossboard_server.errors import Invalid

__all__ = ["RESERVED_ENTITIES", "check_entity", "check_project", "check_run_id"]

# First path segments that mean something else than an entity: routes of this server and those
# that the official client uses. A test compares the list with the routes.
# fmt: off
RESERVED_ENTITIES: Final = frozenset({
    "api", "artifacts", "artifactsV2", "assets", "authorize", "docs", "explore.html",
    "favicon.ico", "favicon.svg", "files", "graphql", "index.html", "login", "logout", "oidc",
    "robots.txt", "sdk", "service-dangerzone", "service-redirect", "settings", "storage", "user",
    "users", "vendor",
})
# fmt: on

_FORBIDDEN = re.compile(r"[/\\#?%:\x00-\x1f\x7f]")


def check_entity(name: str) -> None:
    """Raises Invalid unless `name` can be the first segment of a page's address."""
    _check("entity", name, 128)
    if name in RESERVED_ENTITIES:
        raise Invalid(f"entity {name!r} is the name of a page or route: choose another entity")


def check_project(name: str) -> None:
    """Raises Invalid unless `name` can be a path segment of up to 128 characters."""
    _check("project", name, 128)


def check_run_id(name: str) -> None:
    """Raises Invalid unless `name` can be a path segment of up to 256 characters."""
    _check("run id", name, 256)


def _check(what: str, name: str, limit: int) -> None:
    if not 0 < len(name) <= limit:
        raise Invalid(f"{what} {name[:40]!r} has {len(name)} characters: expected 1 to {limit}")
    if name in (".", "..") or name != name.strip():
        raise Invalid(f"{what} {name!r} isn't allowed: no '.', '..' or spaces at the ends")
    found = _FORBIDDEN.search(name)
    if found:
        raise Invalid(
            f"{what} {name!r} contains {found.group()!r}: it stands in addresses, so / \\ # ? % :"
            " and control characters aren't allowed"
        )
