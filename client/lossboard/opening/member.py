"""The part of this process among those that log with it: its rank, its label, and who leads."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any

from lossboard.files.launch_register import launch_mark
from lossboard.launchers import Job, Launcher
from lossboard.sending.interface import Level
from lossboard.settings import (
    Settings,
    job_from_environment,
    launcher_from_environment,
    visible_devices,
)

__all__ = ["Member"]


@dataclass(frozen=True)
class Member:
    """One process of a run or of a group of runs. `launcher` is one that started several ranks,
    `told` also one that started this process alone; `shares`: others write to the same run."""

    told: Launcher | None
    launcher: Launcher | None
    job: Job | None
    shares: bool
    label: str
    primary: bool | None

    @classmethod
    def of(cls, settings: Settings) -> Member:
        """The part that settings and environment give to this process."""
        told = launcher_from_environment(launch_mark)
        launcher = told if told is not None and told.several else None
        shares = settings.mode == "shared" or (
            launcher is not None and settings.run_id is not None and settings.mode != "disabled"
        )
        given = settings.x_primary
        primary = launcher.rank == 0 if given is None and launcher is not None else given
        label = settings.x_label or (_label(launcher) if shares else "")
        return cls(told, launcher, job_from_environment(), shares, label, primary)

    @property
    def leads(self) -> bool:
        """Whether this process speaks for all: nobody else does, as far as it knows."""
        return self.primary is not False

    @property
    def name(self) -> str:
        """The beginning of its messages; empty for one that is alone, or leads."""
        if self.leads:
            return ""
        rank = "" if self.launcher is None else f"rank {self.launcher.rank}"
        return " ".join(filter(None, [rank, self.label if self.label != rank else ""]))

    @property
    def group(self) -> str:
        """The launch's name, for runs of its ranks."""
        return "" if self.launcher is None else self.launcher.group

    @property
    def launch(self) -> str:
        """The launch's name, another one for each restart; of a process without a launcher that
        of the scheduler's job."""
        if self.launcher is not None:
            return self.launcher.launch
        return (
            "" if self.job is None else f"{self.job.scheduler}-{self.job.name}.{self.job.restart}"
        )

    @property
    def slot(self) -> str:
        """Names this rank of this job, the same once the job is started again; empty for a process
        that is in no job and has no rank."""
        job = "" if self.job is None else f"{self.job.scheduler}-{self.job.name}"
        rank = "" if self.launcher is None else f"rank{self.launcher.rank}"
        return "-".join(filter(None, [job, rank]))

    def levels(self, settings: Settings) -> frozenset[Level]:
        """The levels of messages that are printed: who doesn't lead says only what goes wrong."""
        if settings.silent:
            return frozenset()
        shown: list[tuple[Level, bool]] = [
            ("info", settings.show_info and not settings.quiet and self.leads),
            ("warn", settings.show_warnings),
            ("error", settings.show_errors),
        ]
        return frozenset(level for level, wanted in shown if wanted)

    def facts(self) -> dict[str, Any]:
        """For the metadata: what tells this process from the others."""
        facts: dict[str, Any] = {"label": self.label} if self.label else {}
        if self.told is not None:
            facts |= {"rank": self.told.rank, "world_size": self.told.world_size}
            facts |= _known(local_rank=self.told.local_rank)
            facts["launcher"] = {
                "kind": self.told.kind,
                "launch": self.told.group,
                "restart": self.told.restart,
            }
        if self.job is not None:
            facts["job"] = {
                "scheduler": self.job.scheduler,
                "id": self.job.name,
                "restart": self.job.restart,
            }
        devices = visible_devices()
        return facts | ({"visible_devices": devices} if devices else {})


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _label(launcher: Launcher | None) -> str:
    """Who it is, where nobody gave a name."""
    return f"{socket.gethostname()}:{os.getpid()}" if launcher is None else f"rank {launcher.rank}"
