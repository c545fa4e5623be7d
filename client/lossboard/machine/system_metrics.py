"""Processor, memory, disk, network and GPUs at one moment, under the names W&B gives them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from lossboard.machine.gpu_metrics import GpuSampler

__all__ = ["SystemSampler"]

_MEGABYTE: Final = 2**20
_GIGABYTE: Final = 2**30


class SystemSampler:
    """Samples this process and its machine. Sums (disk, network) count from its creation."""

    def __init__(self, disk_paths: Sequence[str], gpus: GpuSampler | None) -> None:
        import psutil  # late: only the recorders' thread needs it

        self._psutil = psutil
        self._process = psutil.Process()
        self._disk_paths = [path for path in disk_paths if os.path.exists(path)]
        self._gpus = gpus
        self._first = True
        # What the system (a container, a sandbox, another kind) does not tell.
        self._untold = (psutil.Error, OSError, RuntimeError, AttributeError, NotImplementedError)
        self._known(self._cpu_begins)
        self._disk_before: dict[str, Any] = {}
        self._known(self._disk_begins)
        self._network_before: Any = None
        self._known(self._network_begins)

    def sample(self) -> dict[str, float]:
        """The values now. `system.cpu` is of the time since the last sample, so it is not in the
        first one."""
        values: dict[str, float] = {}
        for read in (self._memory, self._process_values, self._disk, self._network):
            values |= self._known(read)
        if self._gpus is not None:
            values |= self._gpus.sample()
        self._first = False
        return {key: float(value) for key, value in values.items()}

    def _known(self, read: Callable[[], dict[str, float]]) -> dict[str, float]:
        try:
            return read()
        except self._untold:
            return {}

    def _cpu_begins(self) -> dict[str, float]:
        self._process.cpu_percent()  # counts from here
        return {}

    def _disk_begins(self) -> dict[str, float]:
        self._disk_before = self._disks()
        return {}

    def _network_begins(self) -> dict[str, float]:
        self._network_before = self._psutil.net_io_counters()
        return {}

    def _memory(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        return {
            "system.memory_percent": memory.percent,
            "system.proc.memory.availableMB": memory.available / _MEGABYTE,
        }

    def _process_values(self) -> dict[str, float]:
        process = self._process
        with process.oneshot():
            values = {
                "system.proc.memory.rssMB": process.memory_info().rss / _MEGABYTE,
                "system.proc.memory.percent": process.memory_percent(),
                "system.proc.cpu.threads": process.num_threads(),
            }
            # Of a short time it can come out above all there is: clocks tick in hundredths.
            percent = min(process.cpu_percent() / (self._psutil.cpu_count() or 1), 100.0)
        return values if self._first else {**values, "system.cpu": percent}

    def _disk(self) -> dict[str, float]:
        values: dict[str, float] = {}
        for path in self._disk_paths:
            usage = self._psutil.disk_usage(path)
            values[f"system.disk.{path}.usagePercent"] = usage.percent
            values[f"system.disk.{path}.usageGB"] = usage.used / _GIGABYTE
        for name, now in self._disks().items():
            before = self._disk_before.get(name, now)
            values[f"system.disk.{name}.in"] = (now.read_bytes - before.read_bytes) / _MEGABYTE
            values[f"system.disk.{name}.out"] = (now.write_bytes - before.write_bytes) / _MEGABYTE
        return values

    def _disks(self) -> dict[str, Any]:
        """Whole disks that were ever used; their partitions would count the same bytes again."""
        counters = self._psutil.disk_io_counters(perdisk=True) or {}
        blocks = Path("/sys/block")
        return {
            name: counter
            for name, counter in counters.items()
            if (not blocks.exists() or (blocks / name).exists())
            and not name.startswith(("loop", "ram"))
            and counter.read_bytes + counter.write_bytes > 0
        }

    def _network(self) -> dict[str, float]:
        now, before = self._psutil.net_io_counters(), self._network_before
        if now is None or before is None:  # no network card
            return {}
        return {
            "system.network.sent": now.bytes_sent - before.bytes_sent,
            "system.network.recv": now.bytes_recv - before.bytes_recv,
        }
