"""Forms that a config can be given in: dicts, objects with attributes, other configs, YAML
files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lossboard.errors import ConfigError, UsageError
from lossboard.faults import Tell, fault_of, is_for_the_caller, raised, short_text, type_name
from lossboard.plain_values import Place, items_of

__all__ = ["DEFAULTS_FILE", "as_mapping", "filtered", "parse_config", "read_yaml"]

DEFAULTS_FILE: Final = "config-defaults.yaml"  # in the current directory: read into each config


def as_mapping(source: Any, tell: Tell = raised) -> dict[str, Any]:
    """`source` as a dict: None is empty, text and Path name a YAML file.

    Raises TypeError for what is neither a mapping nor has attributes, ConfigError for a YAML file
    that is missing or holds no mapping. What the source's own methods raise goes to `tell`.
    """
    if source is None:
        return {}
    if isinstance(source, str | Path):
        return read_yaml(Path(source))
    try:
        found = _own_values(source, tell)
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        tell(fault_of("all values", source, "left out", error))
        return {}
    if found is None:
        raise TypeError(
            "config must be a dict or have a __dict__ attribute."
            f" Got {type_name(source)}: {short_text(source)}"
        )
    return found


def _own_values(source: Any, tell: Tell) -> dict[str, Any] | None:
    """The values that an object says it has; None for one that has none."""
    if isinstance(source, Mapping):
        return dict(items_of(source, Place("", tell), named=lambda key: key))
    if hasattr(source, "as_dict"):  # another Config
        return dict(source.as_dict())
    if hasattr(source, "flag_values_dict"):  # absl's FLAGS
        return dict(source.flag_values_dict())
    if dataclasses.is_dataclass(source) and not isinstance(source, type):
        return {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    if hasattr(source, "__dict__") and not isinstance(source, type):
        return {key: value for key, value in vars(source).items() if not key.startswith("_")}
    return None


def read_yaml(path: Path) -> dict[str, Any]:
    """The values of a YAML file, plain (`lr: 0.5`) or in W&B's form (`lr: {value: 0.5}`)."""
    import yaml  # only for this, and not light

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"can't read config file {str(path)!r}: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"config file {str(path)!r} is not YAML: {error}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigError(
            f"config file {str(path)!r} must hold names and values, got {type(loaded).__name__}"
        )
    return {str(key): _value(item) for key, item in loaded.items() if key != "wandb_version"}


def _value(item: Any) -> Any:
    described = isinstance(item, dict) and "value" in item and set(item) <= {"value", "desc"}
    return item["value"] if described else item


def filtered(
    values: Mapping[str, Any],
    include: list[str] | None = None,
    exclude: list[str] | None = None,
) -> dict[str, Any]:
    """The values whose names are in `include` (all where it is empty) and not in `exclude`."""
    return {
        key: value
        for key, value in values.items()
        if (not include or key in include) and key not in (exclude or ())
    }


def parse_config(
    params: Any,
    exclude: list[str] | None = None,
    include: list[str] | None = None,
    tell: Tell = raised,
) -> dict[str, Any]:
    """The result of `wandb.helper.parse_config` for a config in any form.

    Raises UsageError when both lists are given.
    """
    if exclude and include:
        raise UsageError("give include or exclude, not both")
    return filtered(as_mapping(params, tell), include, exclude)
