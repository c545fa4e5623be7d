"""What waits for upload is counted as it comes and goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from lossboard.sending.uploads import FileStore


def store_of(directory: Path, contents: list[bytes]) -> FileStore:
    directory.mkdir()
    store = FileStore(directory, lambda: None)
    for content in contents:
        store.put(content)
    return store


def test_the_bytes_that_wait_are_those_of_each_content_once(tmp_path: Path) -> None:
    store = store_of(tmp_path / "a", [b"four", b"seven77", b"four", b"", b"nine99999"])
    assert (store.waiting_count, store.waiting_bytes) == (4, 4 + 7 + 9)
    left = [4 + 7 + 9, 7 + 9, 9, 9, 0]
    for ending in (store.uploaded, lambda one: store.reject(one, "no"), store.set_apart):
        assert store.waiting_bytes == left.pop(0)
        stored = store.next_waiting()
        assert stored is not None
        ending(stored)
        ending(stored)  # a second time changes nothing
    assert (store.waiting_count, store.waiting_bytes) == (1, 9)


def test_what_an_earlier_process_left_is_counted(tmp_path: Path) -> None:
    store_of(tmp_path / "a", [b"four", b"seven77"])
    store = FileStore(tmp_path / "a", lambda: None)
    assert store.waiting_bytes == 0
    store.adopt()
    store.put(b"four")
    assert store.waiting_bytes == 4 + 7


def steps_of(store: FileStore) -> int:
    """How much Python runs for one look at the bytes that wait."""
    events: list[str] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        events.append(event)

    sys.setprofile(note)
    try:
        assert store.waiting_bytes > 0
    finally:
        sys.setprofile(None)
    return len(events)


def test_a_look_at_the_bytes_costs_the_same_however_many_files_wait(tmp_path: Path) -> None:
    """Progress is drawn and each request is counted while thousands of files wait."""
    few = store_of(tmp_path / "few", [b"1", b"22"])
    many = store_of(tmp_path / "many", [bytes([n]) for n in range(200)])
    assert steps_of(few) == steps_of(many)
