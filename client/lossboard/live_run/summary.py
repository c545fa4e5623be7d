"""`run.summary`: the last value of each metric, unless `define_metric` or the user says else."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from typing import Any

from lossboard import wire
from lossboard.faults import Tell, fault_of, is_for_the_caller, raised, type_name
from lossboard.histogram import Histogram
from lossboard.live_run.lent import Lent
from lossboard.live_run.metrics import MetricTable
from lossboard.live_run.tally import KeyTally, Tally
from lossboard.plain_values import LEFT_OUT, exact_text
from lossboard.sending.interface import Key
from lossboard.values import stored_summary_value

__all__ = ["OnSummary", "Summary", "SummaryNode"]

OnSummary = Callable[[Mapping[str, Any], list[str]], None]  # changed, removed


class SummaryNode:
    """Part of a summary: items and attributes; changes go through to the run.

    Unlike in W&B it can be iterated and compared as a dict, and a missing attribute, which is a
    KeyError there, is an AttributeError as well.
    """

    _values: dict[str, Any]
    _changed: Callable[[str], None]
    _converted: Callable[[str, Any], Any]
    _tell: Tell

    def __init__(
        self,
        values: dict[str, Any],
        changed: Callable[[str], None],
        converted: Callable[[str, Any], Any],
        tell: Tell,
    ) -> None:
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_changed", changed)
        object.__setattr__(self, "_converted", converted)
        object.__setattr__(self, "_tell", tell)

    def _current(self) -> dict[str, Any]:
        return self._values

    def __getitem__(self, key: str) -> Any:
        value = self._current()[key]
        if isinstance(value, dict) and "_type" not in value:
            return SummaryNode(value, lambda _: self._changed(key), self._converted, self._tell)
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        del self._current()[key]
        self._changed(key)

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self[key]
        except KeyError:
            raise MissingSummaryKey(key) from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def __delattr__(self, key: str) -> None:
        del self[key]

    def __contains__(self, key: object) -> bool:
        return key in self._current()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._current())

    def __eq__(self, other: object) -> bool:
        values = other._current() if isinstance(other, SummaryNode) else other
        return self._current() == values

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return repr(self._current())

    def keys(self) -> KeysView[str]:
        """The names, without the internal `_wandb`."""
        return {key: None for key in self._current() if key != "_wandb"}.keys()

    def items(self) -> ItemsView[str, Any]:
        """The names and values."""
        return {key: self._current()[key] for key in self.keys()}.items()

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is none."""
        try:
            return self[key]
        except KeyError:
            return default

    def update(self, d: Mapping[str, Any]) -> None:
        """Sets several values. Raises TypeError for what is no mapping, keys that are no text."""
        values = self._current()
        for key, value in _given(d, self._tell):
            stored = self._converted(key, value)
            if stored is not LEFT_OUT:
                values[key] = stored
                self._changed(key)


class MissingSummaryKey(AttributeError, KeyError):
    """A summary has no value of that name."""


class Summary(SummaryNode):
    """The summary of a run. `on_change` hears what the user set and deleted, by top-level key;
    `bind` makes JSON of media, and None of all else.

    What follows from the rows is not sent: the server composes it from the same rows. `internal`
    gives the values about the last row, whose names begin with `_`. What was edited inside of a
    value that was read, `look_again` finds.
    """

    _lent: Lent
    _holds: bool  # values as they are, which nothing is sent of
    _tally: Tally
    _metrics: MetricTable
    _on_change: OnSummary
    _internal: Callable[[], Mapping[str, Any]]

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        tally: Tally,
        metrics: MetricTable,
        on_change: OnSummary,
        bind: Callable[[str, Any], Any] = lambda key, value: None,
        internal: Callable[[], Mapping[str, Any]] = dict,
        tell: Tell = raised,
    ) -> None:
        def converted(key: str, value: Any) -> Any:
            return stored_summary_value(key, value, tell, bind)

        super().__init__(dict(values), self._send, converted, tell)
        object.__setattr__(self, "_lent", Lent())
        object.__setattr__(self, "_holds", False)
        object.__setattr__(self, "_tally", tally)
        object.__setattr__(self, "_metrics", metrics)
        object.__setattr__(self, "_on_change", on_change)
        object.__setattr__(self, "_internal", internal)

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if not self._holds and not key.startswith("_") and not self._has_nested_rows(key):
            self._lent.note(key, self._values[key])
        return value

    def _has_nested_rows(self, key: str) -> bool:
        """Whether rows put values into the dict under that key: then its changes are theirs."""
        return any(name[0] == key for name in self._tally.keys if type(name) is tuple)

    def look_again(self) -> None:
        """Stores what was edited inside of values."""
        for key, value in self._lent.edited(self._values, self._converted):
            self._on_change({key: value}, [])

    def count(self, *, wait: bool) -> None:
        """Brings the values up to the rows logged so far; see `Tally.fold`."""
        for key, last in self._tally.fold(wait=wait).items():
            self._take(key, last)

    def hold(self, values: Mapping[str, Any]) -> None:
        """Takes values as they are, without sending them: what a disabled run does."""
        object.__setattr__(self, "_holds", True)
        self._values.update(_given(values, self._tell))

    def recompute(self) -> None:
        """Makes the values anew whose definition asks for more than the last value."""
        self.count(wait=False)
        for key, tally in self._tally.keys.items():
            definition = self._metrics.find(key)
            if definition is not None and definition.summary:
                self._take(key, tally.last)

    def _current(self) -> dict[str, Any]:
        self.count(wait=True)
        self._values.update(self._internal())
        return self._values

    def _send(self, key: str) -> None:
        if key in self._values:
            self._on_change({key: self._values[key]}, [])
        else:
            self._on_change({}, [key])

    def _take(self, key: Key, last: Any) -> None:
        definition = self._metrics.find(key)
        value = last
        if definition is not None and definition.summary:
            if "none" in definition.summary:
                return
            value = _operated(definition, self._tally.keys[key])
        if isinstance(value, wire.HistogramData):
            value = Histogram.from_data(value).to_json()
        if value is not None:
            _put(self._values, key, value)


def _given(d: Any, tell: Tell) -> list[tuple[str, Any]]:
    """Keys and values; none of what has them and won't give them."""
    if not hasattr(type(d), "items"):
        raise TypeError(f"values are given as a dict, not as {type_name(d)}")
    try:
        items = list(d.items())
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        tell(fault_of("all values", d, "left out", error))
        return []
    wrong = [key for key, _ in items if not isinstance(key, str)]
    if wrong:
        raise TypeError(f"keys of the summary are text, not {type_name(wrong[0])}")
    return [(exact_text(key), value) for key, value in items]


def _operated(definition: wire.MetricDefinition, tally: KeyTally) -> Any:
    found = {
        "min": tally.lowest,
        "max": tally.highest,
        "mean": tally.mean,
        "last": tally.last,
        "first": tally.first,
        "best": tally.highest if definition.goal == "maximize" else tally.lowest,
    }
    numeric = ("min", "max", "mean", "best")
    wanted = [o for o in definition.summary if o in found and (tally.n or o not in numeric)]
    return {operation: found[operation] for operation in wanted} or tally.last


def _put(values: dict[str, Any], key: Key, value: Any) -> None:
    path = (key,) if isinstance(key, str) else key
    for part in path[:-1]:
        below = values.get(part)
        if not isinstance(below, dict):
            below = values[part] = {}
        values = below
    values[path[-1]] = value
