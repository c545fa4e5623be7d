"""Changes of a run through the Api."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from lossboard.connection import numbers_restored
from lossboard.faults import Fault, Tell
from lossboard.plain_values import LEFT_OUT
from lossboard.values import edited_config_values, stored_summary_value
from lossboard.wire import ints_restored, storable_ints

__all__ = ["EditableSummary", "EditableValues", "Unsent", "checked_tags", "checked_text", "replace"]


class Unsent(NamedTuple):
    """The difference between values and what the server has: `removed` are keys, `faults` say what
    can't be stored as it is."""

    changed: dict[str, Any]
    removed: list[str]
    faults: list[Fault]


class EditableValues(dict[str, Any]):
    """Config of a run. Everything in it can be changed, also inside of nested values, and keys can
    be removed; `update` and `run.update()` send that."""

    def __init__(self, stored: Mapping[str, Any], send: Callable[[], None]) -> None:
        super().__init__(numbers_restored(stored))
        self._stored = stored
        self._send = send

    def update(self, *changes: Any, **named: Any) -> None:
        """Sets values and sends all changes; see `Run.update` for what it raises."""
        super().update(*changes, **named)
        self._send()

    def unsent(self) -> Unsent:
        """The changes since the values came or were last sent, in the form in which they are
        stored: by the rules of `wandb.log`, but with NaN as it is."""
        faults: list[Fault] = []
        now = self._converted(faults.append)
        before = self._converted_of(numbers_restored(self._stored), _ignored)
        changed = {key: now[key] for key in now if _spelled(now[key]) != _spelled_at(before, key)}
        # What begins with "_" follows from the rows, or is the client's own.
        removed = [key for key in before if key not in self and not key.startswith("_")]
        return Unsent(changed, removed, faults)

    def note_sent(self, changed: Mapping[str, Any], removed: Iterable[str]) -> None:
        """Takes these changes for stored."""
        gone = set(removed)
        kept = {key: value for key, value in self._stored.items() if key not in gone}
        self._stored = {**kept, **changed}

    def _converted(self, tell: Tell) -> dict[str, Any]:
        return self._converted_of(self, tell)

    def _converted_of(self, values: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        return edited_config_values(values, tell)


class EditableSummary(EditableValues):
    """Summary of a run; its values are also attributes, as in W&B's."""

    def __getattr__(self, key: str) -> Any:
        if key.startswith("_") or key not in self:
            raise AttributeError(f"the summary has no value {key!r}")
        return self[key]

    @property
    def _json_dict(self) -> dict[str, Any]:
        """The values themselves: many scripts read this, and some add to it."""
        return self

    def _converted_of(self, values: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
        found = {key: stored_summary_value(key, value, tell) for key, value in values.items()}
        return {key: value for key, value in found.items() if value is not LEFT_OUT}


def replace(values: EditableValues, what: str, wanted: Any) -> None:
    """Puts other values in the place of all; they are sent with the next update. Raises TypeError
    for what is no mapping."""
    if not isinstance(wanted, Mapping):
        raise TypeError(f"the {what} of a run is a dict, not {type(wanted).__name__}")
    kept = dict(wanted)  # it may be these values themselves
    values.clear()
    dict.update(values, kept)


def _ignored(fault: Fault) -> None:
    """Faults of stored values were told when they were stored."""


def _spelled_at(values: Mapping[str, Any], key: str) -> bytes | None:
    return _spelled(values[key]) if key in values else None


def _spelled(value: Any) -> bytes:
    """Bytes that tell True from 1, 1 from 1.0 and NaN from None, which `==` does not."""
    return msgspec.msgpack.encode(storable_ints(ints_restored(value)))


def checked_text(field: str, value: Any) -> str:
    """The text of a description, None as an empty one. Raises TypeError for anything else."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"the {field} of a run is text, not {type(value).__name__}: {value!r:.80}")
    return value or ""


def checked_tags(tags: Any) -> list[str]:
    """The tags as a list. Raises TypeError for what is no collection of texts."""
    if isinstance(tags, str | bytes | Mapping) or not isinstance(tags, Iterable):
        raise TypeError(f"tags is a list of texts such as ['a', 'b'], not {tags!r:.80}")
    found = list(tags)
    if wrong := [tag for tag in found if not isinstance(tag, str)]:
        raise TypeError(f"tags is a list of texts, and {wrong[0]!r:.80} is none")
    return found
