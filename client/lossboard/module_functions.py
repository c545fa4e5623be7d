"""The functions of the module, thin proxies to the current run, and what is about the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossboard.attaching import decode_token
from lossboard.current import runs
from lossboard.initialize import finish_all
from lossboard.live_run import Run, join_run
from lossboard.metrics import Metric
from lossboard.settings import Settings, resolve
from lossboard.terminal import termwarn

__all__ = [
    "alert",
    "attach",
    "define_metric",
    "finish",
    "join",
    "log",
    "login",
    "mark_preempting",
    "require",
    "set_entity",
    "set_project",
    "setup",
    "teardown",
    "unwatch",
    "watch",
]


def log(
    data: Mapping[str, Any] | None = None,
    step: Any = None,
    commit: bool | None = None,
    sync: object = None,
) -> None:
    """`Run.log` of the current run."""
    runs.require("log()").log(data, step, commit)


def define_metric(name: str, *arguments: Any, **named: Any) -> Metric:
    """`Run.define_metric` of the current run."""
    return runs.require("define_metric()").define_metric(name, *arguments, **named)


def watch(models: Any, *arguments: Any, **named: Any) -> None:
    """`Run.watch` of the current run."""
    runs.require("watch()").watch(models, *arguments, **named)


def unwatch(models: Any = None) -> None:
    """`Run.unwatch` of the current run."""
    runs.require("unwatch()").unwatch(models)


def alert(title: str, text: str, level: Any = None, wait_duration: Any = None) -> None:
    """`Run.alert` of the current run."""
    runs.require("alert()").alert(title, text, level, wait_duration)


def mark_preempting() -> None:
    """`Run.mark_preempting` of the current run."""
    runs.require("mark_preempting()").mark_preempting()


def finish(exit_code: int | None = None, quiet: object = None) -> None:
    """Finishes the current run; without one it does nothing."""
    if runs.main is not None:
        runs.main.finish(exit_code)


join = finish


def attach(attach_id: str) -> Run:
    """Makes the run of another process, known by its `_attach_id`, the current run here.

    Raises UsageError for what is no attach id.
    """
    token = decode_token(attach_id)
    here = [run for run in runs.active if run.id == token.start.run_id and not run.inherited]
    run = here[0] if here else join_run(token)
    if not here:
        runs.add(run, main=True)
    return run


def login(
    key: str | None = None,
    relogin: bool | None = None,
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,
    verify: bool = True,
    **_: Any,
) -> bool:
    """True, unless a run is active or the mode is offline or disabled: nobody needs to log in.

    `host` is kept as the server for the runs to come, `key` as their `api_key`.
    """
    if runs.active or resolve(runs.setup_fields).mode != "online":
        return False
    if host is not None:
        runs.setup_fields["base_url"] = Settings(base_url=host).base_url
    if key is not None:
        runs.setup_fields["api_key"] = Settings(api_key=key).api_key
    return True


def setup(settings: Settings | Mapping[str, Any] | None = None) -> Settings:
    """Sets the settings of all runs to come; returns those that hold now."""
    if settings is not None:
        chosen = settings.chosen if isinstance(settings, Settings) else settings
        runs.setup_fields |= Settings(**chosen).chosen
    return resolve(runs.setup_fields)


def set_entity(entity: str) -> None:
    """The entity of all runs to come."""
    setup({"entity": entity})


def set_project(project: str) -> None:
    """The project of all runs to come."""
    setup({"project": project})


def teardown(exit_code: int | None = None) -> None:
    """Finishes all runs, and forgets what `setup` was given."""
    finish_all(exit_code or 0)
    runs.setup_fields.clear()


def require(requirement: Any = None, **_: Any) -> None:
    """Accepts everything: what W&B makes optional by this is either there or not."""
    known = {"service", "core", "legacy-service"}
    wanted = {requirement} if isinstance(requirement, str) else set(requirement or ())
    for name in sorted(wanted - known):
        termwarn(f"require({name!r}) has no effect in lossboard")
