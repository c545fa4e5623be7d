"""What a run has on disk goes away, or can't be removed: the training ends well all the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lossboard

ROOTS = os.pathsep.join(str(Path(__file__).parents[2] / name) for name in ("client", "server"))

Train = Callable[..., subprocess.CompletedProcess[str]]

# Every script logs x = 0..99; `folder` is what `dir=` names.
BEFORE = """
import os, shutil, sys, tempfile, threading, time
import lossboard as wandb
folder = os.path.join(os.getcwd(), "runs")
os.mkdir(folder)

def log(begin, end):
    for x in range(begin, end):
        wandb.log({"x": x})
    time.sleep(0.6)  # so that it is in the spool
"""

VANISHING = {
    "a temporary directory ends before the run": """
with tempfile.TemporaryDirectory() as folder:
    wandb.init(dir=folder)
    log(0, 50)
log(50, 100)
""",
    "the folder is removed while the run goes on": """
wandb.init(dir=folder)
log(0, 50)
shutil.rmtree(folder)
log(50, 80)
time.sleep(2.5)
log(80, 100)
""",
    "the folder is removed right before the end": """
wandb.init(dir=folder)
log(0, 100)
shutil.rmtree(folder)
""",
    "a file takes the folder's place": """
wandb.init(dir=folder)
log(0, 50)
shutil.rmtree(folder)
open(folder, "w").close()
log(50, 100)
""",
    "only the spool is removed": """
run = wandb.init(dir=folder)
log(0, 50)
shutil.rmtree(os.path.join(run.dir, "..", "spool"))
log(50, 100)
""",
    "nothing may be removed or renamed": """
wandb.init(dir=folder, resume="auto")
log(0, 50)
def refuse(*_, **__):
    raise PermissionError(13, "refused")
os.unlink = os.remove = os.rmdir = os.rename = os.replace = refuse
log(50, 100)
""",
    "the current directory is gone before the run": """
os.chdir(folder)
shutil.rmtree(folder)
wandb.init()
log(0, 100)
""",
    "a relative folder and a change of the directory": """
wandb.init(dir="here")
log(0, 50)
os.chdir("/")
log(50, 100)
""",
    "neither the folder nor the temporary directory can be written": """
tempfile.tempdir = "/proc/nowhere"
wandb.init(dir="/proc/nowhere")
log(0, 100)
""",
}

# What else can fail at the end; each is put before the last line of a run that logs x = 0..99.
ENDINGS = {
    "stderr is closed": "sys.stderr.close()",
    "stderr is a broken pipe": """
reading, writing = os.pipe()
os.close(reading)
sys.stderr = os.fdopen(writing, "w")
""",
    "there is no output at all": "sys.stdout = sys.stderr = None",
    "an output without attributes": """
class Silent:
    __slots__ = ()
    def write(self, text): return len(text)
    def flush(self): pass
sys.stderr = Silent()
""",
    "the output has few letters": """
import io
sys.stderr = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
""",
    "an integer that Python does not print": "wandb.run.summary['n'] = 10 ** 6000",
    "a summary that a device does not give": """
class Lost:
    def ready(self): return True
    def resolve(self): raise RuntimeError("the device is lost")
wandb.run._tally.add({"y": Lost()})
""",
    "a part of the program's end raises": """
from lossboard.live_run.run import watch
from lossboard.live_run import run as live_run
def broken(run): raise KeyError("hooks")
watch.stop = broken
""",
    "no thread can be started any more": """
def refuse(thread): raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
open("late.txt", "w").close()
wandb.run.save("late.txt")
print("an open line", end="")
""",
}


@pytest.fixture
def train(
    server: Any, own_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Train]:
    """Runs a script that logs to a project of its own, and ends as scripts do."""
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    monkeypatch.setenv("LOSSBOARD_PROJECT", own_name)

    def run(text: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return ended(started(tmp_path, text, **variables))

    yield run
    lossboard.teardown()


def started(folder: Path, text: str, **variables: str) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    (folder / "train.py").write_text(BEFORE + text)
    return subprocess.Popen(
        [sys.executable, str(folder / "train.py")],
        env={**os.environ, "PYTHONPATH": ROOTS, **variables},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    with process:
        printed = process.communicate(timeout=120)
    return subprocess.CompletedProcess(process.args, process.returncode, *printed)


def the_values() -> list[float]:
    (run,) = lossboard.Api().runs()
    return values_of(run)


def values_of(run: Any) -> list[float]:
    assert run.state == "finished"
    return [row["x"] for row in run.scan_history()]


def warnings_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line]


@pytest.mark.usefixtures("train")
@pytest.mark.parametrize("text", VANISHING.values(), ids=VANISHING)
def test_a_run_whose_files_go_away_is_delivered_whole(tmp_path: Path, text: str) -> None:
    """By `finish` and at exit: two scripts at the same time, which mostly wait."""
    processes = {
        end: started(tmp_path / end, text + code, LOSSBOARD_RUN_ID=end)
        for end, code in (("finish", "wandb.finish()"), ("atexit", ""))
    }
    for end, process in processes.items():
        done = ended(process)
        assert done.returncode == 0, done.stderr
        assert values_of(lossboard.Api().run(f"{os.environ['LOSSBOARD_PROJECT']}/{end}")) == list(
            range(100)
        )
        assert "Traceback" not in done.stderr
        assert len(warnings_in(done.stderr)) <= 2  # at the beginning and at the end


@pytest.mark.parametrize("text", VANISHING.values(), ids=VANISHING)
def test_without_a_server_it_is_said_where_all_of_it_lies(train: Train, text: str) -> None:
    if "nowhere" in text:
        pytest.skip("no disk takes anything")
    done = train(text, LOSSBOARD_BASE_URL="http://127.0.0.1:9", LOSSBOARD_FINISH_TIMEOUT="1")
    assert done.returncode == 0, done.stderr
    (place,) = re.findall(r"Deliver them with: lossboard sync (\S+)", done.stderr)
    command = [sys.executable, "-m", "lossboard", "sync", "--server"]
    environment = {**os.environ, "PYTHONPATH": ROOTS}
    subprocess.run(
        [*command, os.environ["LOSSBOARD_BASE_URL"], place], env=environment, check=True, timeout=60
    )
    assert the_values() == list(range(100))


def test_rows_that_no_disk_and_no_server_takes_are_counted(train: Train) -> None:
    text = VANISHING["neither the folder nor the temporary directory can be written"]
    done = train(text, LOSSBOARD_BASE_URL="http://127.0.0.1:9", LOSSBOARD_FINISH_TIMEOUT="1")
    assert done.returncode == 0, done.stderr
    assert "Lost: 100 rows" in done.stderr


@pytest.mark.parametrize("text", ENDINGS.values(), ids=ENDINGS)
def test_what_else_fails_at_the_end_ends_no_training(train: Train, text: str) -> None:
    done = train("wandb.init(dir=folder)\nlog(0, 100)\n" + text + "\nwandb.finish()\n")
    assert done.returncode == 0, done.stderr
    assert the_values() == list(range(100))
    assert "Traceback" not in done.stderr


def test_what_failed_at_the_end_is_named_in_one_warning(train: Train) -> None:
    broken = ENDINGS["a part of the program's end raises"]
    done = train("wandb.init(dir=folder)\nlog(0, 100)\n" + broken + "\nwandb.finish()\n")
    (warning,) = warnings_in(done.stderr)
    assert "watch (KeyError: 'hooks')" in warning


def test_a_print_never_raises_what_is_ours(train: Train) -> None:
    text = """
wandb.init(dir=folder)
def broken(lines): raise ValueError("lines")
wandb.run._recorders._console._put_lines = broken
print("something")
log(0, 100)
wandb.finish()
"""
    done = train(text)
    assert done.returncode == 0, done.stderr
    assert "something" in done.stdout
    assert the_values() == list(range(100))
