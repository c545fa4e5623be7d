"""The place where a run ran and its part in a launch, by its metadata.

Our client says it in so many words; the official one sends the variables of Slurm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

__all__ = ["Place", "place_of"]


@dataclass(frozen=True)
class Place:
    """Host, rank and the scheduler's job of a run; `launch` is the same for all ranks that were
    launched together. What is not known is empty, or None."""

    host: str = ""
    rank: int | None = None
    job: str = ""
    launch: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    """Values of other kinds count as none."""

    host: Any = ""
    rank: Any = None
    job: Any = None
    launcher: Any = None
    slurm: Any = None


_decoder = msgspec.json.Decoder(_Metadata)


def place_of(metadata_json: str) -> Place:
    """The place that a run's metadata tell of."""
    told = _decoder.decode(metadata_json)
    host = told.host if isinstance(told.host, str) else ""
    if isinstance(told.slurm, dict) and told.launcher is None and told.job is None:
        return _of_slurm(host, told.slurm)
    return Place(
        host,
        told.rank if isinstance(told.rank, int) else None,
        _text(told.job, "id"),
        _launch(told.launcher),
    )


def _launch(launcher: Any) -> str:
    """Launched again, it is another one."""
    name = _text(launcher, "launch")
    restart = launcher.get("restart") if name else None
    return f"{name}.{restart}" if isinstance(restart, int) else name


def _of_slurm(host: str, variables: dict[str, Any]) -> Place:
    """By the variables of Slurm, their names without SLURM_ and in small letters."""
    job = _text(variables, "job_id")
    array, task = _text(variables, "array_job_id"), _text(variables, "array_task_id")
    name = f"{array}_{task}" if array and task else job
    rank, ranks = _number(variables, "procid"), _ranks(variables)
    if rank is None or ranks is None or not rank < ranks > 1:
        return Place(host, None, name)
    return Place(host, rank, name, f"slurm-{name}.{_number(variables, 'restart_count') or 0}")


def _ranks(variables: dict[str, Any]) -> int | None:
    of_step = _number(variables, "step_num_tasks")
    return _number(variables, "ntasks") if of_step is None else of_step


def _number(values: dict[str, Any], name: str) -> int | None:
    text = _text(values, name)
    return int(text) if text.isdecimal() else None


def _text(values: Any, name: str) -> str:
    found = values.get(name) if isinstance(values, dict) else None
    return found if isinstance(found, str) else ""
