"""`define_metric`: which x-axis a metric has, and what the summary keeps of it."""

from __future__ import annotations

from typing import Any, Final, Literal

from lossboard import wire
from lossboard.errors import Error
from lossboard.sending.interface import Key

__all__ = ["SUMMARY_OPERATIONS", "Metric", "MetricTable", "definition_of", "display_key"]

SUMMARY_OPERATIONS: Final = ("min", "max", "mean", "last", "first", "best", "none", "copy")


def display_key(key: Key) -> str:
    """The name a key is shown by: the parts of a nested one joined by dots."""
    return key if isinstance(key, str) else ".".join(key)


class Metric:
    """The result of `define_metric`: a read-only view of the definition."""

    def __init__(self, definition: wire.MetricDefinition) -> None:
        self._definition = definition

    @property
    def name(self) -> str:
        """The metric's name; may end in `*`."""
        return self._definition.name

    @property
    def step_metric(self) -> str | None:
        """The metric on its x-axis, if not the step."""
        return self._definition.step_metric or None

    @property
    def step_sync(self) -> bool | None:
        """Whether the step metric's last value is put into rows that lack it."""
        return self._definition.step_sync or None

    @property
    def hidden(self) -> bool | None:
        """Whether there is no automatic chart of it."""
        return self._definition.hidden or None

    @property
    def summary(self) -> tuple[str, ...] | None:
        """The operations that the summary keeps of it."""
        return self._definition.summary or None

    @property
    def goal(self) -> str | None:
        """`minimize` or `maximize`: which value is the best."""
        return self._definition.goal or None

    def __repr__(self) -> str:
        return f"Metric({self._definition!r})"


def definition_of(
    name: Any,
    step_metric: Any = None,
    step_sync: Any = None,
    hidden: Any = None,
    summary: Any = None,
    goal: Any = None,
) -> wire.MetricDefinition:
    """The definition that checked arguments make. Raises Error as W&B does for wrong ones."""
    step_metric = step_metric.name if isinstance(step_metric, Metric) else step_metric
    _check_types(name=(name, str), step_metric=(step_metric, str), summary=(summary, str))
    _check_types(step_sync=(step_sync, bool), hidden=(hidden, bool), goal=(goal, str))
    if not name:
        raise Error("define_metric() needs a non-empty name")
    if "*" in name[:-1]:
        raise Error(
            f"Unhandled define_metric() arg: name (glob suffix only): {name!r};"
            " a * may stand at the end only"
        )
    return wire.MetricDefinition(
        name=_unescaped(name),
        step_metric=_unescaped(step_metric or ""),
        step_sync=bool(step_metric) if step_sync is None else step_sync,
        hidden=bool(hidden),
        summary=_operations(summary),
        goal=_goal(goal),
    )


def _check_types(**arguments: tuple[Any, type]) -> None:
    for name, (value, wanted) in arguments.items():
        if value is not None and not isinstance(value, wanted):
            raise Error(f"Unhandled define_metric() arg: {name} type: {type(value)}")


def _operations(summary: str | None) -> tuple[str, ...]:
    if summary is None:
        return ()
    operations = tuple(part.strip().lower() for part in summary.split(","))
    for operation in operations:
        if operation not in SUMMARY_OPERATIONS:
            raise Error(
                f"Unhandled define_metric() arg: summary op: {operation!r};"
                f" expected some of {', '.join(SUMMARY_OPERATIONS)}"
            )
    return tuple(operation for operation in operations if operation != "copy")


def _goal(goal: str | None) -> Literal["", "minimize", "maximize"]:
    if not goal:
        return ""
    if goal[:3].lower() not in ("min", "max"):
        raise Error(f"Unhandled define_metric() arg: goal: {goal!r}; expected minimize or maximize")
    return "minimize" if goal[:3].lower() == "min" else "maximize"


def _unescaped(name: str) -> str:
    return name.replace("\\.", ".")


class MetricTable:
    """The definitions of a run.

    An explicit definition comes before a glob, a longer glob before a shorter one; names that
    begin with `_` match none.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, wire.MetricDefinition] = {}
        self._found: dict[Key, wire.MetricDefinition | None] = {}
        self._step_values: dict[str, Any] = {}  # last value of each synced step metric
        self.syncs = False  # whether rows have to pass through `sync`

    def define(
        self, definition: wire.MetricDefinition, *, overwrite: bool
    ) -> wire.MetricDefinition:
        """Adds a definition, merged with an earlier one of that name; returns the result."""
        earlier = self._definitions.get(definition.name)
        if earlier is not None and not overwrite:
            definition = _merged(earlier, definition)
        self._definitions[definition.name] = definition
        self._found.clear()
        if definition.step_sync and definition.step_metric:
            self._step_values.setdefault(definition.step_metric, 0)
            self.syncs = True
        return definition

    def find(self, key: Key) -> wire.MetricDefinition | None:
        """The definition that holds for a key."""
        try:
            return self._found[key]
        except KeyError:
            self._found[key] = found = self._search(display_key(key))
            return found

    def sync(self, row: dict[Key, Any]) -> None:
        """Puts the step metrics' last values into a row that has metrics on them but not them."""
        for name in self._step_values:
            if name in row:
                self._step_values[name] = row[name]
        missing: dict[Key, Any] = {}
        for key in row:
            definition = self.find(key)
            if definition is not None and definition.step_sync:
                name = definition.step_metric
                if name and name not in row and display_key(key) != name:
                    missing[name] = self._step_values[name]
        row.update(missing)

    def _search(self, name: str) -> wire.MetricDefinition | None:
        if name in self._definitions:
            return self._definitions[name]
        if name.startswith("_"):
            return None
        globs = [d for d in self._definitions.values() if _matches(d.name, name)]
        return max(globs, key=lambda definition: len(definition.name), default=None)


def _matches(glob: str, name: str) -> bool:
    return glob.endswith("*") and name.startswith(glob[:-1])


def _merged(earlier: wire.MetricDefinition, later: wire.MetricDefinition) -> wire.MetricDefinition:
    return wire.MetricDefinition(
        name=later.name,
        step_metric=later.step_metric or earlier.step_metric,
        step_sync=later.step_sync or earlier.step_sync,
        hidden=later.hidden or earlier.hidden,
        summary=tuple(dict.fromkeys(earlier.summary + later.summary)),
        goal=later.goal or earlier.goal,
    )
