"""`Run`: what `init` returns, and what training code talks to."""

from __future__ import annotations

import _thread
import os
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, SupportsIndex

from lossboard import watch, wire
from lossboard.duties import Duties
from lossboard.files.directories import RunDirectory
from lossboard.live_run.alerts import AlertGate, AlertLevel
from lossboard.live_run.artifacts import Artifacts
from lossboard.live_run.attaching import RunToken, decode_token, encode_token
from lossboard.live_run.config import Config
from lossboard.live_run.core import Beginning, Core, while_running
from lossboard.live_run.described import Described
from lossboard.live_run.files import Files
from lossboard.live_run.goodbye import deliver_rest, say_goodbye
from lossboard.live_run.interrupts import undisturbed
from lossboard.live_run.metrics import Metric, definition_of
from lossboard.live_run.steps import as_step, take_reserved
from lossboard.live_run.summary import Summary
from lossboard.machine.process_end import flush_at_end_of_child
from lossboard.sending.interface import DeliveryReport, RunStatus, SenderOptions
from lossboard.sending.sender import Sender, SenderHandle
from lossboard.settings import Settings
from lossboard.terminal import Terminal
from lossboard.times import now_us
from lossboard.values import history_row

__all__ = ["Run", "join_run", "sender_options", "unpickled_run"]

_CARE_INTERVAL_US: Final = 500_000  # how often `log` looks after what is not its own work
_LOOK_INTERVAL_US: Final = 5_000_000  # and at nested values that may have been edited


class Run(Described, Files, Artifacts):
    """A run being logged. It is made by `init`; `log`, `config` and `summary` are its everyday."""

    def __init__(self, beginning: Beginning, on_finish: Callable[[Run, int], None]) -> None:
        self._on_finish = on_finish
        self._stopping = False
        self._preempting = False
        self._alerts = AlertGate()
        self._care_at_us = 0
        self._look_at_us = 0
        self._finish_lock = threading.RLock()
        self._endings: list[tuple[str, Callable[[], None]]] = []  # of what logs beside the script
        super().__init__(beginning)

    # ---- logging

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        step: SupportsIndex | None = None,
        commit: bool | None = None,
        sync: object = None,
    ) -> None:
        """Adds values to the history: numbers, text, arrays, tensors, histograms, nested dicts.

        Without `step` the values make a row of their own and the step goes on by one;
        `commit=False` keeps the row open for more. With `step` values gather in that step's row
        until a higher step comes, or `commit=True`. `step` is any integer; a lower one than the
        current makes a row of its own at that step. `sync` is accepted and ignored.

        Raises TypeError for data that is no dict, keys that are no text and a step that is no
        integer. A value that can't be stored is left out or kept as text, with a warning and a
        notice in the run (raises with `settings.strict`).
        """
        if self._ended:  # no `while_running`: that is one more call for each row
            self._refuse("log")
        index = step if step is None or type(step) is int else as_step(step)
        row = {} if data is None else history_row(data, self._binder, index, self._tell_log)
        time_us = now_us()
        if "_timestamp" in row or "_step" in row or "_runtime" in row:
            time_us = take_reserved(row, time_us)
        self._steps.log(row, index, commit, time_us)
        if time_us >= self._care_at_us:
            self._care(time_us)

    def _care(self, time_us: int) -> None:
        """Small duties beside logging, done at most twice a second."""
        self._care_at_us = time_us + _CARE_INTERVAL_US
        if self._in_fork:
            flush_at_end_of_child(self)
        if time_us >= self._look_at_us:
            self._look_at_us = time_us + _LOOK_INTERVAL_US
            self._look_again()
        if self._terminal.waiting and threading.current_thread() is threading.main_thread():
            self._terminal.print_waiting()
        if self._sender.stop_requested and not self._stopping:
            self._stopping = True
            self._terminal.say("Stop was pressed in the dashboard: interrupting", "warn")
            _thread.interrupt_main()

    def _look_again(self) -> None:
        self._config.look_again()
        self._summary.look_again()

    @property
    @while_running("step")
    def step(self) -> int:
        """The step that a call of `log` without one is logged at."""
        return self._steps.step

    @property
    def starting_step(self) -> int:
        """The step that the run began at: 0, or after the last one of the run it resumes."""
        return self._starting_step

    def status(self) -> RunStatus:
        """How much of what was logged the server has; readable after the end too."""
        return self._sender.status()

    # ---- config, summary, metrics

    @property
    def config(self) -> Config:
        """The hyperparameters."""
        return self._config

    @property
    def config_static(self) -> Mapping[str, Any]:
        """The hyperparameters as they are now."""
        return self._config.as_dict()

    @property
    def summary(self) -> Summary:
        """The last value of each metric, and what was set by hand."""
        return self._summary

    @while_running("define_metric")
    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
        **_: object,
    ) -> Metric:
        """Says how a metric is drawn and summed up; `name` may end in `*`.

        `step_metric` is the metric on its x-axis, whose last value `step_sync` (on by default)
        puts into rows without it; `summary` is a list with commas of min, max, mean, last, first,
        best (by `goal`), none; `hidden` leaves out the automatic chart. Definitions of one name
        add up, unless `overwrite`. Raises Error for wrong arguments.
        """
        definition = definition_of(name, step_metric, step_sync, hidden, summary, goal)
        merged = self._metrics.define(definition, overwrite=bool(overwrite))
        self._sender.put_metric(merged)
        self._summary.recompute()
        return Metric(merged)

    # ---- watching a model

    @while_running("watch")
    def watch(
        self,
        models: Any,
        criterion: Any = None,
        log: str | Iterable[str] | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
        *,
        include: str | Iterable[str] | None = None,
        exclude: str | Iterable[str] | None = None,
        modules: str | Iterable[str] | Callable[[str, Any], bool] | None = None,
        gradients: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """Stores histograms of a PyTorch model's gradients ("gradients"), parameters
        ("parameters") or both ("all"), at every `log_freq`-th backward pass.

        `log` may also be a set of these and "updates" (what optimizer steps change, with its RMS
        over the parameter's), "activations" (what modules give, with its kurtosis),
        "activation_gradients" and "optimizer_state". `include` and `exclude` are globs of names;
        `modules` are those whose activations are stored: globs, or a function of name and module;
        by default those without modules within them. `gradients` is a function of name and
        parameter for gradients that nothing else finds (docs/watch.md).

        Raises ValueError for other values of `log` and for keys that another model has, TypeError
        for what is no module and for globs that are no strings.
        """
        watch.start(
            self._home,
            models,
            criterion,
            log=log,
            log_freq=log_freq,
            idx=idx,
            log_graph=log_graph,
            include=include,
            exclude=exclude,
            modules=modules,
            gradients=gradients,
        )

    def unwatch(self, models: Any = None) -> None:
        """Stops watching one model or several, all by default."""
        watch.unwatch(self._home, models)

    # ---- saying things about the run

    @while_running("alert")
    def alert(
        self,
        title: str,
        text: str,
        level: str | AlertLevel | None = None,
        wait_duration: float | timedelta | None = None,
    ) -> None:
        """Puts an alert into the run, unless one of that title came less than `wait_duration`
        seconds (default 60) ago. Raises ValueError for levels other than INFO, WARN and ERROR."""
        step = self._steps.reached
        alert = self._alerts.accept(title, text, level, wait_duration, step)
        if alert is not None:
            self._sender.put_alert(alert)

    def _label(self, **labels: str | None) -> None:
        """Called by integrations to say whose code this is: `repo`, `code`, `code_version`."""
        named = {name: value for name, value in labels.items() if value is not None}
        self._sender.put_metadata({"label": named})

    @while_running("write_logs")
    def write_logs(self, text: str) -> None:
        """Adds text to the output that is kept with the run, without printing it."""
        self._recorders.write(text)

    @while_running("mark_preempting")
    def mark_preempting(self) -> None:
        """Says that the machine is about to be taken away: an end that follows, other than a
        success, is no failure."""
        self._preempting = True
        self._sender.put_preempting()

    def __repr__(self) -> str:
        return f"<lossboard.Run {self.path} {self.name!r}{' finished' if self._ended else ''}>"

    # ---- life

    @undisturbed
    def finish(self, exit_code: int | None = None, quiet: object = None) -> None:
        """Ends the run: closes the open row, delivers everything, prints the summary.

        `exit_code` other than 0 marks it failed. A second call does nothing. Gives up when nothing
        has moved for `settings.finish_timeout` seconds, or at Ctrl+C, which ends only the wait.
        """
        with self._finish_lock:
            if self._ended:
                return
            ending = Duties("the run has ended, but this went wrong at its end")
            ending.do("watch", lambda: self._say_if_silent(watch.stop(self._home)))
            ending.do("the last row", self._steps.close)
            for what, action in self._endings:
                ending.do(what, action)
            ending.do("edited values", self._look_again)
            ending.do("saved files", self._live_files.finish)
            ending.do("unfinished artifacts", self._say_unfinished)
            ending.do("what the run records by itself", self._recorders.stop)
            self._ended = True
            code = exit_code or 0
            preempted = self._preempting and code != 0
            exit = wire.Exit(code=code, time_us=now_us(), preempting=preempted)
            report = deliver_rest(self._sender, exit, self._terminal)
            ending.do("the list of runs", lambda: self._on_finish(self, exit.code))
            if not self._in_fork:
                self._say_goodbye(report, ending)
            ending.tell(self._terminal.say)

    def _say_if_silent(self, reason: str | None) -> None:
        if reason is not None:
            self._warn(reason)
            self._notice("watch_silent", reason)

    def _say_goodbye(self, report: DeliveryReport, ending: Duties) -> None:
        links, tallies = self._links(str(self._directory.path)), self._tally.keys
        say_goodbye(self._terminal, self._settings, links, tallies, self._summary, report, ending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        if error is not None:
            # Python prints it after the run's end: this is how it gets into the run's output.
            self._recorders.record("stderr", "".join(traceback.format_exception(error)))
        self.finish(exit_code=0 if kind is None else 1)
        return False

    # ---- other processes

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return unpickled_run, (self._attach_id,)

    def _before_end(self, what: str, action: Callable[[], None]) -> None:
        """Has `finish` call `action`, which may still log; `what` names it for people."""
        self._endings.append((what, action))

    def _start_in_fork(self) -> None:
        super()._start_in_fork()
        self._endings = []  # threads of the parent
        self._care_at_us = 0
        self._finish_lock = threading.RLock()

    @property
    def _attach_id(self) -> str:
        """The id that `lossboard.attach` takes in another process."""
        handle = self._sender.handle
        return encode_token(
            RunToken(
                start=handle.start,
                spool_root=str(handle.spool_root),
                base_url=handle.base_url,
                settings=dict(self._settings.chosen),
                directory=str(self._directory.path),
                step=self._steps.step,
                pid=self._pid,
            )
        )


def sender_options(settings: Settings) -> SenderOptions:
    """The sender's limits that the settings speak of."""
    return SenderOptions(
        finish_timeout_secs=settings.finish_timeout,
        headers=settings.x_extra_http_headers or {},
    )


def join_run(token: RunToken) -> Run:
    """The run that another process began, as one more writer of it. It prints errors only."""
    settings = Settings(**token.settings)

    terminal = Terminal(levels=frozenset({"error"}))

    def open_sender(_: Core) -> Sender:
        handle = SenderHandle(
            token.start, Path(token.spool_root), token.base_url, sender_options(settings)
        )
        return handle.open(terminal.say)

    beginning = Beginning(
        settings=settings,
        start=token.start,
        open_sender=open_sender,
        terminal=terminal,
        directory=RunDirectory(Path(token.directory)),
        first_step=token.step,
    )
    return Run(beginning, on_finish=lambda *_: None)


def unpickled_run(attach_id: str) -> Run:
    """The form of a pickled run in another process: one more writer of the same run.

    Raises RuntimeError in the process that pickled it.
    """
    token = decode_token(attach_id)
    if token.pid == os.getpid():
        raise RuntimeError(
            f"run {token.start.run_id!r} was pickled in this process and can't be unpickled in it:"
            " use the run itself"
        )
    return join_run(token)
