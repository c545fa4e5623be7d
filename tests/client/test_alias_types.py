"""Media, charts and artifacts under the names that W&B scripts call them by."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest

import lossboard as wandb

from .conftest import Script

LAUNCH = "import sys; from lossboard.cli import main; main(['run', *sys.argv[1:]])"
RUN = ("-c", LAUNCH)

SCRIPT = """
import numpy as np
import wandb
import wandb.data_types
import wandb.plot
from wandb.data_types import WBValue
from wandb.sdk.artifacts.artifact import Artifact
from wandb.sdk.artifacts.exceptions import ArtifactFinalizedError
from wandb.sklearn import plot_confusion_matrix

with wandb.init(project=None, id="untouched") as run:
    image = wandb.Image(np.zeros((4, 4)), caption="c")
    assert isinstance(image, WBValue) and wandb.data_types.Image is wandb.Image
    table = wandb.Table(columns=["x", "y"], data=[[1, 2]])
    wandb.log({"image": image, "chart": wandb.plot.line(table, "x", "y")})
    plot_confusion_matrix([0, 1, 1], [0, 1, 0], ["cat", "dog"])
    with open("model.txt", "w") as file:
        file.write("weights")
    wandb.save("model.txt")
    artifact = wandb.Artifact("net", type="model")
    assert isinstance(artifact, Artifact)
    artifact.add_file("model.txt")
    wandb.log_artifact(artifact, aliases=["best"])
    artifact.wait()
    print(open(wandb.use_artifact("net:best").file()).read())
"""


def test_a_script_with_media_and_artifacts_runs_untouched(project: str, script: Script) -> None:
    done = script(SCRIPT, before=RUN)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "weights\n"
    run = wandb.Api().run(f"{project}/untouched")
    assert {"image", "chart_table"} <= set(run.summary)
    assert "model.txt" in {file.name for file in run.files()}
    assert [one.name for one in run.used_artifacts()] == ["net:v0"]


def test_every_name_that_lossboard_exports_is_there() -> None:
    optional = {"lightgbm", "sklearn", "xgboost"}  # need the library they are for
    missing = [name for name in wandb.__all__ if name not in optional and not hasattr(wandb, name)]
    assert missing == []


@pytest.mark.parametrize("name", ["fastai", "sacred", "catboost"])
def test_a_missing_integration_is_named_with_what_to_do(name: str) -> None:
    with pytest.raises(AttributeError, match=f"'{name}'.*callback of your own"):
        getattr(wandb, name)


MISSING = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, f"lossboard has no {name}: " in str(error) and "callback" in str(error))
"""


@pytest.mark.covers("keras")
def test_every_integration_that_is_missing_says_so_when_imported(script: Script) -> None:
    official = Path(str(distribution("wandb").locate_file("wandb"))) / "integration"
    ours = {"__pycache__", "gym", "keras", "lightgbm", "lightning", "sb3", "sklearn"}
    ours |= {"tensorboard", "xgboost"}
    names = {f"wandb.integration.{path.name}" for path in official.iterdir() if path.is_dir()}
    names -= {f"wandb.integration.{name}" for name in ours}
    names |= {"wandb.integration.yolov8", "wandb.fastai", "wandb.apis.internal"}
    assert {"wandb.integration.diffusers", "wandb.integration.openai"} <= names
    done = script(MISSING, *sorted(names), before=RUN)
    assert done.stdout.split() == [word for name in sorted(names) for word in (name, "True")]


@pytest.mark.parametrize("name", ["sweep", "agent"])
def test_sweeps_say_which_client_has_them(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no '{name}': sweeps are of the official client"):
        getattr(wandb, name)
