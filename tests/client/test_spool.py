"""What was appended is read back, or its damage told; a lock keeps others away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossboard import wire
from lossboard.sending.segment import RecordDamaged
from lossboard.sending.spool import LOCK_NAME, Spool, SpoolBusy, SpoolError

START = wire.RunStart("me", "digits", "run1", started_us=5, config={"lr": 0.1})


def new_spool(directory: Path, segment_bytes: int = 8_000_000) -> Spool:
    return Spool(
        directory, writer="ab" * 16, base_url="http://h", start=START, segment_bytes=segment_bytes
    )


def reopened(directory: Path) -> Spool:
    spool = Spool.open(directory, segment_bytes=8_000_000)
    assert spool is not None
    return spool


def test_records_and_identity_come_back_after_a_restart(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    for seq in range(5):
        spool.append(seq, b"payload %d" % seq)
    spool.close()
    again = reopened(tmp_path)
    assert [again.read(seq) for seq in range(5)] == [b"payload %d" % seq for seq in range(5)]
    assert (again.head.writer, again.head.base_url, again.head.start) == (
        "ab" * 16,
        "http://h",
        START,
    )
    assert again.next_seq == 5
    again.close()


def test_full_segments_go_once_all_their_records_are_done(tmp_path: Path) -> None:
    spool = new_spool(tmp_path, segment_bytes=400)
    for seq in range(6):
        spool.append(seq, bytes(300))
    assert len(list(tmp_path.glob("*.spool"))) == 6
    spool.remove_below(4)
    assert [path.name for path in sorted(tmp_path.glob("*.spool"))] == [
        "000000000004.spool",
        "000000000005.spool",
    ]
    assert spool.read(3) is None and spool.first_from(0) == 4
    spool.close()


@pytest.mark.parametrize("cut_bytes", [1, 8, 40])
def test_a_torn_record_keeps_its_number_and_the_others_are_kept(
    tmp_path: Path, cut_bytes: int
) -> None:
    spool = new_spool(tmp_path)
    for seq in range(3):
        spool.append(seq, bytes(50))
    spool.close()
    segment = tmp_path / "000000000000.spool"
    segment.write_bytes(segment.read_bytes()[:-cut_bytes])
    again = reopened(tmp_path)
    assert (again.next_seq, again.damage) == (3, {"000000000000.spool": 66 - cut_bytes})
    again.append(3, b"new")
    assert [again.read(seq) for seq in range(4)] == [bytes(50), bytes(50), None, b"new"]
    again.remove()
    assert [path.name for path in again.set_apart] == ["000000000000.spool"]
    assert again.set_apart[0].read_bytes().endswith(bytes(50 - min(cut_bytes, 50)))


@pytest.mark.parametrize("change", ["flip", "cut", "remove"])
def test_a_record_that_changes_on_disk_is_told_once_and_its_segment_kept(
    tmp_path: Path, change: str
) -> None:
    spool = new_spool(tmp_path, segment_bytes=400)
    for seq in range(3):
        spool.append(seq, b"payload %d" % seq + bytes(400))
    first = tmp_path / "000000000000.spool"
    content = first.read_bytes()
    if change == "remove":
        first.unlink()
    else:
        first.write_bytes(content.replace(b"load 0", b"lost 0") if change == "flip" else b"")
    with pytest.raises(RecordDamaged, match="record 0"):
        spool.read(0)
    assert spool.read(0) is None and spool.first_from(0) == 1
    assert [spool.read(seq) for seq in (1, 2)] == [b"payload %d" % n + bytes(400) for n in (1, 2)]
    spool.remove()
    assert [path.name for path in spool.set_apart] == [first.name] * (change != "remove")


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    spool.append(0, b"first")
    spool.append(1, b"second")
    spool.close()
    segment = tmp_path / "000000000000.spool"
    segment.write_bytes(segment.read_bytes().replace(b"second", b"secomd"))
    again = reopened(tmp_path)
    assert again.read(0) == b"first" and again.read(1) is None
    again.close()


def test_a_living_owner_keeps_others_away(tmp_path: Path) -> None:
    spool = new_spool(tmp_path)
    spool.append(0, b"mine")
    with pytest.raises(SpoolBusy, match="still running"):
        Spool.open(tmp_path, segment_bytes=1)
    spool.close()
    reopened(tmp_path).remove()
    assert not tmp_path.exists()


def test_a_file_that_is_no_segment_is_left_alone(tmp_path: Path) -> None:
    stranger = tmp_path / "000000000000.spool"
    stranger.write_bytes(b"something else entirely")
    (tmp_path / LOCK_NAME).touch()
    with pytest.raises(SpoolError, match="none of the 1 segments .* starts as a spool segment"):
        Spool.open(tmp_path, segment_bytes=1)
    assert stranger.read_bytes() == b"something else entirely"


def test_a_spool_whose_handles_the_program_has_closed_is_removed_and_says_so(
    tmp_path: Path,
) -> None:
    spool = new_spool(tmp_path / "spool")
    spool.append(0, b"payload")
    for handle in Path("/proc/self/fd").iterdir():
        if str(tmp_path) in os.path.realpath(handle):
            os.close(int(handle.name))
    trouble = spool.remove()
    assert "000000000000.spool: Bad file descriptor" in trouble
    assert f"{LOCK_NAME}: Bad file descriptor" in trouble
    assert not (tmp_path / "spool").exists()
