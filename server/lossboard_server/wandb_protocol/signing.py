"""Signed addresses: W&B's clients send no authorisation with uploads, the address carries it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from lossboard_server.database.directory import DirectoryError
from lossboard_server.errors import Forbidden

__all__ = ["Signer"]

_KEY_BYTES = 32


class Signer:
    """Makes and checks tokens that stand in addresses; they outlive a restart of the server."""

    def __init__(self, key_file: Path) -> None:
        self._key = _key_in(key_file)

    def token(self, **claims: Any) -> str:
        """A token that says what its bearer may do."""
        payload = json.dumps(claims, sort_keys=True).encode()
        return f"{_text(payload)}.{_text(self._signature(payload))}"

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token; raises Forbidden for one that isn't ours."""
        try:
            payload, signature = (
                base64.urlsafe_b64decode(part + "==") for part in token.split(".")
            )
        except ValueError as error:
            raise Forbidden("this upload address is broken: ask for a new one") from error
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise Forbidden("this upload address was not made by this server: ask for a new one")
        claims: dict[str, Any] = json.loads(payload)
        return claims

    def _signature(self, payload: bytes) -> bytes:
        return hmac.new(self._key, payload, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _key_in(key_file: Path) -> bytes:
    """The key in the file, made at the first start and readable by the owner only."""
    if not key_file.exists():
        with open(key_file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
    key = key_file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise DirectoryError(
            f"{key_file} has {len(key)} bytes, a key has {_KEY_BYTES}: put the right file back, or"
            " remove it to have a new one made (addresses of uploads that are under way then fail"
            " and are asked for anew)"
        )
    return key
