"""`lossboard demo` as a user runs it: what the dashboard will show is what was trained."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lossboard

pytestmark = pytest.mark.long

REPOSITORY = Path(__file__).parents[2]
DEMO = "import sys; from lossboard_server.demo import main; sys.exit(main(sys.argv[1:]))"
RUN = "import sys; from lossboard.cli import main; sys.exit(main())"
IMAGES, BATCH_SIZE, EPOCHS, LOG_FREQ = 1437, 16, 3, 10
BACKWARD_PASSES = EPOCHS * -(-IMAGES // BATCH_SIZE)
LAYERS = ("layer1.0", "layer2.0", "fc")
TENSORS = [
    f"{group}/{layer}.{kind}"
    for group in ("gradients", "parameters")
    for layer in LAYERS
    for kind in ("weight", "bias")
]


def run_python(directory: Path, code: str, *arguments: str, **variables: str) -> str:
    """What `python -c code arguments` prints, run in `directory`."""
    roots = os.pathsep.join(str(REPOSITORY / root) for root in ("client", "server"))
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": roots, **variables},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


@pytest.fixture(scope="module")
def demo_runs(server: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The three runs of a demo that found a server, read back through `lossboard.Api`."""
    directory = tmp_path_factory.mktemp("demo")
    run_python(directory, DEMO, "--exit", "--port", str(server.port), "--epochs", str(EPOCHS))
    return [run for run in runs_of(server) if run.name.startswith("lr ")]


def runs_of(server: Any) -> list[Any]:
    """All runs of the example's project, those of the demo with names of their own."""
    api = lossboard.Api(overrides={"base_url": server.base_url})
    return list(api.runs("local/pytorch-intro"))


def test_three_runs_finish_with_their_hyperparameters(demo_runs: list[Any]) -> None:
    assert [run.state for run in demo_runs] == ["finished"] * 3
    assert {run.config["learning_rate"] for run in demo_runs} == {0.003, 0.001, 0.0003}
    assert all(run.summary["test_accuracy"] > 0.5 for run in demo_runs)


def test_every_tenth_backward_pass_gave_one_event_of_every_tensor(demo_runs: list[Any]) -> None:
    for run in demo_runs:
        for tensor in TENSORS:
            events = run.histograms(tensor)
            batches = [event.batch for event in events]
            assert batches == list(range(LOG_FREQ, BACKWARD_PASSES + 1, LOG_FREQ))


def test_every_event_counts_all_values_of_its_tensor(demo_runs: list[Any]) -> None:
    events = demo_runs[0].histograms("gradients/fc.bias")
    assert {event.histogram.data.n for event in events} == {10.0}


def test_the_losses_fall(demo_runs: list[Any]) -> None:
    for run in demo_runs:
        losses = [row["loss"] for row in run.scan_history(keys=["loss"])]
        assert len(losses) == BACKWARD_PASSES // 25
        assert np.mean(losses[-3:]) < np.mean(losses[:3])


def test_the_demo_starts_and_stops_a_server_of_its_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    choices = ["--exit", "--epochs", "1", "--port", str(port), "--data-dir", str(tmp_path / "data")]
    assert f"http://127.0.0.1:{port}/local/pytorch-intro" in run_python(tmp_path, DEMO, *choices)
    assert (tmp_path / "data" / "lossboard.db").exists()
    with socket.create_server(("127.0.0.1", port)):
        pass  # nothing listens there any more


def test_the_example_runs_as_an_untouched_wandb_script(server: Any, tmp_path: Path) -> None:
    text = (REPOSITORY / "examples" / "pytorch_intro.py").read_text()
    script = tmp_path / "intro.py"
    script.write_text(text.replace("import lossboard as wandb", "import wandb"))
    compat = (REPOSITORY / "examples" / "torchvision_compat.py").read_text()
    (tmp_path / "torchvision_compat.py").write_text(compat)
    variables = {"LOSSBOARD_BASE_URL": server.base_url, "OMP_NUM_THREADS": "1"}
    run_python(tmp_path, RUN, "run", str(script), "--epochs", "1", **variables)
    (run,) = [run for run in runs_of(server) if not run.name.startswith("lr ")]
    assert len(list(run.histograms("gradients/fc.weight"))) == 90 // LOG_FREQ
