"""What becomes of values: W&B's table of conversions."""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import ipaddress
import math
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import lossboard as wandb
from lossboard.arrays import ClonedValue
from lossboard.depth import MAX_DEPTH, DepthError
from lossboard.faults import Fault
from lossboard.histogram import Histogram, counts_of, edges_of, from_values
from lossboard.values import (
    config_value,
    config_values,
    history_row,
    history_value,
    summary_value,
)
from lossboard.wire import HistogramData


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


class Shade(enum.StrEnum):
    DARK = "dark"


class Called:
    def __call__(self) -> None: ...

    def __str__(self) -> str:
        return "called"


@dataclass
class Options:
    lr: float
    path: Path


def function() -> None: ...


PLAIN: list[tuple[Any, Any]] = [
    (1, 1),
    (1.0, 1.0),
    (True, True),
    (None, None),
    ("text", "text"),
    (2**70, 2**70),
    (math.inf, math.inf),
    (np.float32(0.5), 0.5),
    (np.float64(0.1), 0.1),
    (np.int8(-3), -3),
    (np.bool_(True), True),
    (np.array(2.5), 2.5),
    (np.array([[7]]), 7),
    (np.arange(3), [0, 1, 2]),
    (np.array([[1.0, math.inf]]), [[1.0, math.inf]]),
    (np.str_("s"), "s"),
    (np.datetime64("2024-05-06"), "2024-05-06"),
    ((1, 2), [1, 2]),
    ({3}, [3]),
    ((i for i in range(3)), [0, 1, 2]),
    ([np.float32(1), [np.array([2, 3])]], [1.0, [[2, 3]]]),
    (b"bytes", "bytes"),
    (datetime.date(2024, 5, 6), "2024-05-06"),
    (datetime.datetime(2024, 5, 6, 7, 8), "2024-05-06T07:08:00"),
    (Colour.RED, 1),
    (Level.HIGH, 3),
    (1 + 2j, "1+2j"),
    (decimal.Decimal("1.5"), "1.5"),
    (fractions.Fraction(1, 3), "1/3"),
    (function, f"{__name__}.function"),
    (Colour, f"{__name__}.Colour"),
    ([{"a": {1: 2}}], [{"a": {"1": 2}}]),
    # what follows raised, or was dropped, where W&B stores it
    (np.longdouble(1.5), 1.5),
    (np.array([1.5, 2.5], np.longdouble), [1.5, 2.5]),
    (np.array([1, "a", None], object), [1, "a", None]),
    (np.array([Options(0.1, Path("p")), 1], object), [{"lr": 0.1, "path": "p"}, 1]),
    (np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]), [1, 2.0]),
    (np.array([(1, 2.0), (3, 4.0)], [("a", "i4"), ("b", "f8")]), [[1, 2.0], [3, 4.0]]),
    (np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), [1.0, None, 3.0]),
    (np.ma.masked, None),
    (np.datetime64("NaT"), None),
    (np.array(["2024-05-06"] * 2, "M8[D]"), ["2024-05-06"] * 2),
    (np.timedelta64(5, "s"), "PT5S"),
    (np.array([5, 6], "m8[s]"), ["PT5S", "PT6S"]),
    (np.void(b"abc"), "abc"),
    (np.array([b"ab", b"cd"]), ["ab", "cd"]),
    (np.zeros((0, 3)), []),
    (Options(0.1, Path("p")), {"lr": 0.1, "path": "p"}),
    (datetime.timedelta(seconds=5), "PT5S"),
    (datetime.timedelta(days=1, hours=2, milliseconds=500), "P1DT2H0.5S"),
    (-datetime.timedelta(minutes=3), "-PT3M"),
    (datetime.timedelta(0), "PT0S"),
    (Path("a/b"), "a/b"),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (ipaddress.ip_address("127.0.0.1"), "127.0.0.1"),
    (re.compile("a+"), "a+"),
    (collections.deque([1, 2]), [1, 2]),
    (frozenset({3}), [3]),
    (map(str, [1]), ["1"]),
    (Shade.DARK, "dark"),
    (range(3), [0, 1, 2]),
    (collections.UserList([1]), [1]),
    (collections.UserString("s"), "s"),
    (array.array("d", [1, 2]), [1.0, 2.0]),
    (Called(), "called"),
]


def name(value: object) -> str:
    """The same in every process: no address of an object."""
    return re.sub(" at 0x.*", "", str(value))[:40]


@pytest.mark.covers("values")
@pytest.mark.parametrize(("value", "stored"), PLAIN, ids=name)
def test_a_value_is_stored_as_plain_data(value: Any, stored: Any) -> None:
    found = history_value(value)
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.covers("values")
def test_nan_stays_nan_also_in_lists() -> None:
    assert math.isnan(history_value(math.nan))
    assert math.isnan(history_value(np.float32("nan")))
    assert math.isnan(history_value([1, math.nan])[1])


@pytest.mark.covers("arrays")
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "bool"])
def test_tensors_of_one_element_are_numbers_whatever_their_type(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    value = torch.ones(1, 1, dtype=getattr(torch, dtype))
    assert history_value(value) == 1
    assert history_value(value[0, 0]) == 1


@pytest.mark.covers("arrays")
def test_tensors_that_need_gradients_are_read() -> None:
    torch = pytest.importorskip("torch")
    assert history_value(torch.tensor(0.5, requires_grad=True) * 2) == 1.0
    assert history_value(torch.ones(2, requires_grad=True)) == [1.0, 1.0]


def test_sparse_and_conjugated_tensors_are_read() -> None:
    torch = pytest.importorskip("torch")
    assert history_value(torch.eye(2).to_sparse()) == [[1.0, 0.0], [0.0, 1.0]]
    assert history_value(torch.tensor([1 + 2j]).conj()) == "1-2j"


@pytest.mark.covers("arrays")
def test_up_to_32_elements_are_a_list_and_more_a_histogram_of_32_bins() -> None:
    assert history_value(np.arange(32)) == list(range(32))
    found = history_value(np.arange(33))
    assert isinstance(found, HistogramData)
    assert counts_of(found).tolist() == np.histogram(np.arange(33), 32)[0].tolist()
    assert edges_of(found).tolist() == np.histogram(np.arange(33), 32)[1].tolist()


def test_a_tensor_of_a_device_is_copied_there_at_once_and_read_later() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.arange(40.0, requires_grad=True).detach()
    late = ClonedValue(tensor, lambda array: from_values(array, 32))
    tensor.zero_()
    assert late.ready() and late.resolve() == from_values(np.arange(40.0, dtype=np.float32), 32)
    assert late.resolve() is late.resolve()


def test_the_histogram_that_a_device_makes_of_a_large_tensor_is_numpys() -> None:
    torch = pytest.importorskip("torch")
    from lossboard.histogram.device import deferred_histogram

    tensor = torch.randn(50, 20, generator=torch.Generator().manual_seed(1))
    tensor[0, :2] = torch.tensor([math.nan, math.inf])
    expected = from_values(tensor.numpy(), 32)
    late = deferred_histogram(tensor.T, 32)
    tensor.zero_()
    assert late.ready()
    found = late.resolve()
    assert counts_of(found).tolist() == counts_of(expected).tolist()
    assert (found.lo, found.hi, found.nan, found.pos_inf) == (expected.lo, expected.hi, 1, 1)
    assert deferred_histogram(torch.full((40,), math.nan), 32).resolve().n == 0


def test_a_deferred_histogram_is_logged_and_summed_up(project: str) -> None:
    torch = pytest.importorskip("torch")
    from lossboard.histogram.device import deferred_histogram

    with wandb.init() as run:
        run.log({"spread": 1.0})
        values = torch.arange(64.0)
        late = ClonedValue(values, lambda array: float(array.sum()))
        run._put_row(run.step, 0, {"spread": deferred_histogram(values, 32), "late": late})
        assert run.summary["late"] == values.sum()
        assert run.summary["spread"]["values"] == [2] * 32


def test_a_large_array_without_a_finite_value_is_counted_and_training_goes_on() -> None:
    histogram = history_value(np.array([np.nan] * 39 + [np.inf]))
    assert (histogram.n, histogram.nan, histogram.pos_inf) == (0, 39, 1)


def test_a_large_array_inside_a_list_is_the_json_of_its_histogram() -> None:
    found = history_value([np.arange(40)])
    assert found[0]["_type"] == "histogram"
    assert sum(found[0]["values"]) == 40


def test_histograms_are_stored_as_they_are() -> None:
    histogram = Histogram([1, 2, 3])
    assert history_value(histogram) is histogram.data


@pytest.mark.covers("values")
@pytest.mark.parametrize("value", [object(), SimpleNamespace(), NotImplemented])
def test_what_can_not_be_stored_raises_where_nobody_hears_of_it(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Object of type \w+ is not JSON serializable"):
        history_value(value)


def test_a_pandas_series_can_not_be_stored() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="Object of type Series is not JSON serializable"):
        history_value(pandas.Series([1]))


@pytest.mark.covers("values")
def test_nested_dicts_are_keyed_by_their_path_and_a_dot_in_a_key_is_another_key() -> None:
    row = history_row({"a": {"b": {"c": 1}, 2: np.float32(3)}, "a.b": 4})
    assert row == {("a", "b", "c"): 1, ("a", "2"): 3.0, "a.b": 4}


def test_a_row_is_a_snapshot() -> None:
    values = [1, 2]
    array = np.zeros(3)
    data: dict[str, Any] = {"list": values, "array": array}
    row = history_row(data)
    values.append(3)
    array += 1
    data["more"] = 1
    assert row == {"list": [1, 2], "array": [0.0, 0.0, 0.0]}


def nest(levels: int, kind: type = list) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"k": value} if kind is dict else [value]
    return value


def wheel() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("deep", "words"),
    [
        pytest.param(nest(101), "'net.deep' is nested 102 levels", id="lists"),
        pytest.param(nest(101, dict), "'net.deep.k.k...' is nested 102 levels", id="dicts"),
        pytest.param(nest(5000), "'net.deep' is nested 5001 levels", id="past Python's limit"),
        pytest.param(nest(5000, dict), "is nested 5001 levels", id="dicts past Python's limit"),
        pytest.param(wheel(), "'net.deep' is nested without end", id="holds itself"),
    ],
)
def test_a_value_nested_too_deeply_is_refused_by_name_and_the_rest_is_kept(
    deep: Any, words: str
) -> None:
    refused: list[Fault] = []
    row = history_row({"net": {"deep": deep, "ok": 1}, "loss": 2.0}, tell=refused.append)
    assert row == {("net", "ok"): 1, "loss": 2.0}
    assert words in refused[0].reason and f"at most {MAX_DEPTH} levels" in refused[0].reason
    assert refused[0].key.startswith("net.deep") and refused[0].fate == "left out"
    with pytest.raises(DepthError):
        config_values({"net": {"deep": deep}})


@pytest.mark.parametrize("kind", [list, dict])
def test_as_many_levels_as_are_allowed_are_stored(kind: type) -> None:
    deep = nest(MAX_DEPTH, kind)
    assert config_values({"net": deep}) == {"net": deep}
    assert list(history_row({"net": deep}).values()) == [1 if kind is dict else deep]


def test_any_mapping_can_be_logged() -> None:
    assert history_row(collections.OrderedDict(a=1)) == {"a": 1}


@pytest.mark.covers("log")
@pytest.mark.parametrize("data", [[1], 5, "text", {1}])
def test_what_is_no_mapping_raises(data: Any) -> None:
    with pytest.raises(TypeError, match="must be passed a dictionary"):
        history_row(data)


@pytest.mark.covers("log")
@pytest.mark.parametrize("data", [{1: 2}, {"a": 1, None: 2}, {("a", "b"): np.float32(1)}])
def test_keys_that_are_no_text_raise(data: Any) -> None:
    with pytest.raises(TypeError, match="Key values passed to `wandb.log` must be strings"):
        history_row(data)


CONFIG: list[tuple[Any, Any]] = [
    (math.nan, None),
    (Path("a/b"), "a/b"),
    (np.arange(3), [0, 1, 2]),
    (np.arange(40), list(range(40))),
    (np.array([5]), 5),
    (Options(0.1, Path("p")), {"lr": 0.1, "path": "p"}),
    (slice(1, 5), {"slice_start": 1, "slice_step": None, "slice_stop": 5}),
    (Colour.RED, "RED"),
    ({"a": {1}}, {"a": [1]}),
    (function, f"{__name__}.function"),
    (range(3), [0, 1, 2]),
    ([math.nan, 1.0], [None, 1.0]),
    (datetime.timedelta(seconds=5), "0:00:05"),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
]


@pytest.mark.covers("config")
@pytest.mark.parametrize(("value", "stored"), CONFIG, ids=name)
def test_config_values_become_plain_data_or_text(value: Any, stored: Any) -> None:
    assert config_value(value) == stored


def test_config_takes_torch_types_as_text() -> None:
    torch = pytest.importorskip("torch")
    assert config_value(torch.float16) == "torch.float16"
    assert config_value(torch.device("cpu")) == "cpu"


def test_summary_keeps_statistics_of_large_arrays() -> None:
    found = summary_value(np.arange(101.0))
    assert found["_type"] == "numpy.ndarray"
    assert (found["min"], found["max"], found["mean"], found["size"]) == (0.0, 100.0, 50.0, 101)
    assert (found["10%"], found["75%"]) == (10.0, 75.0)


@pytest.mark.covers("arrays")
@pytest.mark.parametrize("convert", [history_value, summary_value, config_value])
def test_arrays_of_objects_are_lists_however_long(convert: Any) -> None:
    given = np.array([None, "a", 1.5, [1]] * 20, object)
    assert convert(given) == [None, "a", 1.5, [1]] * 20
    assert convert(np.array(["a"] * 50)) == ["a"] * 50
