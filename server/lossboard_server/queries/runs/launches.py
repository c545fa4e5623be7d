"""Launches and processes of a run as its page shows them, and in words how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.queries.runs.lives import Life, latest_launch, outcome_of, strangers_among
from lossboard_server.queries.runs.run_rows import State, state_of
from lossboard_server.queries.runs.shown import WHOLE, shown

__all__ = ["ending_of", "launches_of", "notices_of", "writers_of"]

_ENDED = "ended"  # of a process that nobody waited for, and that said no exit code


class _Ended(NamedTuple):
    """The facts that the state of a process or launch follows from."""

    ended_us: int | None
    exit_code: int | None
    preempting: bool
    stop_requested: bool = False


def _state(life: Life) -> str:
    if life.vanished and not life.must_end:
        return _ENDED
    preempted = life.preempting and life.exit_code != 0
    return state_of(_Ended(life.ended_us, life.exit_code, preempted))


def writers_of(connection: Connection, uid: int, lives: Sequence[Life]) -> list[dict[str, Any]]:
    """All processes that wrote the run, in order of their first word."""
    writer = schema.writer.c
    columns = (writer.id, writer.next_seq, writer.metadata_json)
    rows = connection.execute(select(*columns).where(writer.run_uid == uid))
    kept = {row.id: row for row in rows}
    return [_writer(life) | _kept(kept[life.id]) for life in lives if life.id in kept]


def _kept(row: Any) -> dict[str, Any]:
    return {"next_seq": row.next_seq, "metadata": shown(row.metadata_json, WHOLE)}


def _writer(life: Life) -> dict[str, Any]:
    return {
        "writer": life.token,
        "attempt": life.attempt_id,
        "launch": life.launch,
        "title": life.title,
        "label": life.label,
        "rank": life.rank,
        "host": life.host,
        "pid": life.pid,
        "primary": life.is_primary,
        "must_end": life.must_end,
        "state": _state(life),
        "created_us": life.created_us,
        "heard_us": max(life.heard_us, life.created_us if not life.heard_us else 0),
        "ended_us": life.ended_us,
        "exit_code": life.exit_code,
        "clock_offset_secs": life.clock_offset_us / 1e6,
    }


def launches_of(lives: Sequence[Life], run_state: State) -> list[dict[str, Any]]:
    """The launches of a run, oldest first; the latest one is in the state of the run."""
    numbers = sorted({life.launch for life in lives})
    return [
        _launch(number, [life for life in lives if life.launch == number], run_state, numbers[-1])
        for number in numbers
    ]


def _launch(number: int, lives: Sequence[Life], run_state: State, latest: int) -> dict[str, Any]:
    outcome = outcome_of(lives)
    ended = _Ended(outcome.ended_us, outcome.exit_code, outcome.preempting)
    return {
        "number": number,
        "opened_us": min(life.created_us for life in lives),
        "ended_us": outcome.ended_us,
        "state": run_state if number == latest else state_of(ended),
        "hosts": list(dict.fromkeys(life.host for life in lives if life.host)),
        "writers": [life.token for life in lives],
    }


def ending_of(lives: Sequence[Life], state: State) -> dict[str, Any] | None:
    """How the run ended, in a sentence, and when; of one that runs, what already went wrong."""
    latest = latest_launch(lives)
    deciding = [life for life in latest if life.must_end] or latest
    outcome = outcome_of(latest)
    if not deciding:
        return None
    if outcome.ended_us is None:
        return _so_far(deciding)
    if outcome.cause is None:
        return {"text": _all_well(deciding), "time_us": outcome.ended_us}
    cause = outcome.cause
    return {
        "text": _how(cause, _WHY.get(state, "")) + _others(deciding, cause),
        "time_us": cause.ended_us,
    }


_WHY: Mapping[str, str] = {"killed": "stopped from the dashboard: ", "preempting": "preempted: "}


def _how(life: Life, why: str = "") -> str:
    end = (
        "vanished, nothing was heard of it since"
        if life.vanished
        else f"ended with exit code {life.exit_code}"
    )
    return f"{why}{life.title} {end}"


def _all_well(deciding: Sequence[Life]) -> str:
    if len(deciding) == 1:
        return f"{deciding[0].title} ended well, with exit code 0"
    return f"all {len(deciding)} processes ended well"


def _others(deciding: Sequence[Life], cause: Life) -> str:
    rest = [life for life in deciding if life is not cause]
    counts = {
        "ended well": sum(life.exit_code == 0 for life in rest),
        "failed too": sum(life.failed for life in rest),
        "vanished": sum(life.vanished for life in rest),
    }
    told = {what: count for what, count in counts.items() if count}
    if len(told) == 1:
        return f"; the other {'one' if len(rest) == 1 else len(rest)} {next(iter(told))}"
    each = ", ".join(f"{count} {what}" for what, count in told.items())
    return f"; of the other {len(rest)}, {each}" if told else ""


def _so_far(deciding: Sequence[Life]) -> dict[str, Any] | None:
    bad = [life for life in deciding if life.failed or life.vanished]
    marked = [life for life in deciding if life.preempting and life.lives]
    living = sum(life.lives for life in deciding)
    if bad:
        first = min(bad, key=lambda life: life.ended_us or 0)
        goes_on = f"{living} of {len(deciding)} processes go on"
        return {"text": f"{_how(first)}; {goes_on}", "time_us": first.ended_us}
    if marked:
        text = f"{marked[0].title} says that its machine is about to be taken away"
        return {"text": text, "time_us": marked[0].heard_us}
    return None


def notices_of(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """The notices that the run has as long as its processes are as they are."""
    latest = latest_launch(lives)
    deciding = [life for life in latest if life.must_end]
    vanished = [life for life in deciding if life.vanished] if len(deciding) > 1 else []
    told = [("vanished", _how(life), life.ended_us or life.heard_us) for life in vanished]
    told += [
        (
            "two_writers",
            f"two processes write this run: {life.title} still does, of an earlier launch",
            life.heard_us,
        )
        for life in strangers_among(lives)
    ]
    told += _clocks(latest)
    return [
        {"kind": kind, "text": text, "amount": 1.0, "time_us": time_us}
        for kind, text, time_us in told
    ]


def _clocks(latest: Sequence[Life]) -> list[tuple[str, str, int]]:
    """Of each host whose clock was wrong."""
    off = {life.host or life.title: life for life in latest if life.clock_offset_us}
    return [
        ("clock", f"the clock of {host} {_wrong(life)}: its times were corrected", life.created_us)
        for host, life in off.items()
    ]


def _wrong(life: Life) -> str:
    secs = abs(life.clock_offset_us) / 1e6
    return f"is {secs:,.0f} s {'behind' if life.clock_offset_us > 0 else 'ahead'}"
