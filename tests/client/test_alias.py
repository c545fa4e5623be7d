"""`lossboard run`: untouched `import wandb` scripts."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

import lossboard as wandb
from lossboard.cli import main

from .conftest import Script

COMPATIBILITY = Path(__file__).parents[1] / "compatibility.toml"
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


IMPORTS = """
import importlib, sys
for path in sys.argv[1:]:
    module, _, name = path.partition(":")
    if not hasattr(importlib.import_module(module), name):
        print("missing", path)
import wandb
assert isinstance(wandb.sdk.wandb_run.Run, type) and wandb.sdk.Config is wandb.wandb_config.Config
with wandb.sdk.lib.telemetry.context(run=None) as feature:
    feature.feature.sb3 = True
"""


@pytest.mark.covers("imports")
def test_every_name_that_public_programs_import_by_path_is_there(script: Script) -> None:
    listed = tomllib.loads(COMPATIBILITY.read_text())["imports"]["names"].split()
    done = script(IMPORTS, *listed, before=RUN)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


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


LOGS = """
import os, sys
import wandb
with wandb.init(id=f"rank{os.environ.get('RANK', '')}") as run:
    run.log({"x": 1})
print(wandb.__version__)
"""


@pytest.mark.covers("import wandb")
@pytest.mark.parametrize(
    ("command", "runs"),
    [
        (("torchrun", "--nproc-per-node", "2"), {"rank0", "rank1"}),
        (("python", "-u"), {"rank"}),
        (("accelerate", "launch", "--cpu", "--num_processes", "1"), {"rank"}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_commands_that_start_a_script_are_run_as_they_are_typed(
    project: str, script: Script, command: tuple[str, ...], runs: set[str]
) -> None:
    done = script(LOGS, before=(*RUN, *command))
    assert done.returncode == 0, done.stderr
    assert {run.id for run in wandb.Api().runs()} == runs
    assert set(done.stdout.split()) == {f"{wandb_version()}+lossboard"}


@pytest.mark.covers("import wandb")
def test_a_console_script_and_a_program_of_its_own_are_run(
    project: str, script: Script, tmp_path: Path
) -> None:
    (tmp_path / "test_logs.py").write_text(f"def test_it():\n    exec({LOGS!r})\n")
    own = tmp_path / "own.sh"
    own.write_text("#!/bin/sh\nexec pytest -q -p no:cacheprovider test_logs.py\n")
    own.chmod(0o755)
    bin_folder = Path(sys.executable).parent
    path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
    done = script("", before=(*RUN, "./own.sh"), PATH=path)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr
    assert [run.id for run in wandb.Api().runs()] == ["rank"]


@pytest.mark.covers("import wandb", "run --official")
def test_the_official_client_logs_here_where_it_is_asked_for(project: str, script: Script) -> None:
    done = script(LOGS, before=(*RUN, "--official"), WANDB_SILENT="true")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [wandb_version()]
    (run,) = wandb.Api().runs()
    assert (run.id, run.summary["x"]) == ("rank", 1)


@pytest.mark.covers("run --official")
def test_env_prints_what_the_official_client_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOSSBOARD_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("LOSSBOARD_PROJECT", "two words")
    with pytest.raises(SystemExit) as end:
        main(["env"])
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert "export WANDB_BASE_URL=http://127.0.0.1:9" in lines
    assert "export WANDB_PROJECT='two words'" in lines
    assert any(re.fullmatch(r"export WANDB_API_KEY=\w{40}", line) for line in lines)


INSTALLED = """
import importlib.metadata, os, subprocess, sys
if "--late" in sys.argv:
    import wandb as official
import lossboard
lossboard.install()
lossboard.install()
import wandb
from accelerate.utils import is_wandb_available
from accelerate import Accelerator
assert is_wandb_available() and wandb.Run is lossboard.Run
accelerator = Accelerator(cpu=True, log_with="wandb")
accelerator.init_trackers(os.environ["LOSSBOARD_PROJECT"])
assert isinstance(accelerator.get_tracker("wandb").tracker, lossboard.Run)
accelerator.log({"x": 1})
accelerator.end_training()
command = "import wandb; print(wandb.__version__)"
print(importlib.metadata.version("wandb"))
print(subprocess.run([sys.executable, "-c", command], capture_output=True, text=True).stdout)
"""


@pytest.mark.covers("install")
@pytest.mark.parametrize("late", [(), ("--late",)])
def test_one_call_makes_lossboard_the_wandb_of_a_process(
    project: str, script: Script, late: tuple[str, ...]
) -> None:
    done = script(INSTALLED, *late)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"{wandb_version()}+lossboard"] * 2
    assert [run.summary["x"] for run in wandb.Api().runs()] == [1]
    assert ("was imported before install(), by __main__" in done.stderr) == bool(late)


def wandb_version() -> str:
    return importlib.metadata.version("wandb")
