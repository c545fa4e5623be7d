"""Addresses of files in artifacts, by which other artifacts and the history refer to them."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Address", "by_client_id", "by_number", "parsed"]

_NUMBERED: Final = "wandb-artifact://"
_NAMED: Final = "wandb-client-artifact://"
_ID: Final = "Artifact:"


class Address(NamedTuple):
    """The place of an artifact on the server, below `/api/artifacts`, and the file's path in it."""

    place: tuple[str, ...]
    path: str


def by_number(number: int, path: str) -> str:
    """The address of a file of an artifact that the server has numbered."""
    return f"{_NUMBERED}{f'{_ID}{number}'.encode().hex()}/{path}"


def by_client_id(client_id: str, path: str) -> str:
    """The address of a file of an artifact that has no number yet."""
    return f"{_NAMED}{client_id}/{path}"


def parsed(address: str) -> Address | None:
    """The parts of an address; None for one of something else than a file of an artifact."""
    if address.startswith(_NAMED):
        client_id, _, path = address.removeprefix(_NAMED).partition("/")
        return Address(("by_client_id", client_id), path)
    if not address.startswith(_NUMBERED):
        return None
    hexadecimal, _, path = address.removeprefix(_NUMBERED).partition("/")
    try:
        name = bytes.fromhex(hexadecimal).decode()
    except ValueError:
        return None
    return Address((name.removeprefix(_ID),), path) if name.startswith(_ID) else None
