"""Values that can't be stored as they are, or whose own methods raise: nothing of it ends a run."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tests.client.conftest import rows_of, the_run

import lossboard as wandb


class Panic(BaseException):
    """As the panics of Rust's extensions: no Exception."""


def raising(*methods: str, error: type[BaseException] = RuntimeError) -> Any:
    """An object whose methods raise."""

    def refuse(self: object, *_: object, **__: object) -> Any:
        raise error("refused")

    return type("Refusing", (), dict.fromkeys(methods, refuse))()


class Liar:
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("refused")


class Closed:
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("refused")


class BadDict(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("refused")

    keys = values = __iter__ = items


class BadList(list[Any]):
    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("refused")


class BadMapping(collections.abc.Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise Panic("refused")

    def __iter__(self) -> Iterator[str]:
        return iter(["a"])

    def __len__(self) -> int:
        return 1


class BadTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, *_: Any, **__: Any) -> Any:
        raise RuntimeError("refused")


def breaking() -> Iterator[int]:
    yield 1
    raise RuntimeError("refused")


def endless() -> Iterator[int]:
    while True:
        yield 1


def ring() -> list[Any]:
    value: list[Any] = []
    value += [value, value]
    return value


def fake_tensor() -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.ones(2)


MAKERS: dict[str, Callable[[], Any]] = {
    "object": object,
    "lock": threading.Lock,
    "repr": lambda: raising("__repr__"),
    "str": lambda: raising("__str__", "__repr__"),
    "float": lambda: raising("__float__", "__int__", "__index__"),
    "len": lambda: raising("__len__", "__bool__"),
    "iter": lambda: raising("__iter__", "__next__"),
    "eq": lambda: raising("__eq__", "__ne__", "__hash__"),
    "array": lambda: raising("__array__"),
    "getattr": lambda: raising("__getattr__"),
    "panic": lambda: raising("__repr__", "__str__", "__getattr__", error=Panic),
    "class": Liar,
    "closed": Closed,
    "items": lambda: BadDict(a=1),
    "getitem": BadMapping,
    "list": lambda: BadList([1]),
    "generator": breaking,
    "endless": endless,
    "ring": ring,
    "in a list": lambda: [1, raising("__str__", "__repr__")],
    "in a dict": lambda: {"a": raising("__str__", "__repr__"), "b": [raising("__str__")]},
    "key": lambda: {raising("__str__", "__repr__"): 1},
    "module": lambda: threading,
    "series": lambda: pd.Series([1, 2]),
    "NA": lambda: pd.NA,
    "meta": lambda: torch.ones(2, device="meta"),
    "fake": fake_tensor,
    "tensor class": lambda: torch.ones(2).as_subclass(BadTensor),
    "uninitialized": torch.nn.UninitializedParameter,
    "many texts": lambda: np.array(["a"] * 40),
    "many dates": lambda: np.arange(40).astype("M8[D]"),
    "many records": lambda: np.zeros(40, [("a", "i4")]),
    "long int": lambda: 10**5000,
    "no histogram": lambda: wandb.Histogram(["a"]),  # type: ignore[list-item]
    "no image": lambda: wandb.Image(np.zeros((2, 3, 5))),
    "no file": lambda: wandb.Audio("nowhere.wav"),
    "mixed": lambda: [wandb.Html("x"), 3],
}


@pytest.mark.covers("values")
def test_no_value_ends_a_run_and_the_rest_of_its_row_is_kept(project: str) -> None:
    with wandb.init(config={name: make() for name, make in MAKERS.items()}) as run:
        for step, (name, make) in enumerate(MAKERS.items()):
            run.log({"before": step, name: make(), "after": step})
            run.config.update({name: make(), f"{name} ok": step}, allow_val_change=True)
            run.summary.update({name: make(), f"{name} ok": step})
    steps = list(range(len(MAKERS)))
    rows = rows_of(run)
    assert [row["before"] for row in rows] == [row["after"] for row in rows] == steps
    stored = the_run()
    assert [stored.config[f"{name} ok"] for name in MAKERS] == steps
    assert [stored.summary[f"{name} ok"] for name in MAKERS] == steps


@pytest.mark.covers("Table")
def test_no_cell_ends_a_run_and_the_rest_of_the_table_is_kept(project: str) -> None:
    with wandb.init() as run:
        table = wandb.Table(columns=["odd", "number"])
        for step, make in enumerate(MAKERS.values()):
            table.add_data(make(), step)
        run.log({"table": table})
        assert [row[1] for row in table.to_json()["data"]] == list(range(len(MAKERS)))
    assert rows_of(run)[0]["table"]["nrows"] == len(MAKERS)


@pytest.mark.covers("values")
def test_what_was_left_out_or_kept_as_text_is_named_once_with_key_and_type(
    project: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    with wandb.init() as run:
        for loss in (0.5, 0.25):
            run.log({"loss": loss, "gone": {"deeper": object()}, "text": NotImplemented})
    said = capsys.readouterr().err
    assert said.count("log leaves out a value: 'gone.deeper' (object)") == 1
    assert said.count("log keeps a value as text: 'text' (NotImplementedType)") == 1
    assert [row["text"] for row in rows_of(run)] == ["NotImplemented"] * 2
    notices = the_run().notices
    assert notices["dropped values"].startswith("'gone.deeper' (object): Object of type object")
    assert "'text' (NotImplementedType)" in notices["values kept as text"]


def test_all_keys_that_lost_a_value_stand_in_the_notice(project: str) -> None:
    with wandb.init(config={"first": raising("__str__", "__repr__")}) as run:
        run.log({"second": object()})
        run.summary["third"] = object()
        run.log({"image": wandb.Image(np.zeros((2, 3, 5)))})
    notice = the_run().notices["dropped values"]
    assert all(f"'{key}' (" in notice for key in ("first", "second", "third", "image"))
    assert "(2, 3, 5)" in notice


@pytest.mark.covers("log")
@pytest.mark.parametrize(
    ("data", "step"),
    [
        pytest.param([1], None, id="no mapping"),
        pytest.param({1: 2}, None, id="key"),
        pytest.param({raising("__repr__"): 2}, None, id="key that won't be shown"),
        pytest.param({"a": 1}, 1.5, id="step"),
        pytest.param({"a": 1}, 1 << 70, id="step beyond 64 bits"),
    ],
)
def test_only_a_wrong_call_raises_and_nothing_of_it_is_stored(
    project: str, data: Any, step: Any
) -> None:
    with wandb.init() as run:
        with pytest.raises((TypeError, ValueError)):
            run.log(data, step=step)
        run.log({"next": 1})
    assert rows_of(run) == [{"_step": 0, "next": 1}]


@pytest.mark.parametrize("timestamp", [10**400, 1e300, float("inf"), object()])
def test_a_time_that_is_none_is_the_time_of_the_call(project: str, timestamp: Any) -> None:
    with wandb.init() as run:
        run.log({"_timestamp": timestamp, "loss": 1})
        run.log({"loss": 2})
    assert [row["loss"] for row in rows_of(run)] == [1, 2]


def test_data_that_will_not_give_its_values_is_a_row_without_values(project: str) -> None:
    with wandb.init() as run:
        run.log(BadDict(a=1))
        run.summary.update(BadDict(a=1))
        run.config.update(BadDict(a=1))
        run.log({"next": 1})
    assert {"_step": 1, "next": 1} in rows_of(run)
    assert "'all values' (BadDict)" in the_run().notices["dropped values"]


@pytest.mark.covers("init.settings")
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda run: run.log({"x": object()}), TypeError),
        (lambda run: run.log({"x": NotImplemented}), TypeError),
        (lambda run: run.log({"x": [1, raising("__str__", "__repr__")]}), TypeError),
        (lambda run: run.log({"x": BadDict(a=1)}), RuntimeError),
        (lambda run: run.log({"x": wandb.Image("nowhere.png")}), FileNotFoundError),
        (lambda run: run.log({"x": wandb.Table(columns=["a"], data=[[1], ["b"]])}), TypeError),
        (lambda run: run.config.update({"x": raising("__str__", "__repr__")}), RuntimeError),
        (lambda run: run.config.update({"x": [wandb.Html("y")]}), TypeError),
        (lambda run: run.summary.update({"x": ring()}), ValueError),
    ],
)
def test_everything_raises_with_key_and_type_if_settings_are_strict(
    offline: Path, call: Callable[[Any], None], error: type[Exception]
) -> None:
    with wandb.init(settings=wandb.Settings(strict=True)) as run:
        with pytest.raises(error) as raised:
            call(run)
        assert "'x" in " ".join([str(raised.value), *getattr(raised.value, "__notes__", [])])
    with pytest.raises(RuntimeError):
        wandb.init(config={"x": raising("__str__")}, settings={"strict": True})


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_let_through(offline: Path, stop: type[BaseException]) -> None:
    with wandb.init() as run, pytest.raises(stop):
        run.log({"x": raising("__str__", "__repr__", "__getattr__", error=stop)})


def test_no_value_ends_a_disabled_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with wandb.init(mode="disabled", config={name: make() for name, make in MAKERS.items()}) as run:
        for name, make in MAKERS.items():
            run.log({name: make()})
            run.summary.update({name: make()})
        run.log(BadDict(a=1))
        with pytest.raises(TypeError):
            run.log([1])  # type: ignore[arg-type]


def test_values_inside_of_functional_transforms_are_read(project: str) -> None:
    def loss(weights: Any) -> Any:
        found = (weights * 2).sum()
        run.log({"inside": found, "constant": torch.tensor(1.5), "large": weights * 2})
        return found

    with wandb.init() as run:
        torch.func.grad(loss)(torch.ones(40))
        torch.func.vmap(torch.func.grad(loss))(torch.ones(2, 40))
    first, second = rows_of(run)
    assert (first["inside"], first["constant"]) == (80.0, 1.5)
    assert sum(first["large"]["values"]) == 40
    assert second["inside"] == [80.0, 80.0]
    assert "whole batch" in the_run().notices["parts of tensors"]


@pytest.mark.filterwarnings("ignore::UserWarning")  # quantized tensors are deprecated
def test_quantized_sparse_and_nested_tensors_are_read_as_numbers(project: str) -> None:
    quantized = torch.quantize_per_tensor(torch.tensor([1.0, 2.0]), 0.5, 0, torch.qint8)
    nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    with wandb.init() as run:
        run.log({"q": quantized, "s": torch.eye(2).to_sparse(), "n": nested})
        run.log({"h": wandb.Histogram(quantized)})
    first, second = rows_of(run)
    assert (first["q"], first["s"]) == ([1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]])
    assert first["n"] == [1.0, 1.0, 1.0]
    assert sum(second["h"]["values"]) == 2
