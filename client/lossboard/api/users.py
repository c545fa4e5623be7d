"""The user of a server, which has no accounts."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["User"]


class User(NamedTuple):
    """Whoever asks: there is one user, who may do everything."""

    entity: str
    username: str = "local"
    name: str = "local"
    email: str = "local@localhost"
    admin: bool = True

    @property
    def teams(self) -> list[str]:
        """The entities of the user."""
        return [self.entity]

    @property
    def api_keys(self) -> list[str]:
        """None are needed."""
        return []
