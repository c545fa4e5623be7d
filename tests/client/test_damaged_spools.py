"""Whatever is damaged in a spool, `lossboard sync` delivers the rest once, keeps it and says so."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard import wire
from lossboard.sending.record_parts import Cuts
from lossboard.sending.segment import SegmentHead
from lossboard.sending.spool import LOCK_NAME, Spool
from lossboard.sending.uploads import FileStore

ROWS = 5  # of a record
RECORDS = 30
HEADER_BYTES = 16  # of a frame
Answer = tuple[int, dict[str, Any], str]  # exit code, JSON, stderr


@dataclass
class Left:
    """A spool of several segments that an offline run left behind."""

    root: Path
    run_id: str

    @property
    def directory(self) -> Path:
        return self.root / "run" / "spool" / "w"

    @property
    def segments(self) -> list[Path]:
        return sorted(self.directory.glob("*.spool"))

    def whole_records(self, before: dict[str, bytes]) -> set[int]:
        """Numbers of the records whose frames are as they were in `before`, by file name."""
        return {
            seq
            for name, content in before.items()
            for seq, start, end in frames(content)
            if (path := self.directory / name).exists()
            and path.read_bytes()[start:end] == content[start:end]
        }


def frames(content: bytes) -> list[tuple[int, int, int]]:
    """(seq, first byte, end) of all records in an undamaged segment."""
    found, offset = [], 8
    while offset < len(content):
        length, seq = (
            int.from_bytes(content[offset + i : offset + j], "little") for i, j in ((0, 4), (8, 16))
        )
        found.append((seq, offset, offset + HEADER_BYTES + length))
        offset += HEADER_BYTES + length
    return found[1:]


def leave(root: Path, run_id: str, records: int = RECORDS, segment_bytes: int = 1500) -> Left:
    start = wire.RunStart("me", "damage", run_id, started_us=1)
    left = Left(root, run_id)
    spool = Spool(
        left.directory,
        writer=uuid.uuid4().hex,
        base_url=None,
        start=start,
        segment_bytes=segment_bytes,
    )
    for seq in range(records):
        spool.append(seq, wire.encode_record(record_of(seq, start)))
    spool.close()
    return left


def record_of(seq: int, start: wire.RunStart) -> wire.Record:
    steps = np.arange(seq * ROWS, (seq + 1) * ROWS, dtype="<i8").tobytes()
    losses = wire.Column("loss", (np.arange(ROWS) + seq * ROWS).astype("<f8").tobytes())
    return wire.Record(
        version=wire.WIRE_VERSION,
        start=start if seq == 0 else None,
        rows=wire.Rows(steps, steps, [losses]),
    )


def synced(root: Path, base_url: str) -> Answer:
    """What `lossboard sync --json` answers."""
    command = [sys.executable, "-m", "lossboard", "sync", "--json", "--server", base_url, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    return done.returncode, json.loads(done.stdout), done.stderr


def run_of(server: Any, run_id: str) -> dict[str, Any]:
    return dict(httpx.get(f"{server.base_url}/api/runs/me/damage/{run_id}").json())


def notices_of(server: Any, run_id: str) -> dict[str, float]:
    return {notice["kind"]: notice["amount"] for notice in run_of(server, run_id)["notices"]}


def records_at(server: Any, run_id: str) -> list[int]:
    """Numbers of the records that arrived, by their rows, which are all there exactly once."""
    asked = {"runs": [run_of(server, run_id)["uid"]], "keys": ["loss"], "kind": "scalar"}
    answer = httpx.post(f"{server.base_url}/api/query/series", json={"x": "step", **asked})
    series = answer.json()["series"]
    if not series:
        return []
    columns = series[0]["columns"]
    assert set(columns["count"]) == {1} and columns["x_first"] == columns["first"]
    numbers = [int(step) // ROWS for step in columns["x_first"]]
    assert numbers == sorted(numbers) and len(numbers) == ROWS * len(set(numbers))
    return sorted(set(numbers))


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


@pytest.fixture
def run_id(own_name: str) -> str:
    return own_name


@pytest.mark.parametrize("place", ["length", "checksum", "number", "payload"])
def test_a_flipped_bit_costs_one_record(
    server: Any, tmp_path: Path, run_id: str, place: str
) -> None:
    left = leave(tmp_path, run_id, segment_bytes=100_000)
    (segment,) = left.segments
    content = segment.read_bytes()
    _, start, end = frames(content)[7]
    flip(
        segment,
        {"length": start + 1, "checksum": start + 4, "number": start + 8}.get(place, end - 9),
    )
    damaged = segment.read_bytes()
    code, said, _ = synced(tmp_path, server.base_url)
    assert code == 1 and said["delivered"] == [str(left.directory)] and said["missing"] == 1
    kept = left.directory / "damaged" / segment.name
    assert said["damaged"] == {str(left.directory): [str(kept)]}
    assert kept.read_bytes() == damaged
    assert records_at(server, run_id) == [n for n in range(RECORDS) if n != 7]
    assert notices_of(server, run_id) == {"missing_records": 1, "damaged": 1}
    assert synced(tmp_path, server.base_url)[:2] == (
        0,
        said | {"delivered": [], "damaged": {}, "missing": 0},
    )
    assert kept.read_bytes() == damaged


@pytest.mark.parametrize("damage", ["empty last", "magic", "head", "zeros", "cut", "gone"])
def test_a_damaged_segment_costs_no_record_of_another(
    server: Any, tmp_path: Path, run_id: str, damage: str
) -> None:
    left = leave(tmp_path, run_id)
    before = {path.name: path.read_bytes() for path in left.segments}
    first, middle, last = left.segments[0], left.segments[2], left.segments[-1]
    match damage:
        case "empty last":
            last.write_bytes(b"")
        case "magic":
            flip(first, 0)
        case "head":
            flip(first, 40)
        case "zeros":
            content = middle.read_bytes()
            middle.write_bytes(content[:700] + bytes(len(content) - 700))
        case "cut":
            middle.write_bytes(middle.read_bytes()[:700])
        case "gone":
            middle.unlink()
    whole = left.whole_records(before)
    code, said, _ = synced(tmp_path, server.base_url)
    assert code == 1 and said["failed"] == {}
    assert records_at(server, run_id) == sorted(whole)
    notices = notices_of(server, run_id)
    assert ("damaged" in notices) == (damage != "gone")
    assert said["missing"] == notices.get("missing_records", 0)
    # What an end that is gone held is at least one record, elsewhere the numbers say how many.
    lost = RECORDS - len(whole)
    assert said["missing"] == (1 if damage == "empty last" else lost)


def test_without_any_head_all_is_kept_and_other_spools_are_delivered(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    lost, fine = leave(tmp_path / "a", run_id + "a"), leave(tmp_path / "b", run_id + "b")
    for segment in lost.segments:
        flip(segment, 40)
    before = [segment.read_bytes() for segment in lost.segments]
    code, said, _ = synced(tmp_path, server.base_url)
    assert code == 1 and said["delivered"] == [str(fine.directory)]
    assert list(said["failed"]) == [str(lost.directory)]
    assert [segment.read_bytes() for segment in lost.segments] == before
    assert records_at(server, fine.run_id) == list(range(RECORDS))


def test_people_are_told_what_is_damaged_and_where_it_is(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    left = leave(tmp_path, run_id)
    flip(left.segments[1], 900)
    command = [sys.executable, "-m", "lossboard", "sync", "--server", server.base_url]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 1
    (kept,) = (left.directory / "damaged").iterdir()
    assert f"Damaged, and kept: {kept}" in done.stderr and "Lost records: 1" in done.stderr
    (text,) = [n["text"] for n in run_of(server, run_id)["notices"] if n["kind"] == "damaged"]
    assert kept.name in text and str(kept.parent) in text


def test_the_end_that_only_the_server_still_has_is_not_called_lost(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    left = leave(tmp_path, run_id, segment_bytes=100_000)
    (segment,) = left.segments
    content = segment.read_bytes()
    head = content[24 : 24 + int.from_bytes(content[8:12], "little")]
    writer = msgspec.msgpack.decode(head, type=SegmentHead).writer
    for seq, start, end in frames(content):
        payload = content[start + HEADER_BYTES : end]
        url = f"{server.base_url}/api/ingest/{writer}/{seq}"
        httpx.post(url, content=payload, headers={"Content-Type": "application/msgpack"})
    segment.write_bytes(content[: frames(content)[0][1]])  # no record is left but the last ...
    segment.write_bytes(segment.read_bytes() + content[-30:])  # ... and of that one the end only
    code, said, _ = synced(tmp_path, server.base_url)
    assert (code, said["missing"], list(said["damaged"])) == (1, 0, [str(left.directory)])
    assert records_at(server, run_id) == list(range(RECORDS))
    assert notices_of(server, run_id) == {"damaged": 1}


def test_a_content_that_changed_on_disk_is_set_apart_and_told(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    left = leave(tmp_path, run_id)
    store = FileStore(left.directory, lambda: None)
    good, bad = store.put(b"good" * 30_000), store.put(b"bad" * 40_000)
    damaged = left.directory / "files" / bad.sha256
    flip(damaged, 100)
    (left.directory / "files" / ".DS_Store").write_bytes(b"not ours")
    code, said, _ = synced(tmp_path, server.base_url)
    kept = left.directory / "damaged" / bad.sha256
    assert code == 1 and said["rejected"] == 0
    assert said["damaged"] == {str(left.directory): [str(kept)]}
    assert len(kept.read_bytes()) == 120_000
    assert httpx.head(f"{server.base_url}/api/blobs/{good.sha256}").status_code == 200
    assert httpx.head(f"{server.base_url}/api/blobs/{bad.sha256}").status_code == 404
    assert notices_of(server, run_id) == {"damaged": 1}


def test_a_damaged_list_of_cuts_keeps_its_spool_and_no_other(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    lost, fine = leave(tmp_path / "a", run_id + "a"), leave(tmp_path / "b", run_id + "b")
    record = record_of(3, wire.RunStart("me", "damage", run_id, started_us=1))
    cuts = Cuts(lost.directory / "cuts")
    for part in (3, 4):
        assert cuts.halve(cuts.part_at(part), record)
    flip(lost.directory / "cuts", 2)
    code, said, _ = synced(tmp_path, server.base_url)
    assert code == 1 and said["delivered"] == [str(fine.directory)]
    assert "damaged" in said["failed"][str(lost.directory)] and len(lost.segments) > 2


Change = tuple[str, int, int, int]  # what, which segment, where, how much
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "zero", "cut"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.integers(1, 400),
    ),
    min_size=1,
    max_size=4,
)


def damage(path: Path, what: str, place: int, size_bytes: int) -> None:
    content = bytearray(path.read_bytes())
    place %= max(len(content), 1)
    if what == "cut":
        del content[place:]
    elif content and what == "flip":
        content[place] ^= 1 << size_bytes % 8
    else:
        end = min(place + size_bytes, len(content))
        content[place:end] = bytes(end - place)
    path.write_bytes(content)


@examples(25)
@given(changes=CHANGES)
def test_every_whole_record_arrives_once_and_in_order(
    server: Any, tmp_path_factory: pytest.TempPathFactory, changes: list[Change]
) -> None:
    left = leave(tmp_path_factory.mktemp("left"), uuid.uuid4().hex)
    before = {path.name: path.read_bytes() for path in left.segments}
    for what, segment, place, size_bytes in changes:
        damage(left.segments[segment % len(left.segments)], what, place, size_bytes)
    after = {path.name: path.read_bytes() for path in left.segments}
    whole = left.whole_records(before)
    heads = [
        n
        for n, old in before.items()
        if after[n][: frames(old)[0][1]][8:] == old[8 : frames(old)[0][1]]
    ]
    code, said, _ = synced(left.root, server.base_url)
    if not heads:
        assert code == 1 and {p.name: p.read_bytes() for p in left.segments} == after
        return
    assert records_at(server, left.run_id) == sorted(whole)
    assert said["missing"] == notices_of(server, left.run_id).get("missing_records", 0)
    assert bool(said["missing"] or said["damaged"]) == bool(code)
    kept = {path.name: path.read_bytes() for path in (left.directory / "damaged").glob("*")}
    for name, content in kept.items():
        assert content == after[name]
    # A file that ends with a whole record, as if nothing had followed, shows no damage by itself.
    ends = {name: {8, *(end for _, _, end in frames(old))} for name, old in before.items()}
    assert set(kept) >= {
        n
        for n, old in before.items()
        if after[n] != old and not (old.startswith(after[n]) and len(after[n]) in ends[n])
    }
    assert not (left.directory / LOCK_NAME).exists()
