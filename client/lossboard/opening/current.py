"""The runs of this process: the one that module functions mean, and all that are not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from lossboard.errors import Error

if TYPE_CHECKING:
    from lossboard.live_run.run import Run

__all__ = ["Runs", "Unset", "runs"]


class Runs:
    """The unfinished runs of the process, oldest first, and the global one among them."""

    def __init__(self) -> None:
        self.active: list[Run] = []
        self.main: Run | None = None

    def add(self, run: Run, *, main: bool) -> None:
        """Remembers a run; with `main` as the one that module functions mean."""
        self.active.append(run)
        if main:
            self.main = run

    def remove(self, run: Run) -> None:
        """Forgets a finished run; twice is harmless."""
        self.active = [other for other in self.active if other is not run]
        if self.main is run:
            self.main = None

    def forget_inherited(self) -> None:
        """In a forked child: the parent's runs are not in the way of one of its own."""
        for run in [run for run in self.active if run._in_fork]:
            self.remove(run)

    def require(self, call: str) -> Run:
        """The global run. Raises Error naming the call, as W&B does, where there is none."""
        if self.main is None:
            raise Error(f"You must call wandb.init() before wandb.{call}")
        return self.main


runs = Runs()  # the state of the process, like sys.modules


class Unset:
    """The stand-in for `wandb.config` and `wandb.summary` before `init`."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refuse(self, member: str) -> NoReturn:
        raise Error(f"You must call wandb.init() before wandb.{self._name}{member}")

    def __getattr__(self, key: str) -> NoReturn:
        if key.startswith("_"):
            raise AttributeError(key)
        self._refuse(f".{key}")

    def __setattr__(self, key: str, value: object) -> None:
        self._refuse(f".{key}")

    def __getitem__(self, key: str) -> NoReturn:
        self._refuse(f"[{key!r}]")

    def __setitem__(self, key: str, value: object) -> None:
        self._refuse(f"[{key!r}]")
