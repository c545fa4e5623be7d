"""What a run shows doesn't depend on the door it came by."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import lossboard

from .conftest import Runner, detail, history

SCRIPT = Path(__file__).parent / "scripts" / "both_doors.py"
OWN_FIELDS = ("_timestamp", "_runtime")


@pytest.fixture(scope="module")
def doors(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server that has the run `native` and the run `official` of the same script."""
    folder = tmp_path_factory.mktemp("native")
    environment = os.environ | {"LOSSBOARD_BASE_URL": server.base_url}
    main = "import sys; from lossboard.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", main, "run", str(SCRIPT), "doors", "native"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return server


@pytest.fixture
def both(doors: Any, official: Runner) -> tuple[Any, str, str]:
    runs = httpx.get(f"{doors.base_url}/api/projects/local/doors/runs").json()["runs"]
    if "official" not in [run["run_id"] for run in runs]:
        official(doors, SCRIPT.name, "doors", "official")
    return doors, "native", "official"


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without times and histograms, which are compared apart."""
    return {
        key: value
        for key, value in row.items()
        if key not in OWN_FIELDS and not (isinstance(value, dict) and "_type" in value)
    }


@pytest.mark.covers("log", "Run.history")
def test_history_is_the_same(both: tuple[Any, str, str]) -> None:
    server, native, official = both
    ours, theirs = (history(server, "doors", one) for one in (native, official))
    assert [plain(row) for row in ours] == [plain(row) for row in theirs]
    assert [set(row) for row in ours] == [set(row) for row in theirs]


@pytest.mark.covers("Histogram")
def test_histograms_are_the_same(both: tuple[Any, str, str]) -> None:
    server, native, official = both
    keys = ["gradients/0.weight", "parameters/2.bias", "spread"]
    uids = [detail(server, "doors", one)["uid"] for one in (native, official)]
    question = {"runs": uids, "keys": keys}
    answer = httpx.post(f"{server.base_url}/api/query/histograms", json=question).json()
    found = {(one["run"], one["key"]): one["columns"] for one in answer["series"]}
    for key in keys:
        ours, theirs = (found[uid, key] for uid in uids)
        for column in ("n", "bins", "counts"):
            assert ours[column] == theirs[column], (key, column)
        for column in ("lo", "hi"):
            assert ours[column] == pytest.approx(theirs[column], rel=1e-6), (key, column)


@pytest.mark.covers("init.config", "define_metric", "config", "summary")
def test_config_summary_and_metrics_are_the_same(both: tuple[Any, str, str]) -> None:
    server, native, official = both
    ours, theirs = (detail(server, "doors", one) for one in (native, official))
    assert without_own(ours["config"]) == without_own(theirs["config"])
    assert without_own(ours["summary"]) == without_own(theirs["summary"])
    own = {key for key in theirs["summary"] if key.startswith("_")}
    assert own and {key for key in ours["summary"] if key.startswith("_")} == own
    assert ours["summary"]["_step"] == theirs["summary"]["_step"]
    for name in ("epoch", "acc"):
        assert ours["metrics"][name] == theirs["metrics"][name]
    assert (ours["state"], ours["last_step"]) == (theirs["state"], theirs["last_step"])


def without_own(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if not key.startswith("_")}


def test_ints_of_any_size_are_read_through_the_other_door(server: Any, official: Runner) -> None:
    wide, settings = 2**70 + 1, {"base_url": server.base_url, "silent": True}
    with lossboard.init(project="wide", id="wide", config={"seed": wide}, settings=settings) as run:
        run.log({"best": wide})
    assert official(server, "wide_ints.py", "wide", "wide") == {
        "config": {"seed": wide},
        "summary": wide,
        "sampled": [wide],
    }


def test_a_moved_run_of_a_renamed_project_is_found_and_goes_on_through_both_doors(
    server: Any, official: Runner
) -> None:
    first, second, third = (f"former-{secrets.token_hex(4)}" for _ in range(3))
    official(server, "scalars.py", first, "one")
    uid = detail(server, first, "one")["uid"]
    moved = {"runs": [uid], "project": third}
    with httpx.Client(base_url=server.base_url) as http:
        http.patch(f"/api/projects/local/{first}", json={"name": second}).raise_for_status()
        http.post("/api/runs/move", json=moved).raise_for_status()
    for former in (first, second):
        told = official(server, "former_names.py", former, "one")
        assert told[0] == "one"
    run = detail(server, first, "one")
    assert (run["uid"], run["project"]) == (uid, third)
    assert [row["_step"] for row in history(server, third, "one")] == list(range(22))
    assert {alert["title"] for alert in run["alerts"]} == {"Resumed"}
    assert all(19 <= alert["step"] <= 21 for alert in run["alerts"])
    ours = lossboard.Api(overrides={"base_url": server.base_url}).run(f"local/{second}/one")
    assert (ours.project, ours.summary["loss"]) == (third, 0.5)
