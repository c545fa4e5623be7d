"""What waits for delivery is found while other processes deliver and remove theirs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lossboard import wire
from lossboard.sending.spool import Spool, SpoolBusy
from lossboard.sending.undelivered import spool_directories, waiting_spools

WRITER = """
import sys, time
from pathlib import Path
from lossboard import wire
from lossboard.sending.spool import Spool

root, until = Path(sys.argv[1]), time.monotonic() + 2
start = wire.RunStart("me", "digits", "run1", started_us=5)
count = 0
while time.monotonic() < until:
    spool = Spool(
        root / str(count % 7) / "spool", writer="ab" * 16, base_url=None, start=start,
        segment_bytes=8_000_000,
    )
    spool.append(0, b"payload")
    assert spool.read(0) == b"payload"
    spool.remove()
    count += 1
assert count > 50, count
"""


def while_another_writes(root: Path, look: Callable[[], None]) -> None:
    """Looks at `root` again and again while a process writes spools below it and removes them."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(root)], stderr=subprocess.PIPE)
    looks = 0
    try:
        while writer.poll() is None:
            look()
            looks += 1
    finally:
        writer.kill()
        _, trouble = writer.communicate()
    assert writer.returncode == 0, trouble.decode()
    assert looks > 10


def test_a_look_for_waiting_spools_survives_those_that_are_removed_meanwhile(
    tmp_path: Path,
) -> None:
    start = wire.RunStart("me", "digits", "left", started_us=5)
    left = Spool(
        tmp_path / "left", writer="cd" * 16, base_url=None, start=start, segment_bytes=1000
    )
    left.append(0, b"payload")
    left.close()

    def look() -> None:
        assert left.directory in [spool.directory for spool in waiting_spools(tmp_path)]

    while_another_writes(tmp_path, look)


def test_a_spool_is_written_and_removed_while_others_try_to_deliver_it(tmp_path: Path) -> None:
    def look() -> None:
        for directory in spool_directories(tmp_path):
            try:
                spool = Spool.open(directory, segment_bytes=8_000_000)
            except (SpoolBusy, FileNotFoundError):
                continue
            assert spool is None, "the spool of a living process was taken"

    while_another_writes(tmp_path, look)
    assert spool_directories(tmp_path) == []
