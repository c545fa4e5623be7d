"""`sync_tensorboard`: what TensorBoard's writers write is in the run."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from lossboard.tensorboard.frames import EventFile

from .conftest import Script, rows_of, the_run

RUN = ("-c", "import sys; from lossboard.cli import main; main(['run', *sys.argv[1:]])")


def test_a_half_written_record_is_read_once_it_is_whole(tmp_path: Path) -> None:
    records = [b"first", b"", b"x" * 100_000]
    whole = b"".join(struct.pack("<QI", len(one), 0) + one + b"\0" * 4 for one in records)
    path = tmp_path / "events.out.tfevents.1"
    file = EventFile(path)
    found: list[bytes] = []
    for end in (3, 25, 30, 60, len(whole)):
        path.write_bytes(whole[:end])
        found += file.records()
    assert found == records


def test_without_the_package_the_run_goes_on_and_says_what_to_install(
    project: str, script: Script
) -> None:
    text = """
        import sys
        sys.modules["tensorboard"] = None
        import wandb
        with wandb.init(sync_tensorboard=True) as run:
            run.log({"a": 1})
    """
    done = script(text.replace("\n        ", "\n"), before=RUN, LOSSBOARD_SILENT="false")
    assert done.returncode == 0 and "pip install tensorboard" in done.stderr
    assert the_run().summary["a"] == 1


WRITES = """
import sys
import numpy as np, torch, wandb
sys.modules["tensorflow"] = None
run = wandb.init(sync_tensorboard=True, config={"bs": 1})
from torch.utils.tensorboard import SummaryWriter
writer = SummaryWriter("logs")
for step in range(3):
    writer.add_scalar("loss", 1 / (step + 1), step * 10)
    writer.add_histogram("weights", np.arange(2000.0), step * 10)
writer.add_image("image", np.zeros((3, 4, 5), np.uint8), 20)
writer.add_audio("sound", torch.zeros(1, 800), 30, sample_rate=8000)
writer.add_text("note", "hello", 30)
writer.add_pr_curve("curve", np.array([0, 1]), np.array([0.2, 0.8]), 30)
writer.add_scalars("both", {"a": 1}, 40)
writer.add_hparams({"lr": 0.1, "bs": 32}, {"acc": 0.9}, run_name="tried")
run.finish()
"""


@pytest.mark.covers("sync_tensorboard")
def test_everything_that_a_writer_writes_is_in_the_run(project: str, script: Script) -> None:
    pytest.importorskip("tensorboard")
    done = script(WRITES, before=RUN)
    assert done.returncode == 0, done.stderr
    run = the_run()
    own = {"_step", "global_step"}
    rows = {(row["global_step"], *sorted(set(row) - own)): row for row in rows_of(run)}
    losses = [row["loss"] for row in rows.values() if "loss" in row]
    assert losses == [1, 0.5, 0.33333334]
    last = rows[20, "image", "loss", "weights"]
    assert sum(last["weights"]["values"]) == 2000 and last["image"]["count"] == 1
    kinds = rows[30, "curve", "note/text_summary", "sound"]
    assert kinds["note/text_summary"] == "hello"
    assert (kinds["sound"]["_type"], kinds["curve"]["ncols"]) == ("audio-file", 2)
    assert rows[40, "both_a/both"]["both_a/both"] == 1
    assert rows[0, "tried/acc"]["tried/acc"] == pytest.approx(0.9)
    assert dict(run.config) == {"bs": 1, "lr": 0.1}
    folders = {Path(file.name).parent.name for file in run.files() if "tfevents" in file.name}
    assert folders == {"", "both_a", "tried"}


RESUMED = """
import sys, wandb
from torch.utils.tensorboard import SummaryWriter
first = int(sys.argv[1])
if first == 10:
    with SummaryWriter("logs") as unseen:
        unseen.add_scalar("loss", 5, 1)
        unseen.add_scalar("loss", 5, 5)
run = wandb.init(id="resumed", resume="allow")
wandb.tensorboard.patch(root_logdir=".", save=False)
with SummaryWriter("logs") as writer:
    for step in range(first, first + 3):
        writer.add_scalar("loss", step, step)
"""


@pytest.mark.covers("sync_tensorboard")
def test_a_resumed_run_takes_what_was_written_after_its_last_step(
    project: str, script: Script
) -> None:
    pytest.importorskip("tensorboard")
    for first in ("0", "10"):
        done = script(RESUMED, first, before=RUN)
        assert done.returncode == 0, done.stderr
    found = [(row["global_step"], row["logs/loss"]) for row in rows_of(the_run())]
    assert found == [(0, 0), (1, 1), (2, 2), (5, 5), (10, 10), (11, 11), (12, 12)]
    assert not [file for file in the_run().files() if "tfevents" in file.name]
