"""W&B's config: `{key: {"value": ...}}` with its own matters below `_wandb`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lossboard.wire import MetricDefinition
from lossboard_server.encoding import encode_bare_json
from lossboard_server.limits import kept_of_json

__all__ = ["branch_point", "config_text", "config_values", "definitions_in"]

# Numbers that W&B's telemetry schema gives to fields and to summary operations.
_NAME, _GLOB, _STEP_INDEX, _OPTIONS, _SUMMARY, _GOAL = "1", "2", "5", "6", "7", "8"
_STEP_SYNC, _HIDDEN = 1, 2
_OPERATIONS: Final = {
    1: "min",
    2: "max",
    3: "mean",
    4: "best",
    5: "last",
    6: "none",
    7: "copy",
    8: "first",
}
_GOALS: Final = {1: "minimize", 2: "maximize"}


def config_values(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The values in W&B's config text, and a sentence by key for each that is too large;
    raises ValueError for what is none."""
    try:
        config, left_out = kept_of_json("config", text)
    except ValueError as error:
        raise ValueError(f"config is {error}") from error
    values = {
        key: entry["value"] if isinstance(entry, dict) and "value" in entry else entry
        for key, entry in config.items()
    }
    return values, left_out


def config_text(values: Mapping[str, Any]) -> str:
    """W&B's config text of the values."""
    return encode_bare_json({key: {"value": value} for key, value in values.items()})


def definitions_in(config: Mapping[str, Any]) -> list[MetricDefinition]:
    """The define_metric calls that W&B's client keeps in its config."""
    entries = _own(config).get("m") or []
    names = [entry.get(_NAME) or entry.get(_GLOB) or "" for entry in entries]
    return [
        _definition(entry, name, names) for entry, name in zip(entries, names, strict=True) if name
    ]


def _definition(entry: Mapping[str, Any], name: str, names: list[str]) -> MetricDefinition:
    index = entry.get(_STEP_INDEX) or 0
    options = entry.get(_OPTIONS) or []
    operations = entry.get(_SUMMARY) or []
    return MetricDefinition(
        name=name.replace("\\.", "."),
        step_metric=names[index - 1].replace("\\.", ".") if 0 < index <= len(names) else "",
        step_sync=_STEP_SYNC in options,
        hidden=_HIDDEN in options,
        summary=tuple(_OPERATIONS[code] for code in operations if code in _OPERATIONS),
        goal=_GOALS.get(entry.get(_GOAL) or 0, ""),  # type: ignore[arg-type]
    )


def branch_point(config: Mapping[str, Any]) -> tuple[str, int] | None:
    """Run and last step that a forked run continues."""
    point = _own(config).get("branch_point")
    if not isinstance(point, dict) or "run_id" not in point:
        return None
    return str(point["run_id"]), int(point.get("step") or 0)


def _own(config: Mapping[str, Any]) -> Mapping[str, Any]:
    own = config.get("_wandb")
    return own if isinstance(own, dict) else {}
