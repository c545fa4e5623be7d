"""Writes of the official client's streams: marks of kept lines, and attempts that turn out to be
an old log again."""

from __future__ import annotations

from sqlalchemy import delete, insert, update

from lossboard_server.database import schema
from lossboard_server.writing import lives
from lossboard_server.writing.writer import Transaction

__all__ = ["begin_mark", "drop_empty_attempt", "move_mark"]


def begin_mark(
    transaction: Transaction,
    attempt: int,
    client_id: str,
    stream: str,
    *,
    next_line: int,
    first_digest: str,
) -> None:
    """Note the first line of a stream of an attempt, and the number of the first that isn't
    kept."""
    values = {"attempt_id": attempt, "client_id": client_id, "stream": stream}
    values |= {"next_line": next_line, "first_digest": first_digest}
    transaction.connection.execute(insert(schema.stream_mark).values(values))


def move_mark(transaction: Transaction, mark_id: int, next_line: int) -> None:
    """More lines are kept."""
    mark = schema.stream_mark
    transaction.connection.execute(
        update(mark).where(mark.c.id == mark_id).values(next_line=next_line)
    )


def drop_empty_attempt(transaction: Transaction, attempt: int, earlier: int) -> None:
    """Makes an attempt that turned out to be an old log again part of the attempt of that log:
    its writers move over; nothing was written to it yet."""
    uid = lives.withdraw(transaction, attempt, earlier)
    table = schema.attempt
    transaction.connection.execute(delete(table).where(table.c.id == attempt))
    transaction.facts.forget_writers(attempt)
    lives.settle(transaction, uid)
