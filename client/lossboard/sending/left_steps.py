"""How far a run got that waits on this machine for delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lossboard import wire
from lossboard.sending.segment import RecordDamaged, Segment, read_head, segment_paths
from lossboard.sending.undelivered import spool_directories

__all__ = ["last_step_left"]


def last_step_left(folder: Path, run_id: str) -> int | None:
    """The greatest step of the last rows that each process left of this run in or below `folder`;
    None where nothing of it waits there. What can't be read is passed over: `sync` says so."""
    steps = (_last_step(path) for path in spool_directories(folder) if _is_of(path, run_id))
    return max((step for step in steps if step is not None), default=None)


def _is_of(directory: Path, run_id: str) -> bool:
    try:
        head = read_head(directory)
    except OSError:  # delivered meanwhile, or another user's
        return False
    return head is not None and head.start.run_id == run_id


def _last_step(directory: Path) -> int | None:
    """Of one spool: what was written last is at its end."""
    for record in _records_backwards(directory):
        if record.rows is not None and record.rows.steps:
            return int(np.frombuffer(record.rows.steps, "<i8").max())
    return None


def _records_backwards(directory: Path) -> Iterator[wire.Record]:
    try:
        for path in reversed(segment_paths(directory)):
            segment = Segment.scan(path)
            for seq in sorted(segment.places, reverse=True):
                yield wire.decode_record(segment.read(seq))
            segment.close()
    except (OSError, RecordDamaged, wire.WireError):  # `sync` says what is damaged
        return
