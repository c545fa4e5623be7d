"""The words of NVIDIA's management library about the GPUs of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Self

__all__ = ["GpuSampler"]


class GpuSampler:
    """All GPUs of the machine, whether this process uses them or not.

    It asks the driver: no CUDA context is made, and no device waits.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        count = library.nvmlDeviceGetCount()
        self._handles = [library.nvmlDeviceGetHandleByIndex(index) for index in range(count)]

    @classmethod
    def open(cls) -> Self | None:
        """None where there is no NVIDIA driver, or nvidia-ml-py is not installed."""
        try:
            import pynvml
        except ImportError:
            return None
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return None
        return cls(pynvml)

    def facts(self) -> dict[str, Any]:
        """Names, memory in bytes and the driver's CUDA version, under W&B's names."""
        library = self._library
        cards = [
            {
                "name": _text(library.nvmlDeviceGetName(handle)),
                "memoryTotal": library.nvmlDeviceGetMemoryInfo(handle).total,
            }
            for handle in self._handles
        ]
        if not cards:
            return {}
        version = library.nvmlSystemGetCudaDriverVersion()
        return {
            "gpu": cards[0]["name"],
            "gpu_count": len(cards),
            "gpu_nvidia": cards,
            "cudaVersion": f"{version // 1000}.{version % 1000 // 10}",
        }

    def sample(self) -> dict[str, float]:
        """Load in percent, memory in percent and bytes, degrees Celsius, watts."""
        values: dict[str, float] = {}
        for index, handle in enumerate(self._handles):
            for read in (self._load, self._memory, self._heat, self._power, self._own_memory):
                for name, value in self._known(read, handle).items():
                    prefix = "process." if read == self._own_memory else ""
                    values[f"system.gpu.{prefix}{index}.{name}"] = value
        return values

    def _known(self, read: Callable[[Any], dict[str, float]], handle: Any) -> dict[str, float]:
        try:
            return read(handle)
        except self._library.NVMLError:  # not every card can tell everything
            return {}

    def _load(self, handle: Any) -> dict[str, float]:
        rates = self._library.nvmlDeviceGetUtilizationRates(handle)
        return {"gpu": float(rates.gpu), "memory": float(rates.memory)}

    def _memory(self, handle: Any) -> dict[str, float]:
        memory = self._library.nvmlDeviceGetMemoryInfo(handle)
        return {
            "memoryAllocated": 100 * memory.used / memory.total,
            "memoryAllocatedBytes": float(memory.used),
        }

    def _heat(self, handle: Any) -> dict[str, float]:
        library = self._library
        return {"temp": float(library.nvmlDeviceGetTemperature(handle, 0))}

    def _power(self, handle: Any) -> dict[str, float]:
        watts = self._library.nvmlDeviceGetPowerUsage(handle) / 1000
        limit_watts = self._library.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000
        return {"powerWatts": watts, "powerPercent": 100 * watts / limit_watts}

    def _own_memory(self, handle: Any) -> dict[str, float]:
        """The memory that this process takes; nothing where the driver can't see our processes."""
        for process in self._library.nvmlDeviceGetComputeRunningProcesses(handle):
            if process.pid == os.getpid() and process.usedGpuMemory is not None:
                return {"memoryAllocatedBytes": float(process.usedGpuMemory)}
        return {}


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
