"""A record in parts holds what the whole record holds, and later numbers move up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, given, settings

from lossboard import wire
from lossboard.sending.draft import Draft
from lossboard.sending.record_parts import Cuts, atom_count, cut_out

sizes = st.integers(0, 6)


def record_with(rows: int, system: int, events: int, lines: int) -> wire.Record:
    draft = Draft()
    draft.add_config({"lr": 0.1}, [])
    for step in range(rows):
        draft.add_row(step, step, {"loss": step / 2, **({"odd": "x"} if step % 2 else {})})
    for sample in range(system):
        draft.add_system_row(sample, sample, {"cpu": sample})
    for event in range(events):
        histogram = wire.HistogramData(0.0, 1.0, bytes([event]), 0, 1.0)
        draft.add_event(event, event, event, {"w1": histogram, "w2": histogram})
    draft.add_console(wire.ConsoleLine(n, "stdout", n, f"line {n}") for n in range(lines))
    return draft.record()


def contents(record: wire.Record) -> dict[str, Any]:
    """Everything in the record by what identifies it, whatever record it is in."""
    found: dict[str, Any] = {f"config {key}": value for key, value in record.config.items()}
    for name, rows in (("row", record.rows), ("system", record.system)):
        if rows is None:
            continue
        steps = np.frombuffer(rows.steps, "<i8")
        for column in rows.columns:
            places = np.frombuffer(column.rows, "<u4") if column.rows else range(len(steps))
            for place, number in zip(places, np.frombuffer(column.numbers), strict=True):
                found[f"{name} {steps[place]} {column.key}"] = (number, column.types)
        for other in rows.json_columns:
            places = np.frombuffer(other.rows, "<u4") if other.rows else range(len(steps))
            for place, value in zip(places, other.values, strict=True):
                found[f"{name} {steps[place]} {other.key}"] = value
    for series in record.histograms:
        batches = np.frombuffer(series.batches, "<i8")
        for batch, histogram in zip(batches, series.histograms, strict=True):
            found[f"{series.key} {batch}"] = histogram
    return found | {f"line {line.number}": line for line in record.console}


@given(sizes, sizes, sizes, sizes, st.lists(st.integers(0, 20), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_parts_hold_everything_once(
    tmp_path: Path, rows: int, system: int, events: int, lines: int, halvings: list[int]
) -> None:
    record = record_with(rows, system, events, lines)
    (tmp_path / "cuts").unlink(missing_ok=True)
    cuts = Cuts(tmp_path / "cuts")
    for choice in halvings:
        parts_so_far = cuts.number_of(1)
        cuts.halve(cuts.part_at(choice % parts_so_far), record)
    parts = [cut_out(record, cuts.part_at(number)) for number in range(cuts.number_of(1))]
    found = [item for part in parts for item in contents(part).items()]
    assert len(found) == len(contents(record))
    assert dict(found) == contents(record)


def test_a_single_atom_cannot_be_cut(tmp_path: Path) -> None:
    cuts = Cuts(tmp_path / "cuts")
    record = record_with(0, 0, 0, 0)
    assert atom_count(record) == 1
    assert not cuts.halve(cuts.part_at(0), record)


def test_cuts_are_the_same_after_a_restart(tmp_path: Path) -> None:
    cuts = Cuts(tmp_path / "cuts")
    record = record_with(4, 0, 0, 4)
    for number in (2, 3, 7):
        cuts.halve(cuts.part_at(number), record)
    again = Cuts(tmp_path / "cuts")
    assert [again.part_at(n) for n in range(12)] == [cuts.part_at(n) for n in range(12)]
    assert [part.seq for part in map(again.part_at, range(9))] == [0, 1, 2, 2, 2, 3, 4, 5, 5]
