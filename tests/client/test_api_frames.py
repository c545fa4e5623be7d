"""Rows of many runs as one table: every row, with the values and types that were logged."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lossboard as wandb

KEY = "loss, of a, b"


@pytest.fixture
def logged(api: wandb.Api, project: str) -> list[str]:
    """Ids of three runs of different lengths, with numbers, ints, text and gaps."""
    ids = []
    for number in range(3):
        with wandb.init(name=f"n{number}", config={"number": number}) as run:
            for step in range(4 + number):
                row: dict[str, Any] = {KEY: step / 2 + number, "epoch": step // 2, "count": step}
                if step % 2:
                    row |= {"word": "Infinity" if step == 1 else f"w{step}", "rare": step}
                if step == 3:
                    row["odd"] = [1, math.inf]
                    row["bad"] = math.inf
                run.log(row)
        ids.append(run.id)
    return ids


def rows_of(api: wandb.Api, keys: list[str]) -> list[dict[str, Any]]:
    """The rows that have one of the keys, as `scan_history` reads them, each run by itself."""
    return [
        {"run_id": run.id, "_step": row["_step"], **{key: row.get(key) for key in keys}}
        for run in api.runs()
        for row in run.scan_history()
        if any(key in row for key in keys)
    ]


@pytest.mark.covers("Runs.frame")
def test_a_frame_has_every_row_of_all_runs_as_scan_history_reads_them(
    api: wandb.Api, logged: list[str]
) -> None:
    keys = [KEY, "word", "rare", "bad"]
    frame = api.runs().frame(keys=keys)
    assert list(frame.columns) == ["run_id", "_step", *keys]
    assert len(frame) == 4 + 5 + 6 and list(frame["run_id"].unique()) == logged
    expected = rows_of(api, keys)
    for found, wanted in zip(frame.to_dict("records"), expected, strict=True):
        for key, value in wanted.items():
            assert (pd.isna(found[key]) and value is None) or found[key] == value
    assert str(frame["_step"].dtype) == "int64" and str(frame["rare"].dtype) == "Int64"
    assert frame[KEY].dtype == np.float64 and frame["word"][1] == "Infinity"


@pytest.mark.covers("Runs.frame")
def test_a_frame_of_one_key_or_all_or_none(api: wandb.Api, logged: list[str]) -> None:
    runs = api.runs(order="-created_at", filters={"config.number": {"$gt": 0}})
    one = runs.frame(keys=KEY, x="epoch")
    assert list(one.columns) == ["run_id", "epoch", KEY]
    assert list(one["run_id"].unique()) == [logged[2], logged[1]]
    assert one["epoch"].to_list() == [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2]
    whole = runs.frame(x="time")
    assert {"_step", "_timestamp", "_runtime", KEY, "epoch", "odd"} <= set(whole.columns)
    assert whole["odd"].dropna().to_list() == [[1, math.inf]] * 2
    assert len(runs.frame(keys="nothing")) == 0
    assert len(api.runs(filters={"state": "failed"}).frame(keys=KEY)) == 0
    with pytest.raises(ValueError, match="pandas, polars, arrow"):
        runs.frame(format="excel")  # type: ignore[arg-type]


@pytest.mark.covers("Runs.frame")
def test_a_frame_of_samples_and_of_one_run(api: wandb.Api, logged: list[str]) -> None:
    sampled = api.runs().frame(keys=[KEY], samples=2)
    assert list(sampled.columns)[:3] == ["run_id", "_step", KEY] and len(sampled) == 6
    own = api.run(logged[2]).frame(keys=[KEY], min_step=1, max_step=3)
    assert own[KEY].to_list() == [2.5, 3.0] and own["_step"].to_list() == [1, 2]


@pytest.mark.covers("Runs.frame")
def test_summaries_and_configs_are_frames_too(api: wandb.Api, logged: list[str]) -> None:
    summaries = api.runs().summary_frame()
    assert list(summaries.columns[:3]) == ["run_id", "name", "state"]
    assert summaries["count"].to_list() == [3, 4, 5] and summaries["bad"][0] == math.inf
    configs = api.runs().config_frame()
    assert configs["number"].to_list() == [0, 1, 2] and configs["run_id"].to_list() == logged


@pytest.mark.covers("Runs.frame")
def test_a_large_answer_comes_in_parts(
    api: wandb.Api, logged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossboard.connection import Connection

    asked: list[Any] = []
    query = Connection.query

    def noted(self: Connection, kind: str, body: Any) -> Any:
        asked.append(body)
        return query(self, kind, body)

    monkeypatch.setattr(Connection, "query", noted)
    api.runs().frame(keys=[KEY])
    assert len(asked) == 1


@pytest.mark.covers("Run.history")
def test_keys_hold_commas_and_texts_stay_texts(api: wandb.Api, logged: list[str]) -> None:
    run = api.run(logged[0])
    assert run.history(keys=KEY, pandas=False) == run.history(keys=[KEY], pandas=False)
    assert [row[KEY] for row in run.scan_history(keys=[KEY])] == [0, 0.5, 1, 1.5]
    words = [(row["word"], row["_step"]) for row in run.scan_history() if "word" in row]
    assert words == [("Infinity", 1), ("w3", 3)]
    odd = [(row["odd"], row["bad"]) for row in run.scan_history() if "odd" in row]
    assert odd == [([1, math.inf], math.inf)]
    assert run.history(keys=[], pandas=False) == run.history(pandas=False)
    assert run.history(samples=0, pandas=False) == []
    with pytest.raises(ValueError, match="samples"):
        run.history(samples=-1)
    with pytest.raises(TypeError, match="keys"):
        run.history(keys=[1])  # type: ignore[list-item]


@pytest.mark.covers("Runs.frame")
def test_polars_and_arrow_have_the_same_values(
    api: wandb.Api, logged: list[str], tmp_path: Path
) -> None:
    polars, parquet = pytest.importorskip("polars"), pytest.importorskip("pyarrow.parquet")
    keys = [KEY, "word", "rare"]
    expected = rows_of(api, keys)
    assert api.runs().frame(keys=keys, format="polars").to_dicts() == expected
    assert api.runs().frame(keys=keys, format="arrow").to_pylist() == expected
    assert api.runs().to_parquet(tmp_path / "rows.parquet", keys=keys) == len(expected)
    assert parquet.read_table(tmp_path / "rows.parquet").to_pylist() == expected
    assert api.runs().to_parquet(tmp_path / "all.parquet") == len(expected)
    assert polars.read_parquet(tmp_path / "all.parquet")["odd"].drop_nulls().len() == 3
