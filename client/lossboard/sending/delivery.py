"""Sends the records of one ledger in order and draws the right conclusion from each answer.

| answer | conclusion |
|---|---|
| 200 with `next_seq` | confirmed up to there |
| no answer, 408, 429, 5xx | again after a pause: full jitter, 0.5 s growing to 30 s, Retry-After |
| 409 with `expected` | from there, or what is left after saying how many are missing |
| 410 | the run was deleted: stop, the spool is kept |
| 413 | cut the record in two |
| 400, 422, a single thing too large | kept in `rejected/` with the server's words, and on |
| no record of that number, or a damaged one | the next one that is here says how many are missing |
| anything else (401, 403, 404, a stranger's page) | long pause, one message, the spool is kept |

Nothing here waits or starts a thread: `attempt` makes one attempt and says what is to be done.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any, Final, Protocol

import msgspec

from lossboard import wire
from lossboard.sending.ledger import Ledger
from lossboard.sending.record_parts import Cuts, Part, cut_out
from lossboard.sending.segment import RecordDamaged
from lossboard.sending.spool import CUTS_NAME
from lossboard.sending.transport import Answer, Unreachable

__all__ = ["Backoff", "Delivery", "Outcome", "Requests", "Verdict", "verdict_of"]

_RETRY_MIN_SECS: Final = 0.5
_RETRY_MAX_SECS: Final = 30.0
_PAUSE_MIN_SECS: Final = 30.0
_PAUSE_MAX_SECS: Final = 600.0
_MOST_REWINDS: Final = 5  # 409 answers in a row before it counts as trouble


class Requests(Protocol):
    """The side of a transport that delivery needs."""

    base_url: str

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ...
    ) -> Answer:
        """The answer; raises Unreachable."""


class Verdict(Enum):
    """The result of one attempt."""

    DONE = auto()  # something moved on: attempt again at once
    IDLE = auto()  # nothing to send
    RETRY = auto()  # the network or the server has a bad moment
    PAUSE = auto()  # somebody has to change something first
    STOP = auto()  # the run was deleted


@dataclass(frozen=True)
class Outcome:
    """A verdict, its reason for people, and the least wait that the server asked for."""

    verdict: Verdict
    reason: str = ""
    retry_after_secs: float = 0.0


_DONE: Final = Outcome(Verdict.DONE)


class Backoff:
    """How long to wait after a failed attempt."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        """After a success."""
        self._failures = 0

    def delay_secs(self, outcome: Outcome) -> float:
        """Seconds before the next attempt, at least what the server asked for."""
        paused = outcome.verdict is Verdict.PAUSE
        low, high = (
            (_PAUSE_MIN_SECS, _PAUSE_MAX_SECS) if paused else (_RETRY_MIN_SECS, _RETRY_MAX_SECS)
        )
        ceiling = min(high, low * 2.0 ** min(self._failures, 20))
        self._failures += 1
        return max(outcome.retry_after_secs, random.uniform(ceiling / 2 if paused else 0, ceiling))


def verdict_of(answer: Answer, base_url: str) -> Outcome:
    """The conclusion from an answer that is neither a success nor about one record."""
    if answer.status in (408, 429) or answer.status >= 500:
        return Outcome(Verdict.RETRY, f"{answer.status}: {answer.words}", _retry_after_secs(answer))
    if answer.status == 410:
        return Outcome(Verdict.STOP, answer.words)
    if answer.status in (401, 403):
        reason = f"{base_url} refuses access ({answer.status}: {answer.words})"
    else:
        reason = f"what answers at {base_url} is not a lossboard server ({answer.status})"
    return Outcome(Verdict.PAUSE, reason, _retry_after_secs(answer))


def _retry_after_secs(answer: Answer) -> float:
    """The Retry-After header, as seconds or as a date; 0 when absent or not readable."""
    value = answer.headers.get("retry-after", "")
    if value.isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
        now = parsedate_to_datetime(answer.headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (TypeError, ValueError):
        return 0.0


class Delivery:
    """The sending side of one writer; `number` is the number of the next part at the server.

    `on_reject` gets the server's words about a record that it refuses, `on_damage` the record
    that can't be read any more, `on_warning` what the server says of the run as a whole.
    """

    def __init__(
        self,
        ledger: Ledger,
        requests: Requests,
        *,
        on_reject: Callable[[str], None],
        on_damage: Callable[[RecordDamaged], None],
        on_warning: Callable[[str], None] = lambda words: None,
    ) -> None:
        self.stop_requested = False
        self.missing = 0  # records that are lost: the server has a notice of them
        self._ledger = ledger
        self._requests = requests
        self._on_reject = on_reject
        self._on_damage = on_damage
        self._on_warning = on_warning
        self._cuts = Cuts(ledger.spool.directory / CUTS_NAME)
        self._path = f"/api/ingest/{ledger.spool.head.writer}"
        self._number = 0  # the next to send
        self._expected: int | None = None  # the next that the server takes, once it has said so
        self._claimed = 0  # how many the last body called missing ...
        self._refused = 0  # ... and how many of those the server itself refused
        self._needs_start = False
        self._rewinds = 0

    @property
    def next_seq(self) -> int:
        """The record that will be sent next."""
        return self._cuts.part_at(self._number).seq

    def attempt(self) -> Outcome:
        """Sends the next record, or part of one, and applies the answer."""
        part = self._cuts.part_at(self._number)
        try:
            payload = self._ledger.read(part.seq)
        except RecordDamaged as damaged:
            self._on_damage(damaged)
            payload = None
        except OSError as error:
            return Outcome(Verdict.RETRY, f"a record can't be read at present: {error}")
        if payload is None:
            return self._skip_to_what_is_here(part.seq)
        try:
            answer = self._requests.request(
                "POST",
                f"{self._path}/{self._number}",
                self._body(part, payload),
                "application/msgpack",
            )
        except Unreachable as error:
            return Outcome(Verdict.RETRY, str(error))
        return self._apply(answer, part, payload)

    def heartbeat(self) -> Outcome:
        """Tells the server that the process lives."""
        try:
            answer = self._requests.request("POST", f"{self._path}/heartbeat", b"")
        except Unreachable as error:
            return Outcome(Verdict.RETRY, str(error))
        said = answer.json()
        if answer.status != 200 or "next_seq" not in said:
            return verdict_of(answer, self._requests.base_url)
        self._hear(said)
        return _DONE

    def _hear(self, said: Mapping[str, Any]) -> None:
        """Takes up other words of the server's answer."""
        self.stop_requested = said.get("stop") is True
        warning = said.get("warning")
        if isinstance(warning, str) and warning:
            self._on_warning(warning)

    def _skip_to_what_is_here(self, seq: int) -> Outcome:
        end = self._ledger.next_seq  # asked first: all below it were here already
        first = self._ledger.first_from(seq)
        if first is None and seq >= end:
            return Outcome(Verdict.IDLE)
        self._number = self._cuts.number_of(end if first is None else first)
        self._ledger.confirm(self._cuts.part_at(self._number).seq)
        return _DONE

    def _body(self, part: Part, payload: bytes) -> bytes:
        """The bytes as they are, except for parts and after a gap."""
        missing = 0 if self._expected is None else max(0, self._number - self._expected)
        self._claimed = missing
        if part.is_whole and not missing and not self._needs_start:
            return payload
        record = wire.decode_record(payload)
        if not part.is_whole:
            record = cut_out(record, part)
        if missing or self._needs_start:
            start = record.start or self._ledger.spool.head.start
            record = msgspec.structs.replace(record, missing=missing, start=start)
        return wire.encode_record(record)

    def _apply(self, answer: Answer, part: Part, payload: bytes) -> Outcome:
        if answer.status == 200:
            return self._confirmed(answer)
        if answer.status == 409:
            return self._rewound(answer)
        if answer.status == 413:
            return self._too_large(answer, part, payload)
        if answer.status in (400, 422):
            return self._rejected(answer, part, payload)
        if answer.status == 410:
            self._ledger.spool.mark_deleted(answer.words)
        return verdict_of(answer, self._requests.base_url)

    def _too_large(self, answer: Answer, part: Part, payload: bytes) -> Outcome:
        try:
            if self._cuts.halve(part, wire.decode_record(payload)):
                return _DONE
        except OSError as error:
            return Outcome(Verdict.RETRY, f"a record is too large and can't be cut: {error}")
        return self._rejected(answer, part, payload)

    def _confirmed(self, answer: Answer) -> Outcome:
        said = answer.json()
        next_number = said.get("next_seq")
        if not isinstance(next_number, int) or next_number <= self._number:
            return Outcome(
                Verdict.PAUSE,
                f"what answers at {self._requests.base_url} is not a lossboard server",
            )
        self._hear(said)
        self.missing += self._claimed - min(self._refused, self._claimed)
        self._needs_start, self._rewinds, self._refused = False, 0, 0
        self._move_to(next_number)
        return _DONE

    def _move_to(self, number: int) -> None:
        self._number = self._expected = number
        self._ledger.confirm(self._cuts.part_at(number).seq)

    def _rewound(self, answer: Answer) -> Outcome:
        error = answer.json().get("error")
        details = error.get("details") if isinstance(error, dict) else None
        expected = details.get("expected") if isinstance(details, dict) else None
        self._rewinds += 1
        if not isinstance(expected, int) or self._rewinds > _MOST_REWINDS:
            return Outcome(Verdict.RETRY, f"409: {answer.words}")
        self._needs_start = True
        self._move_to(expected)
        return _DONE

    def _rejected(self, answer: Answer, part: Part, payload: bytes) -> Outcome:
        words = f"{answer.status}: {answer.words}"
        name = f"{part.seq:012d}" if part.is_whole else f"{part.seq:012d}-{part.first}"
        try:
            self._ledger.reject(name, payload, words)
        except OSError as error:
            words += f" (and it is lost: it could not be written to rejected/: {error})"
        self._on_reject(words)
        self._refused += 1
        self._number += 1
        self._ledger.confirm(self._cuts.part_at(self._number).seq)
        return _DONE
