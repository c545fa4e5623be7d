"""`lossboard.Api()` in forked children and across processes."""

from __future__ import annotations

import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb

# The parent has used its connection before it forks, and goes on with it beside its children.
READ = """
import multiprocessing, sys
import lossboard as wandb
api = wandb.Api()
ids = sys.argv[1].split(",")
assert api.run(ids[0]).config["number"] == 0

def numbers(run_id):
    run = api.run(run_id)
    rows = list(run.scan_history())
    return run_id, run.config["number"], [row["loss"] for row in rows]

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(4) as pool:
        found = pool.map_async(numbers, ids * 12, chunksize=1)
        own = [numbers(run_id) for run_id in ids * 6]
        for run_id, number, losses in found.get(60) + own:
            assert ids[number] == run_id and losses == [number] * 5, (run_id, number, losses)
    print("all right")
"""


@pytest.fixture
def four(project: str, api: wandb.Api) -> list[str]:
    """Ids of runs that logged their number five times."""
    ids = []
    for number in range(4):
        with wandb.init(config={"number": number}) as run:
            for _ in range(5):
                run.log({"loss": number})
        ids.append(run.id)
    return ids


@pytest.mark.covers("Api.processes")
def test_forked_children_read_through_connections_of_their_own(
    script: Any, four: list[str]
) -> None:
    done = script(READ, ",".join(four))
    assert "all right" in done.stdout, done.stderr[-2000:]


def values_of(found: Any) -> Any:
    """What another process reads of what it was sent."""
    if isinstance(found, wandb.Api):
        return len(found.runs())
    if isinstance(found, wandb.Artifact):
        return found.files()[0].path, found.logged_by().id
    return found.size if hasattr(found, "sha256") else found.load().config["number"]


@pytest.mark.covers("Api.processes")
def test_runs_files_artifacts_and_the_api_itself_go_to_other_processes(
    api: wandb.Api, four: list[str], project: str, tmp_path: Path
) -> None:
    (tmp_path / "note.txt").write_text("five!")
    run = api.run(four[2])
    run.config["number"] = 7  # unsent, and not lost on the way
    file = run.upload_file("note.txt")
    with wandb.init(id=four[1], resume="must") as active:
        artifact = wandb.Artifact("data", "dataset")
        artifact.add_file(str(tmp_path / "note.txt"))
        active.log_artifact(artifact).wait()
    stored = api.artifact("data:latest")
    again = pickle.loads(pickle.dumps(run))
    assert again.config["number"] == 7 and again.config is not run.config
    again.update()
    assert api.run(four[2]).config["number"] == 7
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        sent = [api, run, file, stored, api.runs(per_page=2)[3]]
        assert pool.map(values_of, sent) == [4, 7, 5, ("note.txt", four[1]), 3]
