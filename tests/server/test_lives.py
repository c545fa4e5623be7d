"""A run is what its latest launch is, and a launch what its processes are."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lossboard.wire import Exit


def exit_now(code: int, **fields: Any) -> Exit:
    return Exit(code, time.time_ns() // 1000, **fields)


class Training:
    """Processes of one run on a server, as their launchers start them."""

    def __init__(self, server: Any, writer_of: Any) -> None:
        self._server, self._writer_of = server, writer_of
        self._project: dict[str, str] = {}

    def process(self, rank: int | None = None, host: str = "a", step: int = 0, **start: Any) -> Any:
        named: dict[str, Any] = {"host": host, "pid": 100 + (rank or 0)}
        if rank is not None:
            named["rank"] = rank
        given = {"opens": "join", "metadata": named} | self._project | start
        writer = self._writer_of(self._server, **given)
        self._project = {"project": writer.start.project}
        writer.log(rank or step)
        return writer

    def ranks(self, count: int, **start: Any) -> list[Any]:
        return [self.process(rank, **start) for rank in range(count)]


@pytest.fixture
def training(server: Any, writer_of: Any) -> Training:
    return Training(server, writer_of)


@pytest.fixture
def short(server_factory: Any, writer_of: Any) -> Training:
    """On a server that takes a second of silence for the end of a process."""
    return Training(server_factory(crashed_after_secs=1, maintenance_secs=0.05), writer_of)


def notices(writer: Any) -> dict[str, str]:
    return {notice["kind"]: notice["text"] for notice in writer.run()["notices"]}


def states(writer: Any) -> list[str]:
    return [process["state"] for process in writer.run()["writers"]]


def launches(writer: Any) -> list[tuple[str, list[str]]]:
    return [(launch["state"], launch["hosts"]) for launch in writer.run()["launches"]]


def test_a_run_goes_on_until_the_last_of_its_ranks_has_ended(training: Training) -> None:
    ranks = training.ranks(3)
    for ended in (2, 0):
        ranks[ended].send(exit=exit_now(0))
        assert ranks[0].run()["state"] == "running"
    ranks[1].send(exit=exit_now(0))
    run = ranks[0].run()
    assert (run["state"], run["exit_code"]) == ("finished", 0)
    assert run["ending"]["text"] == "all 3 processes ended well"


def test_a_rank_that_fails_is_told_at_once_and_decides_at_the_end(training: Training) -> None:
    ranks = training.ranks(3)
    ranks[2].send(exit=exit_now(3))
    run = ranks[0].run()
    assert run["state"] == "running"
    assert run["ending"]["text"] == (
        "rank 2 on a (process 102) ended with exit code 3; 2 of 3 processes go on"
    )
    for rank in ranks[:2]:
        rank.send(exit=exit_now(0))
    run = ranks[0].run()
    assert (run["state"], run["exit_code"]) == ("failed", 3)
    assert run["ending"]["text"] == (
        "rank 2 on a (process 102) ended with exit code 3; the other 2 ended well"
    )
    assert states(ranks[0]) == ["finished", "finished", "failed"]


def test_a_rank_that_vanishes_is_a_notice_with_its_last_sign_of_life(
    short: Training, eventually: Any
) -> None:
    lost, living = short.ranks(2)
    heard_us = lost.run()["writers"][0]["heard_us"]

    def beaten() -> bool:
        living.beat()
        return "vanished" in notices(living)

    eventually(beaten)
    (notice,) = living.run()["notices"]
    assert notice["text"] == "rank 0 on a (process 100) vanished, nothing was heard of it since"
    assert notice["time_us"] == heard_us
    assert (living.run()["state"], states(living)) == ("running", ["crashed", "running"])
    living.send(exit=exit_now(0))
    run = living.run()
    assert (run["state"], run["exit_code"]) == ("crashed", None)
    assert run["ending"]["time_us"] == heard_us
    lost.beat()
    assert "vanished" not in notices(lost) and lost.run()["state"] == "running"


@pytest.mark.parametrize("named", [{}, {"launch": "job"}], ids=["unnamed", "named"])
def test_ranks_that_are_launched_again_after_a_failure_are_the_run(
    training: Training, named: dict[str, str]
) -> None:
    first = training.ranks(2, host="a", **named)
    for code, rank in zip((1, 0), first, strict=True):
        rank.send(exit=exit_now(code))
    assert first[0].run()["state"] == "failed"
    again = training.ranks(2, host="b", **named)
    assert again[0].run()["state"] == "running"
    for rank in again:
        rank.send(exit=exit_now(0))
    assert again[0].run()["state"] == "finished"
    assert launches(again[0]) == [("failed", ["a"]), ("finished", ["b"])]


@pytest.mark.parametrize("first_again", [0, 1])
def test_ranks_that_are_launched_again_after_a_kill_are_the_run(
    short: Training, eventually: Any, first_again: int
) -> None:
    killed = short.ranks(2, launch="first")
    again = [short.process(rank, launch="second") for rank in (first_again, 1 - first_again)]
    for rank in again:
        rank.send(exit=exit_now(0))
    assert again[0].run()["state"] == "finished"
    eventually(lambda: states(killed[0])[:2] == ["crashed", "crashed"])
    assert again[0].run()["state"] == "finished"
    assert launches(again[0]) == [("crashed", ["a"]), ("finished", ["a"])]


def test_processes_without_rank_that_are_started_again_after_a_kill_are_the_run(
    short: Training, eventually: Any
) -> None:
    killed = [short.process(host=host) for host in "ab"]
    again = [short.process(host=host) for host in "cd"]
    for process in again:
        process.send(exit=exit_now(0))
    eventually(lambda: states(killed[0])[:2] == ["crashed", "crashed"])
    assert again[0].run()["state"] == "finished"
    assert launches(again[0]) == [("crashed", ["a", "b"]), ("finished", ["c", "d"])]


def test_one_of_several_processes_without_rank_that_vanishes_has_crashed(
    short: Training, eventually: Any
) -> None:
    first, second = (short.process(host=host) for host in "ab")
    first.log(1)  # it was heard of after the other one had come

    def vanished() -> bool:
        second.beat()
        return states(second)[0] == "crashed"

    eventually(vanished)
    second.send(exit=exit_now(0))
    assert second.run()["state"] == "crashed"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_rank_0_names_and_describes_the_run_whoever_comes_first(
    training: Training, order: tuple[int, ...]
) -> None:
    for rank in order:
        own = {"rank": rank, "lr": 0.1, f"of {rank}": rank}
        writer = training.process(
            rank, host=f"host-{rank}", name=f"name {rank}", config=own, tags=(f"tag {rank}",)
        )
        writer.send(metadata={"cpu_count": 10 + rank})
    run = writer.run()
    assert (run["name"], run["tags"]) == ("name 0", ["tag 0"])
    assert run["config"] == {"rank": 0, "lr": 0.1, "of 0": 0, "of 1": 1, "of 2": 2}
    assert (run["metadata"]["host"], run["metadata"]["cpu_count"]) == ("host-0", 10)
    by_rank = {one["rank"]: one["metadata"] for one in run["writers"]}
    assert {rank: of["cpu_count"] for rank, of in by_rank.items()} == {0: 10, 1: 11, 2: 12}


def test_a_name_given_in_the_dashboard_outlives_the_next_launch(training: Training) -> None:
    (first,) = training.ranks(1, name="made up")
    uid = first.run()["uid"]
    first.http.patch(f"/api/runs/{uid}", json={"name": "mine"}).raise_for_status()
    first.send(exit=exit_now(1))
    (again,) = training.ranks(1, name="made up again", config={"lr": 2})
    assert (again.run()["name"], again.run()["config"]) == ("mine", {"lr": 2})


def test_a_process_without_rank_that_is_launched_again_describes_the_run_anew(
    training: Training,
) -> None:
    first = training.process(host="a", config={"lr": 1, "seed": 0})
    other = training.process(host="b", config={"lr": 2, "of b": 3})
    assert first.run()["config"] == {"lr": 1, "seed": 0, "of b": 3}
    for process in (first, other):
        process.send(exit=exit_now(1))
    again = training.process(host="c", config={"lr": 4})
    run = again.run()
    assert run["config"] == {"lr": 4, "seed": 0, "of b": 3} and run["metadata"]["host"] == "c"


def test_an_old_process_that_still_lives_decides_nothing_and_is_told(training: Training) -> None:
    old = training.process(opens="fresh", host="a")
    new = training.process(opens="resume", host="b")
    answer = old.log(7)
    assert answer.json()["warning"].startswith(
        "two processes write this run: process 100 on a still does, of an earlier launch."
    )
    assert new.beat().json()["warning"] == answer.json()["warning"]
    assert "process 100 on a still does" in notices(new)["two_writers"]
    new.send(exit=exit_now(0))
    assert new.run()["state"] == "finished"
    old.send(exit=exit_now(1))
    assert new.run()["state"] == "finished" and "two_writers" not in notices(new)
    assert launches(new) == [("failed", ["a"]), ("finished", ["b"])]


def test_rows_of_two_processes_that_began_the_same_id_are_both_shown(training: Training) -> None:
    old = training.process(opens="fresh")
    old.log(1, 2)
    new = training.process(opens="fresh", host="b", step=5)
    new.log(10)
    assert sorted(new.points()) == [5, 10]  # as after a restart: the old one may be dead
    old.log(3)
    assert sorted(new.points()) == [0, 1, 2, 3, 5, 10]
    assert new.run()["last_step"] >= 10


def test_a_marked_process_is_preempting_before_and_after_its_end(training: Training) -> None:
    (writer,) = training.ranks(1)
    writer.send(preempting=True)
    assert writer.run()["state"] == "preempting"
    assert writer.run()["ending"]["text"].endswith("its machine is about to be taken away")
    writer.send(exit=exit_now(143))
    run = writer.run()
    assert (run["state"], run["exit_code"]) == ("preempting", 143)
    assert run["ending"]["text"] == "preempted: rank 0 on a (process 100) ended with exit code 143"
    (again,) = training.ranks(1)
    assert again.run()["state"] == "running"
    again.send(exit=exit_now(0))
    assert launches(again) == [("preempting", ["a"]), ("finished", ["a"])]


def test_a_marked_process_that_ends_well_has_finished(training: Training) -> None:
    (writer,) = training.ranks(1)
    writer.send(preempting=True)
    writer.send(exit=exit_now(0))
    assert writer.run()["state"] == "finished"


def test_a_process_that_is_not_to_set_the_state_does_not(training: Training) -> None:
    primary = training.process(0)
    other = training.process(1, must_end=False)
    other.send(exit=exit_now(1))
    primary.send(exit=exit_now(0))
    assert primary.run()["state"] == "finished"


def test_a_child_that_logs_after_the_end_of_its_parent_keeps_the_run_going(
    training: Training,
) -> None:
    parent = training.process(opens="fresh")
    child = training.process(metadata={}, must_end=False)  # says nothing of itself
    silent = training.process(metadata={}, must_end=False)
    parent.send(exit=exit_now(0))
    assert parent.run()["state"] == "finished"
    child.beat()
    assert parent.run()["state"] == "running"
    child.send(exit=exit_now(0))
    assert parent.run()["state"] == "finished"
    assert silent.run()["exit_code"] == 0


@pytest.mark.parametrize("opens", ["join", "resume"])
def test_a_launch_that_is_heard_of_after_later_ones_is_before_them(
    training: Training, opens: str
) -> None:
    """It was killed while the server was away; what it wrote is delivered at last."""
    now_us = time.time_ns() // 1000

    def launched(number: int) -> Any:
        named = {"launch": f"launch {number}", "started_us": now_us - (60 - 10 * number) * 10**6}
        return training.process(0, host=f"host-{number}", opens=opens, **named)

    for number, code in ((1, 1), (4, 0)):
        launched(number).send(exit=exit_now(code))
    for number in (3, 2):
        late = launched(number)
        assert late.run()["state"] == "finished"
    late.send(exit=exit_now(3))
    run = late.run()
    assert (run["state"], run["exit_code"]) == ("finished", 0)
    assert launches(late) == [
        ("failed", ["host-1"]),
        ("failed", ["host-2"]),
        ("running", ["host-3"]),
        ("finished", ["host-4"]),
    ]
