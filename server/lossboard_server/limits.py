"""Limits of what comes in, told from the bytes before objects are made of them.

A value of config, summary or metadata that is too large is left out and named, the rest is kept;
a body that holds too much all the same is refused.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from lossboard.bounds import (
    MOST_KEY_CHARACTERS,
    MOST_NODES,
    MOST_SETTINGS_BYTES,
    MOST_VALUE_BYTES,
    MOST_VALUE_NODES,
    bytes_excess,
    json_nodes,
    nodes_excess,
    nodes_in,
    settings_excess,
    size_text,
)
from lossboard.depth import MAX_DEPTH
from lossboard.wire import LoggedArtifact, Notice, Record, RunStart
from lossboard_server.errors import Invalid, TooLarge

__all__ = [
    "check_json",
    "check_sizes",
    "check_total",
    "deep_sentence",
    "joined_text",
    "kept_of_json",
    "shallow_json",
    "slim_record",
    "too_large_notice",
]

_MOST_KEYS: Final = MOST_VALUE_NODES  # at the top of a config, summary or metadata
_MOST_ARTIFACTS: Final = 10_000  # of one record
_SHOWN_CHARACTERS: Final = 200  # of a key
_LEFT_OUT: Final = "left out as too large: "
_TOLD: Final = 5  # values that one notice names
_MOST_TOLD: Final = 20  # ... and several of them together
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_TOO_DEEP: Final = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
_KIND: Final = "too_large"
_NAMED: Final = ("config", "summary", "metadata")


def _raw_fields(struct: type[msgspec.Struct]) -> Any:
    """The struct with every field as the bytes that it came in."""
    kind, missing = msgspec.Raw | msgspec.UnsetType, msgspec.UNSET
    fields = [(name, kind, missing) for name in struct.__struct_fields__]
    return msgspec.defstruct("Raw" + struct.__name__, fields)


_RawRecord: Final = _raw_fields(Record)
_RawStart: Final = _raw_fields(RunStart)
_RawArtifact: Final = _raw_fields(LoggedArtifact)
_decode_record: Final = msgspec.msgpack.Decoder(_RawRecord).decode
_decode_start: Final = msgspec.msgpack.Decoder(_RawStart | None).decode
_decode_artifacts: Final = msgspec.msgpack.Decoder(list[_RawArtifact]).decode  # type: ignore[valid-type]
_decode_values: Final = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode
_decode_list: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode: Final = msgspec.msgpack.encode


def slim_record(payload: bytes | bytearray) -> bytes | bytearray:
    """The record without the values of config, summary and metadata that are too large, which a
    notice in it names. Bytes that are no record stay as they are.

    Raises TooLarge for a record that holds more than MOST_NODES without them.
    """
    if len(payload) <= MOST_VALUE_NODES:  # a node takes a byte, at the least
        return payload
    try:
        slim = _without_large(payload)
    except msgspec.DecodeError:
        slim = payload  # whoever decodes it says what it is
    if nodes_in(slim, MOST_NODES) > MOST_NODES:
        raise TooLarge(
            f"the record holds more than {MOST_NODES:,} values: split it, or log fewer at once"
        )
    return slim


def _without_large(payload: bytes | bytearray) -> bytes | bytearray:
    record = _decode_record(payload)
    left_out: list[str] = []
    _slim_fields(record, left_out)
    if record.start is not msgspec.UNSET and (start := _decode_start(record.start)) is not None:
        _slim_fields(start, left_out)
        record.start = _raw(start)
    if record.artifacts is not msgspec.UNSET and _length(record.artifacts) <= _MOST_ARTIFACTS:
        record.artifacts = _raw(_slim_artifacts(record.artifacts, left_out))
    if not left_out:
        return payload
    told = [] if record.notices is msgspec.UNSET else _decode_list(record.notices)
    record.notices = _raw([*told, too_large_notice(left_out)])
    return _encode(record)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))


def _slim_artifacts(packed: msgspec.Raw, left_out: list[str]) -> list[Any]:
    artifacts = _decode_artifacts(packed)
    for artifact in artifacts:
        _slim_fields(artifact, left_out)
    return artifacts


def _slim_fields(struct: Any, left_out: list[str]) -> None:
    for name in _NAMED:
        packed = getattr(struct, name, msgspec.UNSET)
        if packed is not msgspec.UNSET and len(packed) > MOST_VALUE_NODES:
            setattr(struct, name, _raw(_slim_values(name, packed, left_out)))


def _slim_values(what: str, packed: msgspec.Raw, left_out: list[str]) -> dict[str, msgspec.Raw]:
    if _length(packed) > _MOST_KEYS:
        left_out.append(f"{what}: more than {_MOST_KEYS:,} keys")
        return {}
    kept, free_bytes = {}, MOST_SETTINGS_BYTES
    for key, raw in _decode_values(packed).items():
        if (
            excess := _packed_excess(memoryview(raw))
            or _key_excess(key)
            or _total_excess(len(raw), free_bytes)
        ):
            left_out.append(_sentence(what, key, excess))
        else:
            kept[key] = raw
            free_bytes -= len(raw)
    return kept


def _key_excess(key: str) -> str:
    most = MOST_KEY_CHARACTERS
    return f"a key has up to {most:,} characters" if len(key) > most else ""


def _total_excess(size_bytes: int, free_bytes: int) -> str:
    """A sentence on a value for which the ones before it leave no room."""
    if size_bytes <= free_bytes:
        return ""
    return f"all values together may have {size_text(MOST_SETTINGS_BYTES)}"


def _packed_excess(packed: memoryview) -> str:
    if len(packed) <= MOST_VALUE_NODES:
        return ""
    nodes = nodes_in(packed, MOST_VALUE_NODES)
    return nodes_excess(nodes, MOST_VALUE_NODES) or bytes_excess(len(packed), MOST_VALUE_BYTES)


def _length(packed: msgspec.Raw) -> int:
    """Of a MessagePack map or list, as its head says."""
    head = bytes(memoryview(packed)[:5])
    if head[0] in (0xDC, 0xDE):
        return int.from_bytes(head[1:3])
    return int.from_bytes(head[1:5]) if head[0] in (0xDD, 0xDF) else 0


def _sentence(what: str, key: str, excess: str) -> str:
    return f"{what} {key[:_SHOWN_CHARACTERS]!r}: {excess}"


def too_large_notice(left_out: Iterable[str]) -> Notice:
    """The notice of values that were left out, given one sentence for each."""
    sentences = list(left_out)
    more = len(sentences) - _TOLD
    text = _LEFT_OUT + "; ".join(sentences[:_TOLD])
    text += f"; and {more} more" if more > 0 else ""
    return Notice(_KIND, text, time.time_ns() // 1000, float(len(sentences)))


def joined_text(before: str, notice: Notice) -> str:
    """The text of a notice after the one `before` of its kind: of what is left out, all of it."""
    if notice.kind != _KIND or not before:
        return notice.text
    told = before.removeprefix(_LEFT_OUT).split("; ")
    new = notice.text.removeprefix(_LEFT_OUT).split("; ")
    sentences = list(dict.fromkeys([*told, *new]))
    return _LEFT_OUT + "; ".join(sentences[:_MOST_TOLD])


def check_sizes(what: str, values: Mapping[str, Any]) -> None:
    """Raises Invalid for the first value that is too large, for what can be refused as a whole."""
    for key, value in values.items():
        if excess := settings_excess(value):
            raise Invalid(_sentence(what, key, excess))


def check_total(what: str, text: str) -> None:
    """Raises TooLarge where `text`, all of a run's config or the like as JSON, is too long."""
    if len(text) > MOST_SETTINGS_BYTES:
        sizes = f"{size_text(len(text))}, the most are {size_text(MOST_SETTINGS_BYTES)}"
        raise TooLarge(f"all values of {what} together have {sizes}")


def check_json(what: str, text: str | bytes, most: int = MOST_NODES) -> None:
    """Raises TooLarge for JSON of more than so many values."""
    if json_nodes(text, most) > most:
        raise TooLarge(f"{what} holds more than {most:,} values: send less at once")


def kept_of_json(
    what: str,
    text: str,
    *,
    most_bytes: int = MOST_VALUE_BYTES,
    most_nodes: int = MOST_VALUE_NODES,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The object in `text`, which may hold bare NaN, without the values that are too large, and a
    sentence for each of these by its key. Raises ValueError for what is no object, TooLarge for
    one that can't be taken apart.
    """
    if len(text) <= most_nodes:
        return _object(json.loads(text)), {}
    if text.count(":") > MOST_NODES:  # it may have so many keys
        check_json(what, text)
    try:
        members: dict[str, Any] = _decode_members(text)
    except msgspec.DecodeError:  # a bare NaN, or no JSON
        check_json(what, text)
        members = {key: json.dumps(value) for key, value in _object(json.loads(text)).items()}
    kept: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    free_bytes = max(MOST_SETTINGS_BYTES, most_bytes)
    for key, member in members.items():
        value = member if isinstance(member, str) else bytes(member)
        nodes = json_nodes(value, most_nodes)
        excess = nodes_excess(nodes, most_nodes) or bytes_excess(len(value), most_bytes)
        if excess := excess or _key_excess(key) or _total_excess(len(value), free_bytes):
            left_out[key] = _sentence(what, key, excess)
        else:
            kept[key] = json.loads(value)
            free_bytes -= len(value)
    return kept, left_out


def shallow_json(text: str) -> str:
    """The JSON object in `text` with something that is just too deep in place of each value that is
    nested so deeply that nothing can read it."""
    parts: list[str] = []
    depth = begins = kept_to = 0
    is_deep = False
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            begins = token.start() if depth == 2 else begins
            is_deep |= depth > MAX_DEPTH + 1
        elif token[0] in "]}":
            depth -= 1
            if depth == 1 and is_deep:
                parts += [text[kept_to:begins], _TOO_DEEP]
                kept_to, is_deep = token.end(), False
    return "".join([*parts, text[kept_to:]])


def deep_sentence(what: str, key: str) -> str:
    """A sentence on a value that is nested too deeply."""
    return _sentence(what, key, f"nested more than {MAX_DEPTH} levels")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__}, expected an object")
    return value
