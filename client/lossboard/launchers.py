"""The place of this process among several, by the variables that launchers and schedulers set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

__all__ = ["Distinguish", "Job", "Launcher", "job_of", "launcher_of"]

_LOOPBACK: Final = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0"})


@dataclass(frozen=True)
class Job:
    """A job of a scheduler; `name` is the same for all processes of it, also once it was
    requeued, and another for each task of an array. `restart` counts the requeues."""

    scheduler: str
    name: str
    restart: int = 0


@dataclass(frozen=True)
class Launcher:
    """The group of processes that torchrun, Slurm or MPI started this one in.

    `group` is shared by the ranks of one launch; `restart` counts how often the launcher has
    started them again. None stands for what the launcher does not tell.
    """

    rank: int
    world_size: int
    group: str
    kind: str = "ranks"
    local_rank: int | None = None
    restart: int = 0

    @property
    def several(self) -> bool:
        """Whether there is more than one rank."""
        return self.world_size > 1

    @property
    def launch(self) -> str:
        """Names this launch: another one for each restart."""
        return f"{self.group}.{self.restart}" if self.several else ""


@dataclass(frozen=True)
class _Names:
    """The variables in which one launcher tells rank, number of ranks and rank on the host."""

    kind: str
    rank: tuple[str, ...]
    world_size: tuple[str, ...]
    local_rank: tuple[str, ...]


_LAUNCHERS: Final = (  # whoever started the process itself comes before what started that
    _Names("ranks", ("RANK",), ("WORLD_SIZE",), ("LOCAL_RANK",)),
    _Names(
        "openmpi",
        ("OMPI_COMM_WORLD_RANK",),
        ("OMPI_COMM_WORLD_SIZE",),
        ("OMPI_COMM_WORLD_LOCAL_RANK",),
    ),
    _Names(
        "mpich",
        ("PMI_RANK", "MV2_COMM_WORLD_RANK"),
        ("PMI_SIZE", "MV2_COMM_WORLD_SIZE"),
        ("MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK"),
    ),
    _Names(
        "slurm", ("SLURM_PROCID",), ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"), ("SLURM_LOCALID",)
    ),
    # Lightning starts all but the first process of a host with these alone.
    _Names("lightning", ("LOCAL_RANK",), ("WORLD_SIZE",), ("LOCAL_RANK",)),
)

Distinguish = Callable[[str, int], str]


def launcher_of(variables: Mapping[str, str], distinguish: Distinguish) -> Launcher | None:
    """The launcher that these variables tell of; None where no rank among others is in them.

    A rank that can't be, one not below the number of ranks, was left by something else.
    `distinguish(place, rank)` tells launches apart that nothing but their place (address and port)
    names: it gives the same text to all ranks of one launch on this machine.
    """
    return next(filter(None, (_told(variables, names, distinguish) for names in _LAUNCHERS)), None)


def _told(variables: Mapping[str, str], names: _Names, distinguish: Distinguish) -> Launcher | None:
    rank, world_size = _number(variables, names.rank), _number(variables, names.world_size)
    if rank is None or world_size is None or rank >= world_size or not _is_so(names, variables):
        return None
    is_torchrun = names.kind == "ranks" and "TORCHELASTIC_RUN_ID" in variables
    kind = "torchrun" if is_torchrun else names.kind
    return Launcher(
        rank=rank,
        world_size=world_size,
        group=_group(variables, kind, rank, world_size, distinguish) if world_size > 1 else "",
        kind=kind,
        local_rank=_number(variables, names.local_rank),
        restart=_restart(variables),
    )


def _is_so(names: _Names, variables: Mapping[str, str]) -> bool:
    """On a later host the local rank is not the rank."""
    return names.kind != "lightning" or variables.get("NODE_RANK", "0") == "0"


def _number(variables: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    values = (variables.get(name, "") for name in names)
    return next((int(value) for value in values if value.isdecimal()), None)


def _restart(variables: Mapping[str, str]) -> int:
    """Restarts by the launcher and by the scheduler."""
    names = ("TORCHELASTIC_RESTART_COUNT", "SLURM_RESTART_COUNT")
    return sum(_number(variables, (name,)) or 0 for name in names)


def _group(
    variables: Mapping[str, str], kind: str, rank: int, world_size: int, distinguish: Distinguish
) -> str:
    named = next(_given_names(variables, kind), None)
    if named is not None:
        return named
    address, port = variables.get("MASTER_ADDR", ""), variables.get("MASTER_PORT", "")
    place = f"{address or 'localhost'}-{port or '0'}"
    if not _is_on_one_host(variables, address, world_size):
        return place
    folder = _agent_folder(variables)
    mark = folder or distinguish(f"{kind}-{place}-{world_size}", rank)
    return f"{place}-{mark}" if mark else place


def _given_names(variables: Mapping[str, str], kind: str) -> Iterator[str]:
    """Names that no two launches share, the nearest first."""
    elastic = variables.get("TORCHELASTIC_RUN_ID", "none")
    if elastic != "none":  # torchrun's default, the same for every launch
        yield elastic
    for name in ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"):
        if kind == "openmpi" and variables.get(name):
            yield f"mpi-{variables[name]}"
    job = job_of(variables)
    if job is not None:
        yield f"{job.scheduler}-{job.name}"


def _is_on_one_host(variables: Mapping[str, str], address: str, world_size: int) -> bool:
    local = _number(
        variables, ("LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS")
    )
    return local == world_size if local is not None else address in _LOOPBACK


def _agent_folder(variables: Mapping[str, str]) -> str:
    """The folder that torchrun's agent made for this launch: <folder>/attempt_0/0/error.json."""
    parts = PurePath(variables.get("TORCHELASTIC_ERROR_FILE", "")).parts
    return parts[-4].rpartition("_")[2] if len(parts) >= 4 else ""


def job_of(variables: Mapping[str, str]) -> Job | None:
    """The scheduler's job that this process belongs to, of an array the task."""
    if variables.get("SLURM_JOB_ID"):
        return Job(
            "slurm", _slurm_name(variables), _number(variables, ("SLURM_RESTART_COUNT",)) or 0
        )
    if variables.get("PBS_JOBID"):
        return Job("pbs", variables["PBS_JOBID"])
    if variables.get("LSB_JOBID"):
        return Job(
            "lsf", _with_task(variables["LSB_JOBID"], variables.get("LSB_JOBINDEX", "0"), "0")
        )
    if variables.get("JOB_ID") and variables.get("SGE_TASK_ID"):
        return Job("sge", _with_task(variables["JOB_ID"], variables["SGE_TASK_ID"], "undefined"))
    return None


def _slurm_name(variables: Mapping[str, str]) -> str:
    array, task = variables.get("SLURM_ARRAY_JOB_ID"), variables.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else variables["SLURM_JOB_ID"]


def _with_task(job: str, task: str, none: str) -> str:
    return job if task == none else f"{job}_{task}"
