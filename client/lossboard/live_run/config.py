"""`run.config`: the hyperparameters of a run, with W&B's rules for changing them."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from typing import Any

from lossboard.errors import ConfigError
from lossboard.faults import Tell, raised, short_text, type_name
from lossboard.live_run.config_sources import as_mapping
from lossboard.live_run.lent import Lent
from lossboard.plain_values import LEFT_OUT, exact_text
from lossboard.values import config_values

__all__ = ["Config", "OnChange", "OnRemove"]

OnChange = Callable[[Mapping[str, Any]], None]
OnRemove = Callable[[list[str]], None]


class Config:
    """A mapping with attribute access. A value that is set may only change where
    `allow_val_change` says so; else ConfigError. Values are plain data, nested ones dicts and
    lists, which may be edited: `look_again` finds that.

    `on_change` hears of each changed top-level key, with its whole value, `on_remove` of deleted
    ones, and `tell` of values that can't be stored as they are.
    """

    _values: dict[str, Any]
    _locked: dict[str, str]
    _lent: Lent
    _allow_val_change: bool
    _on_change: OnChange
    _on_remove: OnRemove
    _tell: Tell

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        allow_val_change: bool,
        on_change: OnChange,
        on_remove: OnRemove = lambda keys: None,
        tell: Tell = raised,
    ) -> None:
        set_own = object.__setattr__
        set_own(self, "_tell", tell)
        set_own(self, "_values", self._stored(values))
        set_own(self, "_locked", {})
        set_own(self, "_allow_val_change", allow_val_change)
        set_own(self, "_lent", Lent())
        set_own(self, "_on_change", on_change)
        set_own(self, "_on_remove", on_remove)

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        self._lent.note(key, value)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        if key not in self._values:
            raise KeyError(key)
        if key in self._locked:
            raise ConfigError(f"config value {key!r} is locked by {self._locked[key]}")
        self._on_remove([key])
        del self._values[key]

    def __delattr__(self, key: str) -> None:
        try:
            del self[key]
        except KeyError:
            raise AttributeError(f"config has no value {key!r}") from None

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"config has no value {key!r}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._public())

    def __repr__(self) -> str:
        return repr(self._public())

    def keys(self) -> KeysView[str]:
        """Names of the values; those that begin with `_` are internal and left out."""
        return self._public().keys()

    def items(self) -> ItemsView[str, Any]:
        """Names and values, without the internal ones."""
        return self.as_dict().items()

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is none."""
        return self[key] if key in self._values else default

    def pop(self, key: str, *default: Any) -> Any:
        """Deletes a value, and returns it; `default`, if given, where there is none."""
        if key not in self._values and default:
            return default[0]
        value = self[key]
        del self[key]
        return value

    def as_dict(self) -> dict[str, Any]:
        """The values as a new dict, without the internal ones."""
        found = self._public()
        for key, value in found.items():
            self._lent.note(key, value)
        return found

    def _public(self) -> dict[str, Any]:
        return {key: value for key, value in self._values.items() if not key.startswith("_")}

    def update(self, d: Any, allow_val_change: bool | None = None) -> None:
        """Sets what a dict, Namespace, dataclass, other config or YAML file holds.

        Nothing is set when one of the values may not change.
        """
        new = self._stored(as_mapping(d, self._tell))
        allowed = self._allow_val_change if allow_val_change is None else allow_val_change
        free = {key: value for key, value in new.items() if key not in self._locked}
        if not allowed:
            for key, value in free.items():
                self._refuse_change(key, value)
        self._set(free)

    def setdefaults(self, d: Any) -> None:
        """Sets only what has no value yet."""
        new = self._stored(as_mapping(d, self._tell))
        self._set({key: value for key, value in new.items() if key not in self._values})

    def update_locked(self, d: Any, user: str | None = None) -> None:
        """Sets values that later updates leave as they are, as a sweep does."""
        new = self._stored(as_mapping(d, self._tell))
        self._set(new)
        self._locked.update(dict.fromkeys(new, user or "init"))

    def persist(self) -> None:
        """Sends all values again; each change is sent by itself, so this is never needed."""
        self._on_change(dict(self._values))

    def look_again(self) -> None:
        """Stores what was edited inside of values."""
        for key, value in self._lent.edited(self._values, self._stored_value):
            self._on_change({key: value})

    def _stored_value(self, key: str, value: Any) -> Any:
        return config_values({key: value}, self._tell).get(key, LEFT_OUT)

    def _stored(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return config_values({_clean(key): value for key, value in values.items()}, self._tell)

    def _set(self, new: Mapping[str, Any]) -> None:
        if new:
            self._on_change(new)
            self._values.update(new)

    def _refuse_change(self, key: str, value: Any) -> None:
        missing = object()
        old = self._values.get(key, missing)
        if old is not missing and old != value:
            raise ConfigError(
                f'Attempted to change value of key "{key}" from {old} to {value}\n'
                "If you really want to do this, pass allow_val_change=True to config.update()"
            )


def _clean(key: Any) -> str:
    if not isinstance(key, str):
        raise AttributeError(f"config names are text, got {short_text(key)} ({type_name(key)})")
    return exact_text(key).strip("-")
