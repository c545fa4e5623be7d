"""Values that are too large: named once, left out, and the rest is kept."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

import lossboard
from lossboard.bounds import MOST_NODES, json_nodes, nodes_in

LARGE_TEXT = "t" * 2_000_000
LARGE_LIST = [[]] * 200_000

plain = st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**64 - 1)
leaves = plain | st.text(max_size=40) | st.binary(max_size=40)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
)


def counted(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + len(value) + sum(map(counted, value.values()))
    return 1 + (sum(map(counted, value)) if isinstance(value, list) else 0)


@given(values)
def test_nodes_are_counted_in_the_bytes(value: Any) -> None:
    payload, nodes = msgspec.msgpack.encode(value), counted(value)
    assert nodes_in(payload, MOST_NODES) == nodes
    assert nodes_in(payload, nodes - 1) == nodes


@pytest.mark.parametrize("size", [0, 31, 32, 255, 256, 65_535, 65_536])
def test_nodes_are_counted_at_every_length(size: int) -> None:
    held = ["s" * size, b"b" * size, msgspec.msgpack.Ext(5, b"e" * size), [None] * size]
    held.append({str(number): number for number in range(size)})
    nodes = 1 + 4 + size + 1 + 2 * size
    assert nodes_in(msgspec.msgpack.encode(held), MOST_NODES) == nodes


@given(values.filter(lambda value: b"\xc4" not in msgspec.msgpack.encode(value)))
def test_json_never_has_more_values_than_are_counted(value: Any) -> None:
    text = msgspec.json.encode(value)
    for most in (MOST_NODES, 3):
        lists = text.replace(b'"', b"").count(b"[")
        assert json_nodes(text, most) >= min(lists, most)


def test_commas_in_texts_are_no_values() -> None:
    text = '["' + ',[{\\"' * 1000 + '", "", 1]'
    assert json_nodes(text, 100) == json_nodes(text.encode(), 100) == 4


def test_large_values_of_config_are_left_out_and_named(
    project: str, api: lossboard.Api, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    with lossboard.init(config={"lr": 0.1, "text": LARGE_TEXT}) as run:
        run.config["lists"] = LARGE_LIST
        run.config["seed"] = 7
        run.summary["acc"] = 0.5
        run.summary["all"] = LARGE_TEXT
        run.log({"loss": 1.0})
    err = capfd.readouterr().err
    for words in ("config text: 2.0 MB", "config lists: more than 100,000", "summary all: 2.0 MB"):
        assert err.count(words) == 1
    stored = api.run(f"local/{project}/{run.id}")
    assert dict(stored.config) == {"lr": 0.1, "seed": 7}
    assert stored.summary["acc"] == 0.5
    assert "all" not in stored.summary
    assert stored.history(pandas=False)[0]["loss"] == 1.0


def test_a_value_of_a_row_that_is_too_large_costs_only_itself(
    project: str, api: lossboard.Api, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    words = [f"word-{number}" for number in range(150_000)]
    with lossboard.init() as run:
        run.log({"loss": 1.0, "all": [0.5, ""] * 600_000, "words": words})
        run.log({"loss": 2.0})
    assert "all: more than 1,000,000 values" in capfd.readouterr().err
    rows = api.run(f"local/{project}/{run.id}").history(pandas=False)
    assert [row["loss"] for row in rows] == [1.0, 2.0]
    assert rows[0]["words"] == words
    assert "all" not in rows[0]


def test_a_run_from_a_list_has_its_large_values(project: str, api: lossboard.Api) -> None:
    vocabulary = [f"{number:05}" for number in range(50_000)]
    with lossboard.init(config={"vocabulary": vocabulary, "lr": 0.1}):
        lossboard.log({"loss": 1.0})
    (run,) = api.runs(f"local/{project}")
    assert dict(run.config) == {"vocabulary": vocabulary, "lr": 0.1}
