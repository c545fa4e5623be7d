"""The core of a run: its state, the way of a row to the sender, and its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

from lossboard import wire
from lossboard.errors import UsageError
from lossboard.faults import Faults
from lossboard.files.directories import RunDirectory
from lossboard.live_run.config import Config
from lossboard.live_run.home import Home
from lossboard.live_run.metrics import MetricTable
from lossboard.live_run.steps import StepMachine
from lossboard.live_run.summary import Summary
from lossboard.live_run.tally import Tally
from lossboard.machine.description import Description
from lossboard.machine.recorders import Recorders
from lossboard.media.binder import Binder
from lossboard.sending.columns import json_ready
from lossboard.sending.sender import Sender
from lossboard.settings import Settings
from lossboard.terminal import Terminal
from lossboard.times import now_us
from lossboard.values import Row

__all__ = ["Beginning", "Core", "while_running"]

_F = TypeVar("_F", bound=Callable[..., Any])


def while_running(name: str) -> Callable[[_F], _F]:
    """Makes a call of a run raise UsageError, which gives it that name, after the run's end."""

    def decorate(call: _F) -> _F:
        @wraps(call)
        def checked(run: Core, /, *arguments: Any, **named: Any) -> Any:
            if run._ended:
                run._refuse(name)
            return call(run, *arguments, **named)

        return cast(_F, checked)

    return decorate


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """All that a run begins with. `open_sender(run)` is called once, when everything that a sender
    calls back is in place; `open_home(run)` before it."""

    settings: Settings
    start: wire.RunStart
    open_sender: Callable[[Core], Sender]
    terminal: Terminal
    directory: RunDirectory
    first_step: int = 0
    resumed: bool = False
    summary: Mapping[str, Any] | None = None
    runtime_before_secs: float = 0.0
    open_home: Callable[[Core], Home] = Home


class Core:
    """The state that all calls of a run share. Nothing in it is for users but which run it is.

    A subclass with state of its own sets that before it calls this `__init__`: the sender, which
    is opened here, may call back at once.
    """

    def __init__(self, beginning: Beginning) -> None:
        settings, start = beginning.settings, beginning.start
        self._settings = settings.frozen()
        self._start = start
        self._resumed = beginning.resumed
        self._terminal = beginning.terminal
        self._directory = beginning.directory
        self._starting_step = beginning.first_step
        self._runtime_before_secs = beginning.runtime_before_secs
        self._ended = False
        self._in_fork = False
        self._late_rows = 0
        self._pid = os.getpid()
        self._metrics = MetricTable()
        self._tally = Tally()
        self._steps = StepMachine(beginning.first_step, self._put_row, self._note_late)
        self._faults = Faults(self._say_once, self._notice, strict=bool(settings.strict))
        self._tell_log = self._faults.teller("log")
        self._home = beginning.open_home(self)
        self._binder = Binder(self._home, lambda: self._steps.step)
        self._config = Config(
            wire.ints_restored(start.config),
            allow_val_change=bool(settings.allow_val_change),
            on_change=self._put_config,
            on_remove=self._remove_config,
            tell=self._faults.teller("config"),
        )
        self._summary = Summary(
            beginning.summary or {},
            tally=self._tally,
            metrics=self._metrics,
            on_change=self._put_summary,
            bind=self._binder.bind_summary,
            internal=self._about_last_row,
            tell=self._faults.teller("summary"),
        )
        self._sender = beginning.open_sender(self)
        self._recorders = Recorders(
            settings,
            self._sender,
            Description(settings, start.metadata, start.started_us, beginning.directory.files),
            on_failure=self._recorder_failed,
        )

    # ---- which run it is

    @property
    def id(self) -> str:
        """The run's id, unique in its project."""
        return self._start.run_id

    @property
    def entity(self) -> str:
        """The namespace of the project."""
        return self._start.entity

    @property
    def project(self) -> str:
        """The project's name."""
        return self._start.project

    @property
    def path(self) -> str:
        """entity/project/id"""
        return f"{self.entity}/{self.project}/{self.id}"

    @property
    def offline(self) -> bool:
        """Whether everything stays on this machine until `lossboard sync`."""
        return self._settings.mode == "offline"

    # ---- what is put to the sender

    def _put_row(self, step: int, time_us: int, row: Row) -> None:
        # The axis of a late row is what its step had, which the current values are not.
        if self._metrics.syncs and step >= self._steps.step:
            self._metrics.sync(row)
        self._sender.put_row(step, time_us, row)
        if self._tally.add(row):
            self._summary.count(wait=False)

    def _about_last_row(self) -> dict[str, Any]:
        if self._steps.last_put is None:
            return {}
        step, time_us = self._steps.last_put
        runtime_secs = (time_us - self._start.started_us) / 1e6 + self._runtime_before_secs
        return {
            "_step": step,
            "_timestamp": time_us / 1e6,
            "_runtime": runtime_secs,
            "_wandb": {"runtime": int(runtime_secs)},
        }

    def _note_late(self, step: int, current: int) -> None:
        text = (
            f"step {step} is lower than the current step {current}: kept as a row of its own"
            " at that step"
        )
        if not self._late_rows:
            self._warn(f"{text}. define_metric() gives a metric an x-axis of its own")
        self._late_rows += 1
        self._notice("late", text)

    @while_running("config.update")
    def _put_config(self, changed: Mapping[str, Any]) -> None:
        self._sender.put_config({key: json_ready(value) for key, value in changed.items()})

    @while_running("config")
    def _remove_config(self, removed: list[str]) -> None:
        self._sender.put_config({}, removed)

    @while_running("summary.update")
    def _put_summary(self, changed: Mapping[str, Any], removed: list[str]) -> None:
        self._sender.put_summary({k: json_ready(value) for k, value in changed.items()}, removed)

    # ---- what the user is told

    def _warn(self, text: str) -> None:
        """Prints a warning, from any thread."""
        self._terminal.say(text, "warn")

    def _say_once(self, text: str) -> None:
        self._terminal.say_once(text, "warn")

    def _notice(self, kind: str, text: str) -> None:
        """Shows something in the run's page; notices of one kind add up."""
        time_us = now_us()
        self._sender.put_notice(wire.Notice(kind=kind, text=text, time_us=time_us))

    def _recorder_failed(self, trace: str) -> None:
        self._warn(f"a thread beside this run died; please report this:\n{trace}")

    def _refuse(self, call: str) -> NoReturn:
        raise UsageError(
            f"Run ({self.id}) is finished. The call to `{call}` will be ignored."
            " Please make sure that you are using an active run."
        )

    def _start_in_fork(self) -> None:
        """In a forked child, right after the fork."""
        self._in_fork = True
        self._recorders.leave()
        self._terminal.levels = frozenset({"error"})
        self._terminal.waiting.clear()
        self._steps.start_in_fork()
        self._tally.start_in_fork()
