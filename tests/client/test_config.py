"""`run.config`: forms it takes, rules of change."""

from __future__ import annotations

import argparse
import functools
import math
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import lossboard as wandb
from lossboard.errors import ConfigError, UsageError
from lossboard.faults import Fault
from lossboard.live_run.config import Config
from lossboard.live_run.config_sources import as_mapping, parse_config
from lossboard.values import config_values


@dataclass
class Options:
    lr: float = 0.1


def config(values: dict[str, Any] | None = None, *, free: bool = False) -> tuple[Config, list[Any]]:
    changes: list[Any] = []
    return Config(values or {}, allow_val_change=free, on_change=changes.append), changes


SOURCES: list[Any] = [
    {"lr": 0.1},
    argparse.Namespace(lr=0.1),
    SimpleNamespace(lr=0.1),
    Options(),
    config({"lr": 0.1, "_internal": 1})[0],
]


@pytest.mark.covers("init.config")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: type(source).__name__)
def test_a_config_comes_in_many_forms(source: Any) -> None:
    assert as_mapping(source) == {"lr": 0.1}


@pytest.mark.parametrize("source", [[1], 5])
def test_what_has_no_names_is_no_config(source: Any) -> None:
    with pytest.raises(TypeError, match="config must be a dict or have a __dict__ attribute"):
        as_mapping(source)


@pytest.mark.covers("init.config")
@pytest.mark.parametrize(
    "text", ["lr: 0.1\n", "wandb_version: 1\nlr:\n  desc: rate\n  value: 0.1\n"]
)
def test_a_yaml_file_may_be_plain_or_in_wandbs_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    assert as_mapping(str(path)) == {"lr": 0.1}


@pytest.mark.parametrize("text", [None, "- 1\n- 2\n", "a: [\n"])
def test_a_yaml_file_that_is_missing_or_holds_no_names_raises(
    tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "config.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="config file"):
        as_mapping(path)


def test_parse_config_filters_names() -> None:
    values = {"a": 1, "b": 2, "c": 3}
    assert parse_config(values, include=["a", "b"]) == {"a": 1, "b": 2}
    assert parse_config(values, exclude=["a"]) == {"b": 2, "c": 3}
    with pytest.raises(UsageError):
        parse_config(values, exclude=["a"], include=["b"])


@pytest.mark.covers("config")
def test_values_are_read_as_items_and_attributes() -> None:
    found, _ = config({"lr": 0.1, "model": {"depth": 3}})
    assert found.lr == found["lr"] == found.get("lr") == 0.1
    assert found["model"] == {"depth": 3}
    assert "lr" in found and "other" not in found
    assert found.get("other", 7) == 7
    assert dict(found) == {**found} == dict(found.items()) == found.as_dict()


def test_a_missing_value_is_an_attribute_error_or_a_key_error() -> None:
    found, _ = config()
    with pytest.raises(AttributeError):
        _ = found.lr
    with pytest.raises(KeyError):
        _ = found["lr"]


def test_internal_values_are_hidden_from_keys_and_shown_by_iteration() -> None:
    found, _ = config({"a": 1, "_wandb": {}})
    assert list(found.keys()) == ["a"]
    assert list(found) == ["a", "_wandb"]


def test_new_values_are_sent_and_the_same_value_may_be_set_again() -> None:
    found, changes = config({"lr": 0.1})
    found["epochs"] = 5
    found.lr = 0.1
    found.update({"--depth": 3})
    assert changes == [{"epochs": 5}, {"lr": 0.1}, {"depth": 3}]


@pytest.mark.covers("config")
def test_changing_a_value_raises_unless_it_is_allowed() -> None:
    found, changes = config({"lr": 0.1})
    text = 'Attempted to change value of key "lr" from 0.1 to 0.2'
    with pytest.raises(ConfigError, match=text):
        found.update({"new": 1, "lr": 0.2})
    assert changes == [] and "new" not in found
    found.update({"lr": 0.2}, allow_val_change=True)
    assert found.lr == 0.2


@pytest.mark.covers("init.allow_val_change")
def test_allow_val_change_of_init_holds_for_all_changes() -> None:
    found, _ = config({"lr": 0.1}, free=True)
    found.lr = 0.3
    assert found.lr == 0.3


@pytest.mark.covers("config")
def test_setdefaults_keeps_what_is_there() -> None:
    found, _ = config({"lr": 0.1})
    found.setdefaults({"lr": 0.9, "epochs": 3})
    assert found.as_dict() == {"lr": 0.1, "epochs": 3}


@pytest.mark.covers("config")
def test_locked_values_stay_as_the_sweep_set_them() -> None:
    found, _ = config({"lr": 0.1})
    found.update_locked({"lr": 0.5}, user="sweep")
    found.update({"lr": 0.1, "epochs": 1}, allow_val_change=True)
    assert found.as_dict() == {"lr": 0.5, "epochs": 1}


def test_names_that_are_no_text_raise() -> None:
    found, _ = config()
    with pytest.raises(AttributeError, match="config names are text"):
        found.update({1: 2})


def test_nan_is_none() -> None:
    assert config({"x": math.nan})[0].x is None


@pytest.mark.covers("config-defaults.yaml")
def test_the_defaults_file_of_the_directory_is_read_and_init_comes_before_it(offline: Path) -> None:
    (offline / "config-defaults.yaml").write_text("lr:\n  value: 0.5\nepochs: 3\n")
    run = wandb.init(config={"lr": 0.1})
    assert run.config.as_dict() == {"lr": 0.1, "epochs": 3}


@pytest.mark.covers("init.config")
def test_names_can_be_kept_or_left_out_at_init(offline: Path) -> None:
    values = {"a": 1, "b": 2}
    with wandb.init(config=values, config_include_keys=["a"]) as run:
        assert run.config.as_dict() == {"a": 1}
    with wandb.init(config=values, config_exclude_keys=["a"]) as run:
        assert run.config.as_dict() == {"b": 2}


def test_the_config_of_the_module_is_that_of_the_run(offline: Path) -> None:
    run = wandb.init(config={"lr": 0.1})
    wandb.config.update({"epochs": 2})
    assert run.config.epochs == 2
    assert wandb.config["lr"] == 0.1


class Opaque:
    """An object whose text is its address."""


Pair = namedtuple("Pair", "x y")


class Missing(dict[str, Any]):
    """As an OmegaConf config, some values of which are still missing."""

    def items(self) -> Any:
        raise KeyError("lr is missing")

    def __getitem__(self, key: str) -> Any:
        if key == "lr":
            raise KeyError("lr is missing")
        return super().__getitem__(key)


@pytest.mark.covers("config")
def test_a_config_reads_back_as_it_was_given() -> None:
    found, _ = config({"names": {0: "cat", True: "yes"}, "range": range(3), "pair": Pair(1, 2)})
    assert found["names"] == {0: "cat", True: "yes"}
    assert found.as_dict()["range"] == [0, 1, 2]
    assert found.pair == [1, 2]
    found.update({"grid": np.arange(40).reshape(20, 2)})
    assert found.grid == np.arange(40).reshape(20, 2).tolist()


@pytest.mark.covers("config")
def test_functions_and_objects_are_the_same_text_in_each_process() -> None:
    given = {"object": Opaque(), "partial": functools.partial(config, Opaque()), "function": config}
    found, _ = config({**given, "list": [Opaque()]})
    assert found.function == f"{__name__}.config"
    assert "Opaque object" in found.object and found.list == [found.object]
    assert "0x" not in repr(found)


@pytest.mark.covers("init.config")
def test_a_value_that_is_missing_in_a_config_leaves_the_others() -> None:
    told: list[Fault] = []
    nested = config_values({"net": Missing(lr=1, width=8)}, told.append)
    assert nested == {"net": {"width": 8}}
    assert as_mapping(Missing(lr=1, width=8), told.append) == {"width": 8}
    assert [fault.key for fault in told] == ["net.lr", "lr"]


@pytest.mark.covers("config")
def test_values_can_be_edited_inside_and_deleted() -> None:
    found, changes = config({"net": {"layers": [1]}, "old": 1, "older": 2, "oldest": 3})
    removed: list[str] = []
    object.__setattr__(found, "_on_remove", removed.extend)
    found["net"]["layers"].append(2)
    found.look_again()
    found.look_again()
    assert changes == [{"net": {"layers": [1, 2]}}]
    del found["old"]
    del found.older
    assert (found.pop("oldest"), found.pop("oldest", None)) == (3, None)
    assert (removed, found.as_dict()) == (["old", "older", "oldest"], {"net": {"layers": [1, 2]}})
    with pytest.raises(KeyError):
        del found["old"]
