"""Parameter sets of sweeps: the n-th set of a sweep is the same however often it is asked for.

`grid` goes through all combinations. `random` draws each parameter from its distribution.
`bayes` draws like `random`: lossboard has no model of the metric, and says so when the sweep is
made.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from itertools import islice, product
from typing import Any, Final

import yaml

__all__ = ["METHODS", "check_sweep", "parameters_of", "read_sweep"]

METHODS: Final = ("grid", "random", "bayes")

Config = Mapping[str, Any]

_MOST_CHARACTERS: Final = 100_000  # of a sweep's YAML, whose parser is slow


def read_sweep(text: str) -> Any:
    """The YAML of a sweep; raises ValueError, yaml.YAMLError among others, for what can't be one or
    is too large."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(f"its config has {len(text):,} characters, the most are 100,000")
    config = yaml.safe_load(text)
    _check_nodes(config)
    return config


def _check_nodes(config: Any) -> None:
    """Aliases of YAML make a short text stand for a large value, or for one without end."""
    pending, count = [config], 0
    while pending:
        value = pending.pop()
        inside = [*value, *value.values()] if isinstance(value, dict) else value
        if isinstance(inside, list | tuple | set):
            pending.extend(inside)
            count += len(inside)
        if count > _MOST_CHARACTERS:
            raise ValueError("its config is too large once its aliases are replaced")


def check_sweep(config: Any) -> list[str]:
    """Warnings about what is not done as asked; raises ValueError for what can't be a sweep."""
    if not isinstance(config, Mapping) or not isinstance(config.get("parameters"), Mapping):
        raise ValueError("a sweep's config needs `method` and `parameters`")
    if config.get("method") not in METHODS:
        raise ValueError(f"a sweep's method is one of {', '.join(METHODS)}")
    for name, parameter in config["parameters"].items():
        _check_parameter(str(name), parameter, is_grid=config["method"] == "grid")
    if config["method"] == "bayes":
        return ["lossboard draws the parameters of a bayes sweep at random"]
    return []


def _check_parameter(name: str, parameter: Any, *, is_grid: bool) -> None:
    if not isinstance(parameter, Mapping):
        raise ValueError(f"parameter {name!r} is {parameter!r}, expected an object")
    if "parameters" in parameter:
        for inner, value in parameter["parameters"].items():
            _check_parameter(f"{name}.{inner}", value, is_grid=is_grid)
    elif is_grid and not ("value" in parameter or "values" in parameter):
        raise ValueError(f"parameter {name!r} of a grid sweep needs `value` or `values`")


def parameters_of(config: Config, *, sweep: str, index: int) -> dict[str, Any] | None:
    """The parameter set number `index` of the sweep, or None when a grid has no more."""
    if config["method"] == "grid":
        return _grid_point(config["parameters"], index)
    source = random.Random(f"{sweep}:{index}")
    return _drawn(config["parameters"], source)


def _grid_point(parameters: Config, index: int) -> dict[str, Any] | None:
    names, choices = zip(*_flat(parameters, ()), strict=True)
    point = next(islice(product(*choices), index, None), None)
    if point is None:
        return None
    found: dict[str, Any] = {}
    for path, value in zip(names, point, strict=True):
        place = found
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = value
    return found


def _flat(parameters: Config, prefix: tuple[str, ...]) -> list[tuple[tuple[str, ...], list[Any]]]:
    found = []
    for name, parameter in parameters.items():
        path = (*prefix, str(name))
        if "parameters" in parameter:
            found += _flat(parameter["parameters"], path)
        elif "values" in parameter:
            found.append((path, list(parameter["values"])))
        else:
            found.append((path, [parameter["value"]]))
    return found


def _drawn(parameters: Config, source: random.Random) -> dict[str, Any]:
    return {str(name): _draw(parameter, source) for name, parameter in parameters.items()}


def _draw(parameter: Config, source: random.Random) -> Any:
    if "parameters" in parameter:
        return _drawn(parameter["parameters"], source)
    if "value" in parameter:
        return parameter["value"]
    if "values" in parameter:
        weights = parameter.get("probabilities")
        return source.choices(list(parameter["values"]), weights)[0]
    return _draw_number(parameter, source)


def _draw_number(parameter: Config, source: random.Random) -> float | int:
    """A number of one of W&B's distributions; `q_` ones are rounded to multiples of `q`."""
    name = str(parameter.get("distribution") or _default_distribution(parameter))
    low, high = float(parameter.get("min", 0)), float(parameter.get("max", 1))
    mean, spread = float(parameter.get("mu", 0)), float(parameter.get("sigma", 1))
    step = float(parameter.get("q", 1))
    plain = name.removeprefix("q_")
    if plain == "int_uniform":
        return source.randint(math.ceil(low), math.floor(high))
    draws = {
        "uniform": lambda: source.uniform(low, high),
        "log_uniform": lambda: math.exp(source.uniform(low, high)),
        "log_uniform_values": lambda: math.exp(source.uniform(math.log(low), math.log(high))),
        "inv_log_uniform": lambda: 1 / math.exp(source.uniform(low, high)),
        "inv_log_uniform_values": lambda: (
            1 / math.exp(source.uniform(math.log(low), math.log(high)))
        ),
        "normal": lambda: source.gauss(mean, spread),
        "log_normal": lambda: math.exp(source.gauss(mean, spread)),
    }
    if plain not in draws:
        raise ValueError(f"distribution {name!r} is not known: use one of {', '.join(draws)}")
    value = draws[plain]()
    return round(value / step) * step if name.startswith("q_") else value


def _default_distribution(parameter: Config) -> str:
    bounds = (parameter.get("min", 0), parameter.get("max", 1))
    return "int_uniform" if all(isinstance(bound, int) for bound in bounds) else "uniform"
