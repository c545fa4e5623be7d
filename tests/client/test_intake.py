"""The queue between `log` and the worker is bounded by the memory that its items take."""

from __future__ import annotations

import threading

from lossboard.sending.intake import Intake, Item

EMPTY = Item(lambda draft: None, (), wire_bytes=0)


def filled(intake: Intake, item: Item) -> int:
    """How many items go in before one has to wait; the last one waits and goes in when there is
    room."""
    count, full = 0, threading.Event()
    while not full.is_set() and count < 100:
        putting = threading.Thread(target=intake.put, args=(item, lambda activity: full.set()))
        putting.start()
        while putting.is_alive() and not full.is_set():
            putting.join(0.01)
        count += not full.is_set()
    while intake.take(patient=False):
        pass
    putting.join()
    while intake.take(patient=False):
        pass
    return count


def test_an_item_counts_four_hundred_bytes_and_twice_what_it_sends() -> None:
    intake = Intake(limit_bytes=4000, flush_bytes=1 << 20)
    assert filled(intake, EMPTY) == 10
    assert filled(intake, EMPTY._replace(wire_bytes=300)) == 4


def test_what_was_taken_gives_its_room_back() -> None:
    intake = Intake(limit_bytes=4000, flush_bytes=1 << 20)
    assert [filled(intake, EMPTY) for _ in range(3)] == [10, 10, 10]


def test_an_item_larger_than_the_queue_goes_in_alone() -> None:
    intake = Intake(limit_bytes=4000, flush_bytes=1 << 20)
    assert filled(intake, EMPTY._replace(wire_bytes=5000)) == 1
