"""What was appended is read back; what is torn ends a segment; a lock keeps others away."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossboard import wire
from lossboard.spool import LOCK_NAME, Spool, SpoolBusy, SpoolError

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
def test_a_torn_record_ends_the_spool_and_the_others_are_kept(
    tmp_path: Path, cut_bytes: int
) -> None:
    spool = new_spool(tmp_path)
    for seq in range(3):
        spool.append(seq, bytes(50))
    spool.close()
    segment = tmp_path / "000000000000.spool"
    segment.write_bytes(segment.read_bytes()[:-cut_bytes])
    again = reopened(tmp_path)
    assert (again.next_seq, again.torn_bytes) == (2, 66 - cut_bytes)
    again.append(2, b"new")
    assert again.read(2) == b"new"
    again.close()


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
    with pytest.raises(SpoolError, match="does not start as a spool segment"):
        Spool.open(tmp_path, segment_bytes=1)
    assert stranger.read_bytes() == b"something else entirely"
