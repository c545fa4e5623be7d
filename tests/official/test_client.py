"""The unmodified client logs to lossboard, and nothing it logs is lost."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Runner, detail, history, start

SCRIPTS = Path(__file__).parent / "scripts"


def project_of(packages: Path | None, name: str) -> str:
    return f"{name}-{'current' if packages is None else 'old'}"


@pytest.mark.covers("init.project", "log")
def test_scalars_config_and_summary_arrive_as_they_were_logged(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = project_of(packages, "scalars")
    official(server, "scalars.py", project, "run", packages=packages)
    rows, run = history(server, project, "run"), detail(server, project, "run")
    assert [row["loss"] for row in rows] == [1 / (i + 1) for i in range(20)]
    assert [row["deep"] for row in rows] == [{"x": {"y": i}} for i in range(20)]
    assert [row["odd"] for row in rows[:6]] == [0, 1, 2, "NaN", "Infinity", 5]
    assert {k: v for k, v in run["config"].items() if k != "_wandb"} == {
        "lr": 0.1,
        "nested": {"depth": 2},
        "added": 5,
    }
    assert (run["state"], run["tags"], run["notes"]) == ("finished", ["a", "b"], "a note")
    assert (run["summary"]["best"], run["summary"]["acc"]) == (7, {"max": 6})
    assert run["metrics"]["acc"]["step_metric"] == "epoch"


def test_a_value_that_is_too_large_costs_itself_alone_and_is_named(
    server: Any, official: Runner, own_name: str
) -> None:
    official(server, "too_large.py", own_name, "run")
    rows, run = history(server, own_name, "run"), detail(server, own_name, "run")
    assert [row["loss"] for row in rows] == list(range(5))
    assert {k: v for k, v in run["config"].items() if k != "_wandb"} == {"lr": 0.1, "later": 3}
    assert run["state"] == "finished" and "huge" not in run["summary"]
    (notice,) = [notice for notice in run["notices"] if notice["kind"] == "too_large"]
    for name in ("config 'text'", "config 'many'", "summary 'huge'", "'odd'"):
        assert name in notice["text"]


@pytest.mark.covers("console")
def test_console_lines_arrive_with_their_stream(server: Any, official: Runner) -> None:
    official(server, "scalars.py", "console", "run")
    uid = detail(server, "console", "run")["uid"]
    lines = httpx.get(f"{server.base_url}/api/runs/{uid}/console").json()["lines"]
    streams = {line["text"]: line["stream"] for line in lines}
    assert (streams["to stdout"], streams["to stderr"]) == ("stdout", "stderr")


@pytest.mark.covers("watch")
def test_watch_gives_a_histogram_of_every_event(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = project_of(packages, "watch")
    official(server, "watching.py", project, "run", packages=packages)
    uid = detail(server, project, "run")["uid"]
    question = {"runs": [uid], "keys": ["gradients/0.weight", "parameters/2.bias"]}
    answer = httpx.post(f"{server.base_url}/api/query/histograms", json=question).json()
    assert [one["n"] for one in answer["series"]] == [5, 5]
    assert answer["series"][0]["columns"]["n"] == [32.0] * 5
    assert len(history(server, project, "run")) == 10


@pytest.mark.covers("Image")
def test_media_files_are_there_when_the_client_asks(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = project_of(packages, "media")
    names = official(server, "media.py", project, "run", packages=packages)
    row = history(server, project, "run")[0]
    for key in ("image", "sound", "clip", "water", "html", "points", "figure", "table"):
        assert row[key]["path"] in names
    assert row["image"]["boxes"]["b"]["path"] in names
    assert {"saved.txt", "wandb-summary.json"} <= set(names)
    assert sum(row["histogram"]["values"]) == 1000


@pytest.mark.covers("plot", "plot.confusion_matrix")
def test_a_chart_is_a_table_with_a_specification_in_config(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = project_of(packages, "plots")
    official(server, "plots.py", project, "run", packages=packages)
    row, run = history(server, project, "run")[0], detail(server, project, "run")
    assert {"matrix_table", "nested.walk_table", "visualized"} <= set(row)
    own = run["config"]["_wandb"]
    assert own["visualize"]["matrix"]["panel_config"]["panelDefId"] == "wandb/confusion_matrix/v1"
    assert own["visualize"]["nested.walk"]["panel_config"]["fieldSettings"]["x"] == "x"
    assert own["viz"]["visualized"]["id"] == "wandb/confusion_matrix/v1"


@pytest.mark.covers("Artifact")
def test_artifacts_are_versions_by_content(
    server: Any, official: Runner, packages: Path | None
) -> None:
    result = official(server, "artifacts.py", project_of(packages, "art"), "one", packages=packages)
    assert result == {
        "versions": ["v0", "v0", "v1"],
        "text": "beta",
        "files": ["a.txt", "b.txt"],
        "aliases": ["best", "latest", "prod"],
        "logged_by": "one",
        "users": True,
    }


@pytest.mark.covers("init.resume")
def test_a_resumed_run_goes_on_where_it_ended(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = project_of(packages, "resume")
    first = official(server, "resuming.py", project, "run", "allow", packages=packages)
    second = official(server, "resuming.py", project, "run", "must", packages=packages)
    assert (first, second) == (
        {"start": 0, "resumed": False},
        {"start": 10, "resumed": True},
    )
    rows = history(server, project, "run")
    assert [(row["_step"], row["loss"]) for row in rows] == [(i, i % 10) for i in range(20)]


@pytest.mark.covers("init.fork_from")
def test_forks_and_rewinds_compose_and_cut_nothing_away(server: Any, official: Runner) -> None:
    rows = official(server, "forking.py", "forks")
    assert rows["fork"] == [[i, i] for i in range(5)] + [[5 + i, 100 + i] for i in range(3)]
    assert rows["origin"] == [[i, i] for i in range(6)] + [[6 + i, 200 + i] for i in range(2)]


@pytest.mark.covers("init.offline")
def test_an_offline_run_synced_twice_is_there_once(
    server: Any, official: Runner, tmp_path: Path
) -> None:
    official(server, "offline.py", "offline", "run")
    folder = next(tmp_path.glob("wandb/offline-run-*"))
    for _ in range(2):
        sync = start(server.base_url, tmp_path, None, "-m", "wandb", "sync", folder)
        _, errors = sync.communicate(timeout=120)
        assert sync.returncode == 0, errors
        for marker in folder.glob("*.synced"):
            marker.unlink()
    rows = history(server, "offline", "run")
    assert [row["loss"] for row in rows] == [1 / (i + 1) for i in range(300)]
    run = detail(server, "offline", "run")
    assert (run["state"], len(run["attempts"])) == ("finished", 1)


@pytest.mark.covers("init.name", "Api.runs", "Run.update")
def test_the_public_api_reads_and_edits(server: Any, official: Runner) -> None:
    assert official(server, "public_api.py", "public") == {
        "filtered": ["r1", "r2"],
        "ordered": ["r2", "r1", "r0"],
        "state": "finished",
        "rows": 50,
        "sampled": 10,
        "rare": [0, 10, 20, 30, 40],
        "paged": 50,
        "edited": [0.5, ["new"], "edited", "finished"],
        "left": ["r0", "r1"],
        "projects": True,
    }


def test_a_server_restarted_in_the_middle_loses_no_row(own_server: Any, tmp_path: Path) -> None:
    script = start(own_server.base_url, tmp_path, None, SCRIPTS / "endless.py", "p", "run", 120)
    wait_for_run(own_server, "p", "run")
    own_server.kill()
    time.sleep(2)
    own_server.start()
    _, errors = script.communicate(timeout=180)
    assert script.returncode == 0, errors[-3000:]
    assert [row["i"] for row in history(own_server, "p", "run")] == list(range(120))


@pytest.mark.covers("finish")
def test_a_killed_client_is_shown_as_crashed(server_factory: Any, tmp_path: Path) -> None:
    server = server_factory(crashed_after_secs=2)
    script = start(server.base_url, tmp_path, None, SCRIPTS / "endless.py", "p", "run", 10_000)
    wait_for_run(server, "p", "run")
    script.kill()
    subprocess.run(["pkill", "-9", "-f", f"wandb-core.*{script.pid}"], check=False)
    script.communicate()
    deadline = time.monotonic() + 60
    while detail(server, "p", "run")["state"] != "crashed":
        assert time.monotonic() < deadline, detail(server, "p", "run")["state"]
        time.sleep(0.2)


@pytest.mark.covers("stop")
def test_stop_in_the_dashboard_ends_the_script(server: Any, tmp_path: Path) -> None:
    script = start(server.base_url, tmp_path, None, SCRIPTS / "endless.py", "stop", "run", 10_000)
    wait_for_run(server, "stop", "run")
    uid = detail(server, "stop", "run")["uid"]
    httpx.patch(f"{server.base_url}/api/runs/{uid}", json={"stop_requested": True})
    _, errors = script.communicate(timeout=120)
    assert script.returncode in (1, 255, -signal.SIGINT), errors[-2000:]
    assert detail(server, "stop", "run")["state"] == "killed"


@pytest.mark.covers("setup")
def test_wandb_login_takes_any_key_of_forty_characters(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    command = ("-m", "wandb", "login", "--host", server.base_url, "--verify", "local" + "1" * 35)
    login = start(server.base_url, tmp_path, None, *command)
    output, errors = login.communicate(timeout=60)
    assert login.returncode == 0, output + errors


@pytest.mark.long
def test_wandb_verify_accepts_the_server(server: Any, tmp_path: Path) -> None:
    command = ("-m", "wandb", "verify", "--host", server.base_url)
    verify = start(server.base_url, tmp_path, None, *command)
    output, errors = verify.communicate(timeout=240)
    assert verify.returncode == 0, output + errors


@pytest.mark.covers("values")
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_non_finite_numbers_reach_the_public_api_as_text(server: Any, value: float) -> None:
    rows = [{"_step": 0, "_timestamp": 1.7e9, "x": value}]
    post_history(server, f"nonfinite-{value}", "run", 0, rows)
    question = {
        "query": "query Q($p: String, $s: [JSONString!]!) { project(name: $p, entityName: null)"
        ' { run(name: "run") { sampledHistory(specs: $s) } } }',
        "variables": {"p": f"nonfinite-{value}", "s": '{"keys": ["x"]}'},
    }
    answer = httpx.post(f"{server.base_url}/graphql", json=question).json()
    expected = "NaN" if math.isnan(value) else "Infinity"
    assert answer["data"]["project"]["run"]["sampledHistory"] == [[{"x": expected}]]


def wait_for_run(server: Any, project: str, run_id: str) -> None:
    deadline = time.monotonic() + 60
    url = f"{server.base_url}/api/runs/local/{project}/{run_id}"
    while httpx.get(url).status_code != 200:
        assert time.monotonic() < deadline, "the client never reached the server"
        time.sleep(0.1)


def post_history(
    server: Any, project: str, run_id: str, offset: int, rows: list[dict[str, Any]]
) -> httpx.Response:
    content = [json.dumps(row) for row in rows]
    body = {"files": {"wandb-history.jsonl": {"offset": offset, "content": content}}}
    url = f"{server.base_url}/files/local/{project}/{run_id}/file_stream"
    return httpx.post(url, json=body, timeout=60)


@pytest.mark.covers("summary")
def test_a_value_deleted_from_the_summary_stays_deleted(
    server: Any, official: Runner, packages: Path | None
) -> None:
    first, resumed, edited = official(
        server, "deleting.py", project_of(packages, "deleting"), packages=packages
    )
    assert first == {"kept": 1, "later": 3, "mine": 4}
    assert resumed == {"kept": 1, "later": 3, "mine": 4, "more": 5}
    assert edited == {"kept": 1, "mine": 4, "more": 5}
