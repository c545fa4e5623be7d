"""How another process gets hold of a run: a text that says how to join it as one more writer."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from lossboard import wire
from lossboard.errors import UsageError

__all__ = ["RunToken", "decode_token", "encode_token"]


class RunToken(msgspec.Struct, frozen=True):
    """Everything that a process needs to log to a run that another one began."""

    start: wire.RunStart
    spool_root: str
    base_url: str | None
    settings: dict[str, Any]
    directory: str
    step: int
    pid: int  # of the process that made the token


def encode_token(token: RunToken) -> str:
    """The token as text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(token)).decode()


def decode_token(text: str) -> RunToken:
    """The token in `text`. Raises UsageError for any other text."""
    try:
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(text.encode()), type=RunToken)
    except (binascii.Error, msgspec.DecodeError) as error:
        raise UsageError(
            f"{text[:40]!r} is not an attach id of a run; expected run._attach_id"
        ) from error
