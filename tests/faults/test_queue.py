"""Logging waits only when the queue is full, and a failing worker never breaks training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from lossboard import wire
from lossboard.sending.draft import Draft
from lossboard.sending.sender import Sender

END = wire.Exit(0, 1)
Make = Callable[..., Sender]


class Later:
    """A value that is there once `done` is set."""

    def __init__(self, value: Any) -> None:
        self.done = threading.Event()
        self._value = value

    def ready(self) -> bool:
        return self.done.is_set()

    def resolve(self) -> Any:
        assert self.done.wait(20)
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


def test_a_full_queue_makes_logging_wait_and_says_why_once(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    late = Later(0.25)
    sender = make_sender(tricky.url, queue_limit_bytes=20_000)
    sender.put_row(0, 0, {"loss": late})
    threading.Timer(0.3, late.done.set).start()
    for step in range(1, 500):
        sender.put_row(step, step, {"loss": 0.5})
    report = sender.finish(END)
    assert tricky.steps() == list(range(500))
    assert len(said) == 1 and "values that a device is still computing" in said[0]
    notices = [notice for record in tricky.all_records() for notice in record.notices]
    assert {notice.kind for notice in notices} == {"waited_secs"}
    assert sum(n.amount for n in notices) == pytest.approx(report.waited_secs) and notices


def test_rows_keep_their_order_behind_a_value_that_is_late(
    tricky: Any, make_sender: Make, eventually: Any
) -> None:
    sender = make_sender(tricky.url)
    late = Later(wire.HistogramData(0.0, 1.0, b"\1", 0, 1.0))
    sender.put_row(0, 0, {"loss": 1.0})
    sender.put_event(0, 0, 10, {("gradients", "w"): late})
    sender.put_row(1, 1, {"loss": 2.0, "hist": late})
    eventually(lambda: tricky.steps() == [0])
    late.done.set()
    assert sender.finish(END).delivered
    assert tricky.steps() == [0, 1]
    histograms = [column for record in tricky.all_records() for column in record.histograms]
    assert [(c.key, c.path, len(c.batches)) for c in histograms] == [
        ("hist", (), 0),
        ("gradients.w", ("gradients", "w"), 8),
    ]


def test_a_value_that_a_device_fails_to_give_costs_itself_alone(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    broken = Later(RuntimeError("device-side assert"))
    broken.done.set()
    sender = make_sender(tricky.url)
    for step, value in enumerate([1.0, broken, 3.0]):
        sender.put_row(step, step, {"loss": value})
    report = sender.finish(END)
    assert tricky.steps() == [0, 1, 2] and report.dropped == {"values": 1}
    assert said == ["error: lost 1 value: loss: device-side assert"]


def test_a_dead_worker_is_told_at_the_next_call_and_nothing_raises(
    tricky: Any,
    make_sender: Make,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    eventually: Any,
) -> None:
    def explode(draft: Draft) -> wire.Record:
        raise MemoryError("no room for columns")

    sender = make_sender(tricky.url)
    assert sender.flush(10)
    monkeypatch.setattr(Draft, "record", explode)
    sender.put_row(0, 0, {"loss": 1.0})
    eventually(lambda: (sender.put_row(1, 1, {"loss": 2.0}), said)[1])
    report = sender.finish(END)
    assert report.dropped["queued items"] >= 1 and "no room for columns" in report.reason
    assert [record.exit for record in tricky.all_records() if record.exit] == [END]
    assert len(said) == 1 and "no room for columns" in said[0]


def test_nothing_can_be_put_after_the_end(tricky: Any, make_sender: Make) -> None:
    sender = make_sender(tricky.url)
    report = sender.finish(END)
    assert sender.finish(END) is report
    with pytest.raises(RuntimeError, match="this run is finished"):
        sender.put_row(0, 0, {"loss": 1.0})
