"""`lossboard run`: untouched `import wandb` scripts."""

from __future__ import annotations

import os

import pytest

import lossboard as wandb

from .conftest import Script

LAUNCH = "import sys; from lossboard.cli import main; main(['run', *sys.argv[1:]])"
RUN = ("-c", LAUNCH)

INTRODUCTION = """
import sys
import torch
import wandb
from tqdm import tqdm

def train():
    with wandb.init(project=None, config={"epochs": 2, "lr": 0.1}):
        config = wandb.config
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
        criterion = torch.nn.MSELoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=config.lr)
        wandb.watch(model, criterion, log="all", log_freq=5)
        seen = 0
        for epoch in tqdm(range(config.epochs)):
            for batch in range(10):
                inputs = torch.randn(16, 4)
                loss = criterion(model(inputs), inputs.sum(1, keepdim=True))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                seen += len(inputs)
                wandb.log({"epoch": epoch, "loss": loss}, step=seen)
        print("arguments", sys.argv[1:])

if __name__ == "__main__":
    train()
"""


@pytest.mark.covers("import wandb")
def test_the_introductory_script_runs_untouched(project: str, script: Script) -> None:
    done = script(INTRODUCTION, "--flag", "value", before=RUN)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "arguments ['--flag', 'value']\n"
    (run,) = wandb.Api().runs()
    rows = list(run.scan_history(keys=["loss", "epoch"]))
    assert len(rows) == 20 and run.lastHistoryStep == 320
    assert [event.batch for event in run.histograms("parameters/0.weight")] == [5, 10, 15, 20]


PROCESSES = """
import importlib.metadata, importlib.util, multiprocessing, subprocess, sys

def where(queue):
    import wandb
    queue.put((wandb.__name__, importlib.util.find_spec("wandb").origin))

if __name__ == "__main__":
    import wandb
    assert importlib.metadata.version("wandb") == wandb.__version__
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue = context.Queue()
        child = context.Process(target=where, args=(queue,))
        child.start()
        assert queue.get(timeout=60) == ("wandb", wandb.__file__), method
        child.join()
    code = "import wandb, sys; sys.exit(wandb.__file__ != sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, wandb.__file__], check=True)
    print(wandb.__file__)
"""


@pytest.mark.covers("import wandb")
def test_children_of_every_kind_see_the_same_wandb(script: Script) -> None:
    done = script(PROCESSES, before=RUN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(os.path.join("lossboard", "alias", "wandb", "__init__.py"))


SUBMODULES = """
import importlib, importlib.util, sys
import wandb, lossboard
assert wandb.errors.CommError is lossboard.CommError
assert wandb.sdk.wandb_run.Run is lossboard.Run
assert wandb.util.generate_id() != wandb.util.generate_id()
assert wandb.run is None and not hasattr(wandb, "no_such_name")
for name in sys.argv[1:]:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin, name
    importlib.import_module(name)
from wandb.sdk.lib.config_util import ConfigError
assert ConfigError is lossboard.ConfigError
"""

NAMES = (
    "wandb wandb.sdk wandb.sdk.lib wandb.sdk.lib.config_util wandb.sdk.lib.runid"
    " wandb.sdk.wandb_run wandb.sdk.wandb_settings wandb.wandb_run wandb.env wandb.util"
    " wandb.errors wandb.errors.term wandb.data_types wandb.plot wandb.apis wandb.apis.public"
    " wandb.integration wandb.helper"
).split


@pytest.mark.covers("import wandb")
def test_every_submodule_that_integrations_import_is_there(script: Script) -> None:
    done = script(SUBMODULES, *NAMES(), before=RUN)
    assert done.returncode == 0, done.stderr


def test_the_exit_code_is_that_of_the_script(script: Script) -> None:
    assert script("import sys; sys.exit(7)", before=RUN).returncode == 7


def test_modules_run_with_m(project: str, script: Script) -> None:
    done = script(
        "import wandb\nprint(wandb.__version__)",
        before=("-c", LAUNCH.replace("*sys.argv[1:]", "'-m', 'train'")),
    )
    assert done.stdout.strip().endswith("+lossboard"), done.stderr


def test_the_alias_is_not_seen_without_the_command(script: Script) -> None:
    code = "import importlib.util as u; s = u.find_spec('wandb'); print(s and s.origin)"
    assert "lossboard" not in script(code).stdout


def test_set_entity_and_project_hold_for_the_next_run(project: str, script: Script) -> None:
    text = (
        "import wandb\nimport wandb.env\nwandb.env.set_project('chosen')\n"
        "wandb.env.set_entity('team')\nrun = wandb.init(mode='offline')\nprint(run.path)\n"
    )
    assert script(text, before=RUN).stdout.startswith("team/chosen/")
