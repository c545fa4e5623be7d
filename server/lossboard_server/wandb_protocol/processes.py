"""Marks that tell the processes of a shared run of the official client from one another.

The protocol has no word for most of it: the label stands in the names of system metrics, the
primary is the one whose machine stands in its config, and a process that isn't to set the state
of the run ends without a word. Its last summary tells: the client rounds the runtime in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec

from lossboard.wire import Record
from lossboard_server.queries.runs import runs as run_reads
from lossboard_server.wandb_protocol.context import Call
from lossboard_server.wandb_protocol.lines import seconds_of
from lossboard_server.writing import catalogue, clocks, lives
from lossboard_server.writing.writer import Transaction

__all__ = ["clock_offset", "describe", "follow", "own_changes"]

_LABEL: Final = "/l:"


def follow(
    transaction: Transaction,
    token: str,
    events: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any],
) -> None:
    """Takes the label of a process and its silent end from what it sends."""
    writer = transaction.facts.writer(transaction.connection, token)
    if writer is None:
        return
    if label := _label_in(events):
        lives.set_label(transaction, writer, label)
    if _is_last(summary):
        lives.leave(transaction, writer)


def _label_in(events: Sequence[Mapping[str, Any]]) -> str:
    keys = (key for line in events[:1] for key in line if _LABEL in key)
    return next((key.partition(_LABEL)[2] for key in keys), "")


def _is_last(summary: Mapping[str, Any]) -> bool:
    own = summary.get("_wandb")
    runtime = own.get("runtime") if isinstance(own, dict) else None
    return type(summary.get("_runtime")) is int and summary.get("_runtime") == runtime


def clock_offset(
    transaction: Transaction, token: str, first_lines: Sequence[Mapping[str, Any]]
) -> int:
    """The amount to add to the times of a process, as its first lines tell.

    They say the time and for how long the process had run then, and are sent at once. How long ago
    they were written follows from when the process opened its run. A log that is synced tells
    nothing of a clock.
    """
    writer = transaction.facts.writer(transaction.connection, token)
    if writer is None:
        return 0
    timed = [times for line in first_lines if None not in (times := _times(line))]
    if timed and not writer.clock_offset_us:
        at_secs, ran_secs = max(timed)
        known = lives.facts_of(transaction, writer)
        waited_secs = max(0.0, (transaction.now_us - known.created_us) / 1e6 - ran_secs)
        sent_us = int((at_secs + waited_secs) * 1e6)
        offset_us = clocks.offset_of(transaction.now_us - sent_us)
        if offset_us and _has_just_begun(known.metadata):
            lives.set_clock(transaction, writer, offset_us)
    return writer.clock_offset_us


def _times(line: Mapping[str, Any]) -> tuple[Any, Any]:
    return seconds_of(line, "_timestamp"), seconds_of(line, "_runtime")


def _has_just_begun(metadata: Mapping[str, Any]) -> bool:
    """Whether a program opened the run, and not the client's own command, which sends logs of long
    ago, or these lines."""
    program = str(metadata.get("program", ""))
    is_sync = program.endswith("wandb.__main__") or PurePath(program).name == "wandb"
    return "host" in metadata and not is_sync


def own_changes(transaction: Transaction, uid: int, call: Call, changes: Record) -> Record:
    """Of the config that one process sends, whole as it is known there: nothing that another one
    set is removed, and only the primary changes what is there."""
    config = changes.config
    if not _is_primary(config, call.client_id):
        known = set(run_reads.config_keys(transaction.connection, uid)) - {"_wandb"}
        config = {key: value for key, value in config.items() if key not in known}
    return msgspec.structs.replace(changes, config=config, removed_config=[])


def describe(transaction: Transaction, token: str, call: Call, changes: Record) -> None:
    """The host of the run is that of the process that turns out to be the primary."""
    writer = transaction.facts.writer(transaction.connection, token)
    if writer is None or not _is_primary(changes.config, call.client_id):
        return
    known = run_reads.config_value(transaction.connection, writer.run_uid, "_wandb")
    if not _machines(known):
        machine = lives.make_primary(transaction, writer)
        catalogue.add_metadata(transaction, writer.run_uid, machine)


def _is_primary(config: Mapping[str, Any], client_id: str) -> bool:
    return client_id in _machines(config.get("_wandb"))


def _machines(own: Any) -> Mapping[str, Any]:
    """By client id, those of the processes that are primary."""
    machines = own.get("e") if isinstance(own, dict) else None
    return machines if isinstance(machines, dict) else {}
