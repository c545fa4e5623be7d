"""A disk that takes no more costs nothing while the server takes it, and is accounted for else."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossboard import wire
from lossboard.sending.sender import Sender, SenderOptions

END = wire.Exit(0, 1)
Fault = Callable[[bool], None]  # True: nothing can be written; False: it can again


@pytest.fixture(params=["limit", "full"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Fault]]:
    """A directory, and how to make its disk refuse: by a limit on files, or really full."""
    if request.param == "limit":
        yield from limited(tmp_path / "disk")
    else:
        yield from full(tmp_path / "disk")


def limited(directory: Path) -> Iterator[tuple[Path, Fault]]:
    old, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def refuse(refusing: bool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0 if refusing else old, hard))

    yield directory, refuse
    refuse(False)


def full(directory: Path) -> Iterator[tuple[Path, Fault]]:
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(directory)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")

    def refuse(refusing: bool) -> None:
        filler = directory / "filler"
        filler.unlink(missing_ok=True)
        if refusing:
            with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
                for size in (4096, 1):
                    while True:
                        file.write(bytes(size))

    yield directory, refuse
    subprocess.run(["umount", str(directory)], check=True)


@pytest.fixture
def make(disk: tuple[Path, Fault], said: Any) -> Iterator[Callable[..., Sender]]:
    """Makes a sender whose spool is on that disk."""
    made: list[Sender] = []

    def make_sender(base_url: str, **options: Any) -> Sender:
        made.append(
            Sender(
                start=wire.RunStart("me", "faults", "disk", started_us=1),
                spool_root=disk[0] / "spool",
                base_url=base_url,
                options=SenderOptions(**{"flush_interval_secs": 0.02, **options}),
                say=said,
            )
        )
        return made[-1]

    yield make_sender
    disk[1](False)
    for sender in made:
        sender.finish(END, timeout_secs=0)


def log(sender: Sender, steps: range) -> None:
    for step in steps:
        sender.put_row(step, step, {"loss": step / 2})


def test_records_go_to_the_server_directly(
    tricky: Any, make: Any, disk: tuple[Path, Fault], said: list[str]
) -> None:
    disk[1](True)
    sender = make(tricky.url)
    log(sender, range(500))
    report = sender.finish(END)
    assert report.delivered and not report.dropped
    assert tricky.steps() == list(range(500))
    assert len(said) == 1 and "records go to the server directly" in said[0]


def test_what_was_in_memory_goes_to_disk_when_there_is_room_again(
    tricky: Any, make: Any, disk: tuple[Path, Fault], eventually: Any, said: list[str]
) -> None:
    tricky.stop()
    sender = make(tricky.url)
    log(sender, range(100))
    disk[1](True)
    log(sender, range(100, 200))
    eventually(lambda: any("directly" in text for text in said))
    disk[1](False)
    log(sender, range(200, 300))
    report = sender.finish(END, timeout_secs=0)
    assert not report.delivered and not report.dropped
    assert report.undelivered_bytes > 300 * 16


def test_the_newest_rows_are_dropped_and_counted_when_the_server_is_away_too(
    tricky: Any, make: Any, disk: tuple[Path, Fault], said: list[str], eventually: Any
) -> None:
    tricky.stop()
    disk[1](True)
    sender = make(tricky.url, queue_limit_bytes=20_000, flush_bytes=2000)
    log(sender, range(3000))
    eventually(lambda: any("lost" in text for text in said))
    tricky.start()
    report = sender.finish(END, timeout_secs=20)
    arrived = tricky.steps()
    assert arrived == sorted(set(arrived)) and arrived[0] == 0
    assert report.delivered and report.dropped["rows"] == 3000 - len(arrived) > 0
    notices = [notice for record in tricky.all_records() for notice in record.notices]
    assert sum(n.amount for n in notices if n.kind == "dropped rows") == report.dropped["rows"]
    assert [record.exit for record in tricky.all_records() if record.exit] == [END]


def test_what_is_lost_at_the_end_is_counted_by_kind(
    tricky: Any, make: Any, disk: tuple[Path, Fault]
) -> None:
    tricky.stop()
    disk[1](True)
    sender = make(tricky.url)
    log(sender, range(10))
    sender.put_console([wire.ConsoleLine(0, "stdout", 0, "hello")])
    report = sender.finish(END, timeout_secs=0.2)
    assert not report.delivered
    assert report.dropped == {"rows": 10, "console lines": 1, "start": 1, "exit": 1}


def test_a_file_is_uploaded_from_where_it_is(
    tricky: Any, make: Any, disk: tuple[Path, Fault], tmp_path: Path
) -> None:
    original = tmp_path / "model.bin"
    original.write_bytes(b"weights")
    disk[1](True)
    sender = make(tricky.url)
    sender.put_file(original, name="model.bin", time_us=1)
    sender.put_file(b"image", name="image.png", time_us=1)
    assert sender.finish(END).delivered
    assert sorted(tricky.blobs.values()) == [b"image", b"weights"]
