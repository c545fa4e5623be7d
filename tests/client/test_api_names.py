"""Names that scripts use of W&B's Api, in any of its versions."""

from __future__ import annotations

import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import lossboard as wandb
from lossboard.api import NotFound
from lossboard.errors import UnsupportedError, WaitTimeoutError

SWEEP = """
method: grid
name: search
run_cap: 9
metric: {name: acc, goal: maximize}
parameters: {lr: {values: [0.1, 0.2]}}
"""


def graphql(document: str, **variables: Any) -> Any:
    base = os.environ["LOSSBOARD_BASE_URL"]
    answer = httpx.post(f"{base}/graphql", json={"query": document, "variables": variables})
    return answer.json()["data"]


@pytest.fixture
def swept(api: wandb.Api, project: str) -> str:
    """The id of a sweep that two runs of the project belong to, beside a run of no sweep."""
    document = "mutation S($i: JSON) { upsertSweep(input: $i) { sweep { name } } }"
    made = graphql(document, i={"projectName": project, "config": SWEEP})
    sweep = str(made["upsertSweep"]["sweep"]["name"])
    for number, name in enumerate((sweep, sweep, None)):
        with wandb.init(settings={"sweep_id": name} if name else {}, name=f"r{number}") as run:
            run.log({"acc": number})
        if name:
            bucket = {"name": run.id, "modelName": project, "sweep": name, "host": "h", "id": "x"}
            graphql("mutation U($i: JSON) { upsertBucket(input: $i) { inserted } }", i=bucket)
    return sweep


@pytest.mark.covers("Api.sweeps")
def test_a_sweep_is_read_with_its_runs_and_the_best_of_them(
    api: wandb.Api, swept: str, project: str
) -> None:
    sweep = api.sweep(f"local/{project}/{swept}")
    assert (sweep.id, sweep.name, sweep.state) == (swept, "search", "RUNNING")
    assert sweep.url.endswith(f"/local/{project}/sweeps/{swept}")
    assert httpx.get(sweep.url).status_code == 200
    assert sweep.config["method"] == "grid" and sweep.expected_run_count == 9
    assert [run.name for run in sweep.runs] == ["r0", "r1"]
    best = sweep.best_run()
    assert best is not None and best.name == "r1"
    first = sweep.best_run("+summary_metrics.acc")
    assert first is not None and first.name == "r0"
    run = api.runs(order="+created_at")[0]
    assert run.sweep.id == run.sweep_name == swept
    assert api.runs()[2].sweep is None
    assert [one.id for one in api.sweeps(project)] == [swept]
    assert [one.id for one in api.project(project).sweeps()] == [swept]
    assert api.from_path(f"local/{project}/sweeps/{swept}").id == swept
    with pytest.raises(NotFound, match="no sweep"):
        api.sweep(f"{project}/nothing")


@pytest.fixture
def run(api: wandb.Api, project: str) -> Any:
    with wandb.init(config={"a": {"b": 1}}, name="named") as active:
        for step in range(3):
            active.log({"loss": step / 2})
    return api.run(active.path)


@pytest.mark.covers("Run.user")
def test_older_names_of_what_a_run_is(run: Any, project: str) -> None:
    assert run.display_name == run.name == "named"
    assert run.username == run.entity == "local"
    assert run.createdAt <= run.heartbeatAt == run.heartbeat_at == run.updated_at
    assert run.historyLineCount == 3 and run.lastHistoryStep == 2
    assert run.summary_metrics == run.summary and run.summary["loss"] == 1.0
    assert run.summary.loss == 1.0
    assert list(run.beta_scan_history(keys=["loss"])) == list(run.scan_history(keys=["loss"]))
    assert not run.read_only and f"/local/{project}/runs/{run.id}?jupyter" in run.to_html()


@pytest.mark.covers("Run.user")
def test_the_plain_dict_of_a_summary_is_one_that_scripts_add_to(run: Any) -> None:
    run.summary._json_dict["name"] = run.name
    told = json.loads(json.dumps(run.summary._json_dict))
    assert (told["loss"], told["name"]) == (1.0, "named")


@pytest.mark.covers("Api.runs")
def test_filters_name_values_as_configs_of_wandb_store_them(api: wandb.Api, run: Any) -> None:
    for name in ("config.a.value.b", "config.a.b", "config.a.b.value"):
        assert [one.id for one in api.runs(filters={name: 1})] == [run.id]


@pytest.mark.covers("Run.user")
def test_waiting_for_a_run_ends_with_it(api: wandb.Api, project: str) -> None:
    found = api.create_run()
    with pytest.raises(WaitTimeoutError, match="still going on"):
        found.wait_until_finished(timeout=0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(found.wait_until_finished)
        wandb.init(id=found.id, resume="must").finish()
        waiting.result(60)
    assert found.state == "finished"


@pytest.mark.covers("Run.files")
def test_files_are_chosen_by_a_pattern_and_deleted(run: Any, tmp_path: Path) -> None:
    for name in ("a.json", "b.json", "c_txt", "folder/d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
        run.upload_file(tmp_path / name, tmp_path)
    found = [file.name for file in run.files(pattern="%.json") if file.name[0] in "abf"]
    assert found == ["a.json", "b.json", "folder/d.json"]
    assert [file.name for file in run.files(pattern="c_txt")] == ["c_txt"]
    for file in run.files(pattern="%.json"):
        file.delete()
    left = [file.name for file in run.files(pattern="%.json")]
    assert left == ["wandb-metadata.json", "wandb-summary.json"]  # made of what is known of a run
    with pytest.raises(NotFound, match="no file"):
        run.file("a.json")
    with pytest.raises(ValueError, match="not both"):
        run.files(names=["a.json"], pattern="%")


@pytest.mark.covers("Api.artifacts")
def test_logged_artifacts_are_used_and_named_by_other_runs(
    api: wandb.Api, run: Any, project: str
) -> None:
    with wandb.init() as other:
        for text in ("one", "two"):
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("f.txt") as file:
                file.write(text)
            other.log_artifact(artifact, tags=["red", text]).wait()
    stored = api.artifact("data:v0")
    assert run.use_artifact(stored).name == "data:v0"
    assert [one.name for one in run.used_artifacts()] == ["data:v0"]
    assert [one.id for one in stored.used_by()] == [run.id]
    run.log_artifact(stored, aliases=["chosen"], tags=["blue"])
    assert api.artifact("data:chosen").tags == ["red", "one", "blue"]
    tagged = api.artifacts("dataset", "data", tags=["red", "two"])
    assert [one.name for one in tagged] == ["data:v1"]
    assert [one.name for one in api.artifact_types(project)] == ["dataset"]
    with pytest.raises(ValueError, match="is logged"):
        run.use_artifact(wandb.Artifact("draft", "dataset"))


@pytest.mark.covers("Run.files")
def test_a_file_is_restored_without_a_run(run: Any, tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    run.upload_file(tmp_path / "kept.txt", tmp_path)
    (tmp_path / "kept.txt").unlink()
    with wandb.restore("kept.txt", run_path="/".join(run.path)) as file:
        assert file.read() == "kept"
    with pytest.raises(ValueError, match="run_path"):
        wandb.restore("kept.txt")


@pytest.mark.covers("Api.from_path")
def test_classes_are_where_wandb_has_them() -> None:
    public = wandb.apis.public
    assert public.Api is wandb.Api
    assert {"Run", "Runs", "File", "Project", "Sweep", "ArtifactType"} <= set(public.__all__)


@pytest.mark.parametrize("name", ["team", "reports", "run_queue", "automations", "registry"])
def test_what_has_no_meaning_here_says_why(api: wandb.Api, name: str) -> None:
    with pytest.raises(UnsupportedError, match=rf"no Api\(\)\.{name}: \w+"):
        getattr(api, name)("x")
    with pytest.raises(AttributeError):
        _ = api.nonsense  # type: ignore[attr-defined]


def test_the_state_of_a_run_is_not_set_by_hand(run: Any) -> None:
    with pytest.raises(UnsupportedError, match="follows from"):
        run.update_state("failed")


@pytest.mark.covers("Run.files")
def test_every_run_has_the_files_that_scripts_expect(run: Any, tmp_path: Path) -> None:
    named = {"config.yaml", "output.log", "wandb-metadata.json", "wandb-summary.json"}
    with wandb.init(id=run.id, resume="must", settings={"console": "wrap"}) as active:
        print("seen in the log: ✓")
        active.log({"loss": math.inf})
    run.load()
    assert named <= {file.name for file in run.files()}
    texts = {}
    for file in run.files(names=sorted(named)):
        with file.download(tmp_path) as opened:
            texts[file.name] = opened.read()
        assert file.size == len(texts[file.name].encode())
        assert httpx.get(file.url).text == texts[file.name]
    assert yaml.safe_load(texts["config.yaml"])["a"] == {"value": {"b": 1}}
    assert json.loads(texts["wandb-summary.json"])["loss"] == "Infinity"
    assert json.loads(texts["wandb-metadata.json"])["host"] == run.metadata["host"]
    assert "seen in the log: ✓" in texts["output.log"].splitlines()
    (tmp_path / "config.yaml").write_text("mine: 1")
    run.upload_file(tmp_path / "config.yaml", tmp_path)
    assert run.file("config.yaml").sha256 and len(run.files(["config.yaml"])) == 1
