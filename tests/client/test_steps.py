"""The step machine: which step each row has."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from lossboard.live_run.steps import StepMachine, as_step

Rows = list[tuple[int, dict[Any, Any]]]


class Recorder:
    """A step machine, and what came out of it."""

    def __init__(self, first_step: int = 0) -> None:
        self.rows: Rows = []
        self.times: list[int] = []
        self.late: list[tuple[int, int]] = []
        self.machine = StepMachine(first_step, self.put, lambda *late: self.late.append(late))

    def put(self, step: int, time_us: int, row: dict[Any, Any]) -> None:
        self.rows.append((step, row))
        self.times.append(time_us)

    def log(self, row: dict[Any, Any], step: int | None = None, commit: bool | None = None) -> None:
        self.machine.log(row, step, commit, len(self.times))


@pytest.mark.covers("log")
def test_each_call_without_a_step_is_a_row_of_the_next_step() -> None:
    recorder = Recorder()
    recorder.log({"a": 1})
    recorder.log({"a": 2})
    assert recorder.rows == [(0, {"a": 1}), (1, {"a": 2})]
    assert recorder.machine.step == 2


@pytest.mark.covers("log.step")
def test_calls_with_the_same_step_gather_in_one_row_and_the_later_value_wins() -> None:
    recorder = Recorder()
    recorder.log({"a": 1, "b": 1}, step=10)
    recorder.log({"b": 2, "c": 2}, step=10)
    assert recorder.rows == []
    assert recorder.machine.step == 10
    recorder.log({"a": 3}, step=12)
    assert recorder.rows == [(10, {"a": 1, "b": 2, "c": 2})]


@pytest.mark.covers("log.commit")
def test_commit_closes_the_row_of_a_step_and_goes_on_to_the_next() -> None:
    recorder = Recorder()
    recorder.log({"a": 1}, step=12, commit=True)
    assert recorder.rows == [(12, {"a": 1})]
    assert recorder.machine.step == 13


@pytest.mark.covers("log.commit")
def test_without_commit_a_row_stays_open() -> None:
    recorder = Recorder()
    recorder.log({"a": 1}, commit=False)
    recorder.log({"b": 1})
    assert recorder.rows == [(0, {"a": 1, "b": 1})]


@pytest.mark.covers("log.empty")
def test_an_empty_call_takes_a_step_and_makes_an_empty_row() -> None:
    recorder = Recorder()
    recorder.log({})
    recorder.log({}, commit=True)
    assert recorder.rows == [(0, {}), (1, {})]


def test_an_empty_call_with_a_step_makes_no_row_when_the_step_is_left() -> None:
    recorder = Recorder()
    recorder.log({}, step=5)
    recorder.log({"a": 1}, step=6)
    recorder.machine.close()
    assert recorder.rows == [(6, {"a": 1})]


def test_closing_puts_the_open_row_once() -> None:
    recorder = Recorder()
    recorder.log({"a": 1}, step=3)
    recorder.machine.close()
    recorder.machine.close()
    assert recorder.rows == [(3, {"a": 1})]


@pytest.mark.parametrize("step", [4, 0, -3])
def test_a_lower_step_is_kept_as_a_row_of_its_own_and_told(step: int) -> None:
    recorder = Recorder()
    recorder.log({"a": 1}, step=5)
    recorder.log({"a": 2}, step=step)
    recorder.log({"b": 3}, step=5)
    recorder.machine.close()
    assert recorder.rows == [(step, {"a": 2}), (5, {"a": 1, "b": 3})]
    assert recorder.late == [(step, 5)]


def test_the_step_of_a_committed_row_is_late_for_another_call() -> None:
    recorder = Recorder()
    recorder.log({"a": 1}, step=7, commit=True)
    recorder.log({"b": 1}, step=7)
    assert recorder.rows == [(7, {"a": 1}), (7, {"b": 1})]
    assert recorder.late == [(7, 8)]


def test_a_row_has_the_time_of_its_last_call() -> None:
    recorder = Recorder()
    recorder.machine.log({"a": 1}, 0, None, 100)
    recorder.machine.log({"b": 1}, 0, None, 200)
    recorder.machine.close()
    assert recorder.times == [200]


def test_a_resumed_run_counts_on_from_its_first_step() -> None:
    recorder = Recorder(first_step=41)
    recorder.log({"a": 1})
    assert recorder.rows == [(41, {"a": 1})]


def test_after_a_fork_the_child_counts_on_and_leaves_the_open_row_to_the_parent() -> None:
    recorder = Recorder()
    recorder.log({"a": 1}, step=5)
    recorder.machine.start_in_fork()
    recorder.log({"b": 1})
    assert recorder.rows == [(5, {"b": 1})]


@pytest.mark.covers("processes")
def test_rows_of_many_threads_have_different_steps_and_none_is_lost() -> None:
    recorder = Recorder()

    def work() -> None:
        for value in range(250):
            recorder.log({"v": value})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [step for step, _ in recorder.rows] == list(range(1000))


@pytest.mark.covers("log.step")
@pytest.mark.parametrize("step", [np.int64(3), np.uint8(3), np.array(3), True + 2])
def test_every_integer_is_a_step(step: Any) -> None:
    assert as_step(step) == 3
    assert type(as_step(step)) is int


def test_a_tensor_of_one_integer_is_a_step() -> None:
    torch = pytest.importorskip("torch")
    assert as_step(torch.tensor(3)) == 3


@pytest.mark.covers("log.step")
@pytest.mark.parametrize("step", [1.0, "1", [1]])
def test_what_is_no_integer_is_no_step(step: Any) -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        as_step(step)
