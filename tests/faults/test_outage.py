"""What people are told of a server that is away: a restart is nobody's concern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lossboard.sending import outage
from lossboard.sending.delivery import Outcome, Verdict
from lossboard.sending.outage import Outage

AWAY = Outcome(Verdict.RETRY, "connection refused")


class Clock:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_secs = 1000.0

    def monotonic(self) -> float:
        return self.now_secs


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(outage, "time", stopped)
    return stopped


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def way(clock: Clock, told: list[str]) -> Outage:
    """A server that was reached before."""
    known = Outage("http://here", "spool", lambda text, level: told.append(text))
    known.succeeded()
    return known


def test_a_restart_of_less_than_five_seconds_is_not_told(
    way: Outage, clock: Clock, told: list[str]
) -> None:
    for _ in range(5):
        way.failed(AWAY)
        clock.now_secs += 0.99
    way.failed(AWAY)
    way.succeeded()
    clock.now_secs += 60
    way.failed(AWAY)  # another absence, which counts for itself
    assert told == []


def test_a_longer_absence_is_told_once_and_so_is_its_end(
    way: Outage, clock: Clock, told: list[str]
) -> None:
    for _ in range(4):
        way.failed(AWAY)
        clock.now_secs += 5
    way.succeeded()
    way.succeeded()
    assert len(told) == 2
    assert "lossboard serve" in told[0] and "answers again" in told[1]


def test_a_server_that_was_never_there_is_told_at_once(clock: Clock, told: list[str]) -> None:
    Outage("http://here", "spool", lambda text, level: told.append(text)).failed(AWAY)
    assert len(told) == 1


def test_a_run_goes_on_behind_a_short_absence_without_a_word(
    tricky: Any,
    make_sender: Callable[..., Any],
    said: list[str],
    eventually: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outage, "_SILENT_SECS", 600.0)  # as long as this machine may need
    sender = make_sender(tricky.url)
    sender.put_row(0, 0, {"loss": 0.0})
    assert sender.flush(30)
    tricky.trick = lambda line, body: None  # closes without an answer
    seen = len(tricky.requests)
    sender.put_row(1, 1, {"loss": 0.5})
    eventually(lambda: len(tricky.requests) > seen + 2)  # a closed connection is tried once more
    tricky.trick = lambda line, body: (0, {}, {})
    sender.put_row(2, 2, {"loss": 1.0})
    assert sender.flush(60)
    assert tricky.steps() == [0, 1, 2]
    assert said == []
