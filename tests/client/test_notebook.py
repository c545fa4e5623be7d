"""A real notebook, executed by a real kernel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb

from .conftest import ROOTS

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

CELLS = (
    "import lossboard as wandb\nrun = wandb.init(config={'lr': 0.1}, name='first one')",
    "from tqdm import tqdm\n"
    "for n in tqdm(range(30)):\n"
    "    wandb.log({'loss': 1 / (n + 1)}, step=n)\n"
    "wandb.log({'late': 1}, step=3)\n"
    "print('printed')",
    "wandb.config.lr = 0.2\nrun",
    "second = wandb.init(name='second one')\nprint(run._home.finished, wandb.run is second)",
    "second.display(height=300)",
    "%wandb local/some/id -h 250",
    "wandb.finish()",
    "%%wandb -h 260\nthird = wandb.init(name='third one')\nwandb.log({'x': 1})",
    "%wandb",
    "%%wandb\nprint('in it')",
    "wandb.finish()",
    "%wandb",
)


@pytest.fixture
def outputs(
    project: str, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[list[Any]]:
    """What each of the cells has put out."""
    return outputs_of(CELLS, tmp_path, monkeypatch)


def outputs_of(
    cells: Iterable[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[list[Any]]:
    monkeypatch.setenv("PYTHONPATH", ROOTS)
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.execute(cwd=str(tmp_path))
    return [cell.outputs for cell in notebook.cells]


def html_of(outputs: list[Any]) -> str:
    return "\n".join(
        output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})
    )


def text_of(outputs: list[Any], stream: str) -> str:
    return "".join(output["text"] for output in outputs if output.get("name") == stream)


@pytest.mark.covers("run.display", "Jupyter")
def test_a_notebook_shows_links_frames_and_whole_progress_bars(
    outputs: list[list[Any]], project: str, server: Any
) -> None:
    begin, training, view, second, shown, path, end = outputs[:7]
    assert f'<a href="{server.base_url}/local/{project}/runs/' in html_of(begin)
    assert "first one" in html_of(begin)
    bars = text_of(training, "stderr")
    assert "30/30" in bars and "WARNING step 3 is lower" in bars
    assert text_of(training, "stdout") == "printed\n"
    assert not [line for line in re.split(r"[\r\n]", bars) if "%" in line and "lossboard" in line]
    assert "<iframe" in html_of(view) and "<details>" in html_of(view)
    assert "Run history" in html_of(second) and text_of(second, "stdout") == "True True\n"
    assert "height:300px" in html_of(shown)
    assert "second one" in html_of(end)
    page = f'src="{server.base_url}/local/some/runs/id?jupyter=true"'
    assert page in html_of(path) and "height:250px" in html_of(path)
    first, other, _ = wandb.Api().runs()
    assert (first.config, first.state, other.state) == ({"lr": 0.2}, "finished", "finished")


@pytest.mark.covers("Jupyter")
def test_the_magics_show_the_run_that_goes_on_or_begins(outputs: list[list[Any]]) -> None:
    begun, line, cell, _, nothing = outputs[7:]
    *_, third = wandb.Api().runs()
    page = f'src="{third.url}?jupyter=true"'
    assert "IFrame instead" not in text_of(begun, "stderr") + text_of(line, "stderr")
    assert html_of(begun).count("<iframe") == 1 and "height:260px" in html_of(begun)
    assert page in html_of(begun) and "Syncing run" not in html_of(begun)
    assert page in html_of(line) and "height:420px" in html_of(line)
    assert page in html_of(cell) and text_of(cell, "stdout") == "in it\n"
    assert "no active run" in text_of(nothing, "stderr")


def test_a_notebook_shows_the_wait_at_the_end_in_one_place(
    project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSBOARD_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("LOSSBOARD_FINISH_TIMEOUT", "2.5")
    (ended,) = outputs_of(
        ["import lossboard as wandb\nwandb.init()\nwandb.finish()"], tmp_path, monkeypatch
    )
    places = [output["data"]["text/html"] for output in ended if output.get("data")]
    assert len(places) == 3 and places[1] == ""  # what stood there is gone when the wait is over
    assert "could not be delivered yet (connection refused)" in places[2]
