"""The functions of the module, thin proxies to the current run, and what is about the process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from lossboard.live_run.attaching import decode_token
from lossboard.live_run.metrics import Metric
from lossboard.live_run.run import Run, join_run
from lossboard.opening.current import runs
from lossboard.opening.initialize import finish_all
from lossboard.process_settings import setup_fields
from lossboard.settings import Settings, resolve
from lossboard.terminal import termwarn

if TYPE_CHECKING:
    from lossboard.artifacts import Artifact

__all__ = [
    "alert",
    "attach",
    "define_metric",
    "finish",
    "join",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_code",
    "log_model",
    "login",
    "mark_preempting",
    "require",
    "restore",
    "save",
    "set_entity",
    "set_project",
    "setup",
    "teardown",
    "unwatch",
    "use_artifact",
    "use_model",
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


def save(*arguments: Any, **named: Any) -> list[str]:
    """`Run.save` of the current run."""
    return runs.require("save()").save(*arguments, **named)


def restore(
    name: str,
    run_path: str | None = None,
    replace: bool = False,
    root: str | os.PathLike[str] | None = None,
) -> TextIO:
    """`Run.restore` of the current run; without one, the file `name` of the run `run_path` is
    downloaded to `root` (default: the current directory). Raises ValueError where no run is
    meant, or it has no such file."""
    if runs.main is not None:
        return runs.main.restore(name, run_path, replace, root)
    if run_path is None:
        raise ValueError("restore() needs run_path='entity/project/run_id' where no run is active")
    from lossboard.api import Api  # brings an HTTP library

    return Api().run(run_path).file(name).download(root or ".", replace=replace, exist_ok=True)


def log_artifact(*arguments: Any, **named: Any) -> Artifact:
    """`Run.log_artifact` of the current run."""
    return runs.require("log_artifact()").log_artifact(*arguments, **named)


def use_artifact(*arguments: Any, **named: Any) -> Artifact:
    """`Run.use_artifact` of the current run."""
    return runs.require("use_artifact()").use_artifact(*arguments, **named)


def link_artifact(*arguments: Any, **named: Any) -> Artifact:
    """`Run.link_artifact` of the current run."""
    return runs.require("link_artifact()").link_artifact(*arguments, **named)


def log_model(*arguments: Any, **named: Any) -> Artifact:
    """`Run.log_model` of the current run."""
    return runs.require("log_model()").log_model(*arguments, **named)


def use_model(*arguments: Any, **named: Any) -> str:
    """`Run.use_model` of the current run."""
    return runs.require("use_model()").use_model(*arguments, **named)


def link_model(*arguments: Any, **named: Any) -> Artifact:
    """`Run.link_model` of the current run."""
    return runs.require("link_model()").link_model(*arguments, **named)


def log_code(*arguments: Any, **named: Any) -> Artifact | None:
    """`Run.log_code` of the current run."""
    return runs.require("log_code()").log_code(*arguments, **named)


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
    here = [run for run in runs.active if run.id == token.start.run_id and not run._in_fork]
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
    if runs.active or resolve(setup_fields).mode not in ("online", "shared"):
        return False
    if host is not None:
        setup_fields["base_url"] = Settings(base_url=host).base_url
    if key is not None:
        setup_fields["api_key"] = Settings(api_key=key).api_key
    return True


def setup(settings: Settings | Mapping[str, Any] | None = None) -> Settings:
    """Sets the settings of all runs to come; returns those that hold now."""
    if settings is not None:
        chosen = settings.chosen if isinstance(settings, Settings) else settings
        setup_fields.update(Settings(**chosen).chosen)
    return resolve(setup_fields)


def set_entity(entity: str) -> None:
    """The entity of all runs to come."""
    setup({"entity": entity})


def set_project(project: str) -> None:
    """The project of all runs to come."""
    setup({"project": project})


def teardown(exit_code: int | None = None) -> None:
    """Finishes all runs, and forgets what `setup` was given."""
    finish_all(exit_code or 0)
    setup_fields.clear()


def require(requirement: Any = None, **_: Any) -> None:
    """Accepts everything: what W&B makes optional by this is either there or not."""
    known = {"service", "core", "legacy-service"}
    wanted = {requirement} if isinstance(requirement, str) else set(requirement or ())
    for name in sorted(wanted - known):
        termwarn(f"require({name!r}) has no effect in lossboard")
