"""What changes on disk under a running process costs that record only, and is told."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossboard import wire
from lossboard.sending.sender import Sender

END = wire.Exit(0, 1)
ROOTS = os.pathsep.join(str(Path(__file__).parents[2] / name) for name in ("client", "server"))
Make = Callable[..., Sender]

# Its server is away while over a hundred segments fill, under a limit of 64 descriptors.
MANY_SEGMENTS = """
    import resource, sys
    from pathlib import Path
    from lossboard import wire
    from lossboard.sending.sender import Sender, SenderOptions

    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    spool_root = Path(sys.argv[1])
    sender = Sender(
        start=wire.RunStart("me", "faults", sys.argv[2], started_us=1),
        spool_root=spool_root,
        base_url="http://127.0.0.1:9",
        options=SenderOptions(flush_bytes=200, segment_bytes=1000),
        say=lambda text, level: print(level, text),
    )
    for step in range(3000):
        sender.put_row(step, step, {"loss": step / 2})
        if step % 50 == 0:
            sender.put_file(b"content %d" % step, name=f"{step}.txt", time_us=1)
            sender.flush(0)
    count = 0
    while len(list(spool_root.rglob("*.spool"))) < 100 and count < 300:
        sender.flush(0.1)
        count += 1
    mine = [open(sys.argv[0]) for _ in range(40)]
    print("segments", len(list(spool_root.rglob("*.spool"))))
    report = sender.finish(wire.Exit(0, 1), timeout_secs=0.1)
    assert not report.dropped, report
"""
SYNC = """
    import resource, sys
    from lossboard.cli import main

    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    main(["sync", sys.argv[1]])
"""


def log(sender: Sender, steps: range) -> None:
    for step in steps:
        sender.put_row(step, step, {"loss": step / 2})


def waiting_segments(root: Path) -> list[Path]:
    return sorted(root.rglob("*.spool"))


def notices_of(tricky: Any) -> dict[str, float]:
    found = [notice for record in tricky.all_records() for notice in record.notices]
    return {n.kind: sum(m.amount for m in found if m.kind == n.kind) for n in found}


@pytest.mark.parametrize("change", ["flip", "cut", "remove"])
def test_a_segment_that_changes_under_a_running_process_costs_its_records_only(
    tricky: Any, make_sender: Make, tmp_path: Path, said: list[str], eventually: Any, change: str
) -> None:
    tricky.stop()
    sender = make_sender(tricky.url, flush_bytes=400, segment_bytes=1500)
    log(sender, range(600))
    eventually(lambda: len(waiting_segments(tmp_path)) > 4)
    path = waiting_segments(tmp_path)[2]
    content = bytearray(path.read_bytes())
    if change == "remove":
        path.unlink()
    else:
        content[-9] ^= 1
        path.write_bytes(content if change == "flip" else content[:-9])
    tricky.start()
    report = sender.finish(END, timeout_secs=20)
    assert report.delivered and report.damaged >= 1
    steps = tricky.steps()
    assert steps == sorted(set(steps)) and 0 < len(steps) < 600 and steps[-1] == 599
    assert [record.exit for record in tricky.all_records() if record.exit] == [END]
    missing = sum(record.missing for record in tricky.all_records())
    assert notices_of(tricky) == {"damaged": report.damaged} and missing == report.damaged
    assert len([text for text in said if "is not what was written" in text]) == 1
    kept = [file.read_bytes() for file in tmp_path.rglob("damaged/*")]
    assert kept == {"flip": [bytes(content)], "cut": [bytes(content[:-9])], "remove": []}[change]


def test_a_last_record_that_changes_on_disk_ends_no_run_in_waiting(
    tricky: Any, make_sender: Make, tmp_path: Path, eventually: Any
) -> None:
    tricky.stop()
    sender = make_sender(tricky.url)
    eventually(lambda: sum(path.stat().st_size for path in waiting_segments(tmp_path)))
    assert not sender.flush(0.1)  # the first record is all there is
    (path,) = waiting_segments(tmp_path)
    size_bytes = path.stat().st_size
    log(sender, range(10))
    eventually(lambda: path.stat().st_size > size_bytes)
    os.truncate(path, size_bytes + 20)
    tricky.start()
    assert sender.flush(20), "what is lost is not waited for"
    report = sender.finish(END, timeout_secs=20)
    assert report.delivered and report.damaged == 1
    assert notices_of(tricky) == {"damaged": 1}


def test_a_content_that_changes_on_disk_is_set_apart(
    tricky: Any, make_sender: Make, tmp_path: Path, said: list[str]
) -> None:
    tricky.trick = lambda line, body: (
        (422, {"error": {"message": "another hash"}}, {})
        if "PUT" in line and body == b"wrong"
        else (0, {}, {})
    )
    tricky.stop()
    sender = make_sender(tricky.url)
    sender.put_file(b"right", name="a.txt", time_us=1)
    sender.put_file(b"other", name="b.txt", time_us=1)
    for path in tmp_path.rglob("files/*"):
        if path.read_bytes() == b"right":
            path.write_bytes(b"wrong")
    tricky.start()
    report = sender.finish(END, timeout_secs=20)
    assert report.delivered and (report.damaged, report.rejected) == (1, 0)
    assert list(tricky.blobs.values()) == [b"other"]
    (kept,) = tmp_path.rglob("damaged/*")
    assert kept.read_bytes() == b"wrong" and any(str(kept.parent) in text for text in said)


def test_what_waits_takes_no_descriptors(
    server: Any, tmp_path: Path, run_id: str, stored: Any
) -> None:
    root = tmp_path / "spool"
    env = os.environ | {"PYTHONPATH": ROOTS, "LOSSBOARD_BASE_URL": server.base_url}

    def run(body: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", textwrap.dedent(body), *arguments]
        return subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=100
        )

    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(MANY_SEGMENTS))
    left = subprocess.run(
        [sys.executable, script, root, run_id], env=env, capture_output=True, text=True, timeout=100
    )
    assert left.returncode == 0, left.stderr
    assert len(waiting_segments(root)) >= 100, left.stdout
    delivered = run(SYNC, str(root))
    assert delivered.returncode == 0, delivered.stderr
    assert stored.points() == [(step, step / 2) for step in range(3000)]
    assert waiting_segments(root) == [] and stored.notices() == {}
