"""Versions have the order in which they were logged, however their files come to the server."""

from __future__ import annotations

from typing import Any

import pytest

import lossboard

SYNC = "import sys; from lossboard.cli import main; sys.exit(main())"

LOG_VERSIONS = """
import sys, lossboard
count, given_up = int(sys.argv[1]), sys.argv[2] == "gives-up"
settings = {"silent": True, "finish_timeout": 0.5}
run = lossboard.init(project=sys.argv[3], id=sys.argv[4], settings=settings)
if given_up:
    run._sender.flush(30)
    run._sender._pipeline._couriers[1].stop()  # files wait from here on, records go
table = lossboard.Table(columns=["row"], log_mode="INCREMENTAL")
for number in range(count):
    artifact = lossboard.Artifact("ordered", "dataset", metadata={"number": number})
    with artifact.new_file("a.txt") as file:
        file.write(f"{run.id}, number {number}")
    with artifact.new_file("shared.txt") as file:
        file.write(f"{run.id}, in two each: {number // 2}")
    run.log_artifact(artifact, aliases=["newest"])
    table.add_data(number)
    run.log({"grows": table, "changes": lossboard.Table(columns=["n"], data=[[number]])})
run.finish()
"""


@pytest.mark.parametrize("how", ["offline", "gives-up"])
def test_versions_that_sync_brings_have_the_order_in_which_they_were_logged(
    script: Any, server: Any, project: str, how: str
) -> None:
    count = 8
    mode = {"LOSSBOARD_MODE": "offline"} if how == "offline" else {}
    assert script(LOG_VERSIONS, str(count), how, project, how, **mode).returncode == 0
    assert script(SYNC, "sync", ".").returncode == 0
    api = lossboard.Api()
    versions = [api.artifact(f"{project}/ordered:v{number}") for number in range(count)]
    assert [one.metadata["number"] for one in versions] == list(range(count))
    assert versions[-1].aliases == ["latest", "newest"]
    assert not any(one.aliases for one in versions[:-1])
    changes = [api.artifact(f"{project}/run-{how}-changes:v{number}") for number in range(count)]
    assert [one.get("changes").data for one in changes] == [[[number]] for number in range(count)]
    grows = [api.artifact(f"{project}/run-{how}-incr-grows:v{number}") for number in range(count)]
    rows = [list(one.manifest.entries) for one in grows]
    assert [int(paths[0].split(".")[0]) for paths in rows] == list(range(count))
