"""`init`: from its arguments and the environment to a run that can be logged to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any, Final

import msgspec

from lossboard import wire
from lossboard.duties import Duties
from lossboard.errors import Error
from lossboard.faults import Fault, Tell, raised, words_of
from lossboard.files.directories import SPOOL_FOLDER, create, runs_folder
from lossboard.identity import (
    default_project,
    entity_checked,
    generate_id,
    generate_name,
    launch_name,
    project_checked,
    rank_name,
)
from lossboard.live_run.config_sources import DEFAULTS_FILE, parse_config, read_yaml
from lossboard.live_run.core import Beginning, Core
from lossboard.live_run.disabled import NoopRun
from lossboard.live_run.interrupts import undisturbed
from lossboard.live_run.notebook import cell, in_notebook, show_html, start_html
from lossboard.live_run.report import start_lines
from lossboard.live_run.run import Run, sender_options
from lossboard.machine.host import describe, main_program
from lossboard.machine.process_end import process_end
from lossboard.opening.current import runs
from lossboard.opening.member import Member
from lossboard.opening.start import Opening, decide
from lossboard.process_settings import setup_fields
from lossboard.sending.columns import json_ready
from lossboard.sending.sender import Sender
from lossboard.sending.undelivered import waiting_spools, waiting_text
from lossboard.settings import Settings, resolve
from lossboard.settings_names import OLDER
from lossboard.tensorboard.current import current
from lossboard.tensorboard.gym_videos import monitor
from lossboard.tensorboard.writers import patch
from lossboard.terminal import Terminal, termlog, termwarn
from lossboard.times import now_us
from lossboard.values import config_values
from lossboard.version import __version__

__all__ = ["finish_all", "init"]

_IGNORED: Final = frozenset({"anonymous", "force", "magic"})
current.find = lambda: runs.main or next(reversed(runs.active), None)
_FOLLOWED: Final = ("sync_tensorboard", "tensorboard", "monitor_gym")


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | PathLike[str] | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Iterable[str] | None = None,
    config: Any = None,
    config_exclude_keys: list[str] | None = None,
    config_include_keys: list[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    reinit: str | bool | None = None,
    resume: str | bool | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    save_code: bool | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    **others: Any,
) -> Run:
    """Begins a run and makes it the one that `log`, `config` and the like mean.

    `config` is a dict, Namespace, dataclass or the path of a YAML file. `mode` is online, offline
    (kept on this machine until `lossboard sync`) or disabled (nothing is recorded). `resume` is
    allow, must, never or auto; `resume_from` and `fork_from` are "<run id>?_step=<number>".
    Arguments come before `settings`, those before `LOSSBOARD_*` and `WANDB_*` variables. While a
    run is active a second call returns it (in notebooks: finishes it), unless `reinit` says else.
    Unknown arguments are ignored with a warning.

    Raises UsageError for names and combinations that are not allowed, SettingsError (a
    ValueError) for wrong values, CommError when `resume` has to ask a server that is away.
    """
    _warn_of(others)
    arguments = {
        "allow_val_change": allow_val_change,
        "entity": entity,
        "fork_from": fork_from,
        "mode": mode,
        "project": project,
        "reinit": reinit,
        "resume": resume,
        "resume_from": resume_from,
        "root_dir": dir,
        "run_group": group,
        "run_id": id,
        "run_job_type": job_type,
        "run_name": name,
        "run_notes": notes,
        "run_tags": (tags,) if isinstance(tags, str) else tags,
        "save_code": save_code,
    }
    given = {field: value for field, value in arguments.items() if value is not None}
    layer = settings.chosen if isinstance(settings, Settings) else settings or {}
    resolved = resolve(setup_fields, layer, given)
    _warn_of_settings(resolved)
    run = _begin_with(resolved, config, config_exclude_keys, config_include_keys)
    _follow_others(run, {**resolved.chosen, **others})
    return run


def _begin_with(
    settings: Settings, config: Any, exclude: list[str] | None, include: list[str] | None
) -> Run:
    """Begins the run; odd values of the config, which is there before it, are told after that."""
    odd: list[Fault] = []
    tell = raised if settings.strict else odd.append
    run = _begin_or_return(settings, parse_config(config, exclude, include, tell), tell)
    for fault in odd:
        run._faults.tell("config", fault)
    return run


@undisturbed
def finish_all(exit_code: int) -> None:
    """Finishes all runs of the process, the newest first. Ctrl+C ends the waiting of all."""
    for run in reversed(runs.active):
        run.finish(exit_code)


def _warn_of(others: Mapping[str, Any]) -> None:
    unknown = sorted(set(others) - _IGNORED - set(_FOLLOWED))
    if unknown:
        termwarn(f"init() does not know {', '.join(unknown)}: ignored")
    without_effect = sorted(n for n in set(others) & _IGNORED if others[n] and n != "force")
    if without_effect:
        termwarn(f"init({', '.join(without_effect)}=...) has no effect in lossboard", repeat=False)


def _follow_others(run: Run, wanted: Mapping[str, Any]) -> None:
    """Has the run log what TensorBoard's writers write and what gym records, where that is
    wanted. What is not there for it is a warning: the run goes on."""
    if wanted.get("sync_tensorboard") or wanted.get("tensorboard"):
        _try(run, "sync_tensorboard", patch)
    if wanted.get("monitor_gym"):
        _try(run, "monitor_gym", monitor)


def _try(run: Run, what: str, action: Callable[[], None]) -> None:
    try:
        action()
    except Exception as error:  # noqa: BLE001 - a package that can't be loaded ends no training
        run._warn(f"{what}: {words_of(error)}")
        run._notice(what, words_of(error))


def _warn_of_settings(settings: Settings) -> None:
    older = sorted(OLDER & set(settings.chosen))
    if older:
        termwarn(
            f"{', '.join(older)}: settings of older versions of wandb, without effect", repeat=False
        )


def _previous(settings: Settings) -> Run | None:
    """The active run that is to be returned, if any; finishes those that are to end."""
    runs.forget_inherited()
    if not runs.active or settings.reinit == "create_new":
        _refuse_active_id(settings)
        return None
    finish_previous = settings.reinit == "finish_previous" or (
        settings.reinit == "default" and in_notebook()
    )
    if finish_previous:
        finish_all(0)
        return None
    if settings.resume == "must":
        raise Error("resume='must' can't be honoured while a run is active: finish it first")
    termlog(
        f"init() returns the active run {runs.active[-1].name}, and ignores its arguments;"
        ' init(reinit="finish_previous") would finish it first'
    )
    return runs.active[-1]


def _refuse_active_id(settings: Settings) -> None:
    if settings.run_id is not None and any(run.id == settings.run_id for run in runs.active):
        raise Error(f"the run ID {settings.run_id!r} is in use: finish that run, or use another")


def _begin_or_return(settings: Settings, config: dict[str, Any], tell: Tell) -> Run:
    previous = _previous(settings)
    if previous is not None:
        return previous
    values = read_yaml(Path(DEFAULTS_FILE)) if Path(DEFAULTS_FILE).is_file() else {}
    for path in settings.config_paths:
        values |= read_yaml(Path(path))
    values |= config
    plain = config_values({key.strip("-"): value for key, value in values.items()}, tell)
    process_end.follow(finish_all)
    begin = _begin_disabled if settings.mode == "disabled" else _begin
    return begin(settings, plain)


def _begin_disabled(settings: Settings, config: dict[str, Any]) -> Run:
    run_id = settings.run_id or generate_id()
    start = wire.RunStart(
        entity=settings.chosen.get("entity", "dummy"),
        project=settings.project or "dummy",
        run_id=run_id,
        started_us=now_us(),
        name=settings.run_name or f"dummy-{run_id}",
        notes=settings.run_notes or "",
        tags=settings.run_tags or (),
        group=settings.run_group or "",
        job_type=settings.run_job_type or "",
        config=config,
    )
    run = NoopRun(settings, start, lambda run, _: runs.remove(run))
    runs.add(run, main=settings.reinit != "create_new")
    return run


def _begin(settings: Settings, config: dict[str, Any]) -> Run:
    member = Member.of(settings)
    terminal = Terminal(levels=member.levels(settings), name=member.name)
    if settings.allow_val_change is None:
        settings.allow_val_change = in_notebook()
    project = settings.project or default_project(main_program(settings))
    settings.project = project_checked(project)
    entity_checked(settings.entity)
    folder = runs_folder(settings.root_dir)
    opening = decide(settings, folder, member, say=terminal.say)
    start = _run_start(settings, opening, member, config)
    run = _open(settings, opening, start, terminal)
    runs.add(run, main=settings.reinit != "create_new")
    beginning = Duties("the run has begun, but this went wrong")
    if member.leads:
        beginning.do("its greeting", lambda: _greet(run, terminal))
        beginning.do("a look for earlier runs", lambda: _name_undelivered(folder, run, terminal))
    label = member.label if member.shares else ""
    beginning.do(
        "what the run records by itself",
        lambda: run._recorders.start(label, leads=member.leads),
    )
    beginning.tell(terminal.say)
    return run


def _run_start(
    settings: Settings, opening: Opening, member: Member, config: dict[str, Any]
) -> wire.RunStart:
    """Who writes. What was not given is that of the run that goes on, where there is one."""
    known = opening.known
    return wire.RunStart(
        entity=settings.entity,
        project=settings.project or "",
        run_id=opening.run_id,
        started_us=now_us(),
        opens=opening.opens,
        parent_run_id=opening.parent_run_id,
        cut_step=opening.cut_step,
        name=_name(settings, opening, member),
        notes=_first(settings.run_notes, known.get("notes"), ""),
        tags=tuple(_first(settings.run_tags, known.get("tags"), ())),
        group=settings.run_group or known.get("group") or member.group,
        job_type=_first(settings.run_job_type, known.get("job_type"), ""),
        config={**known.get("config", {}), **config},
        metadata={**member.facts(), **describe(settings)},
        label=member.label,
        rank=None if member.launcher is None else member.launcher.rank,
        primary=member.primary,
        must_end=settings.x_update_finish_state,
        launch=member.launch,
    )


def _name(settings: Settings, opening: Opening, member: Member) -> str:
    given = _first(settings.run_name, opening.known.get("name"), None)
    if given is not None:
        return str(given)
    if opening.opens in ("resume", "rewind"):  # it has a name, and we don't know it
        return ""
    if member.launcher is not None:
        group, rank = member.group, member.launcher.rank
        return launch_name(group) if member.shares else rank_name(group, rank)
    return generate_name()


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _open(settings: Settings, opening: Opening, start: wire.RunStart, terminal: Terminal) -> Run:
    offline = settings.mode == "offline"
    started = datetime.fromtimestamp(start.started_us / 1e6)
    directory = create(settings.root_dir, start.run_id, started, offline=offline)
    if directory.fallback:
        terminal.say(directory.fallback, "warn")

    def open_sender(run: Core) -> Sender:
        return Sender(
            start=msgspec.structs.replace(start, config=json_ready(start.config)),
            spool_root=directory.spools,
            base_url=None if offline else settings.base_url,
            options=sender_options(settings),
            say=terminal.say,
            on_fork=run._start_in_fork,
        )

    def on_finish(run: Run, exit_code: int) -> None:
        runs.remove(run)
        opening.ended(exit_code, terminal.say)

    beginning = Beginning(
        settings=settings,
        start=start,
        open_sender=open_sender,
        terminal=terminal,
        directory=directory,
        first_step=opening.first_step,
        resumed=opening.resumed,
        summary=opening.known.get("summary"),
        runtime_before_secs=opening.known.get("runtime_secs") or 0.0,
    )
    return Run(beginning, on_finish)


def _greet(run: Run, terminal: Terminal) -> None:
    links = run._links(str(run._directory.path))
    height_px, cell.frame_height_px = cell.frame_height_px, None
    if height_px is not None and run.display(height_px):
        return
    if in_notebook() and "info" in terminal.levels:
        show_html(start_html(links, resumed=run.resumed))
    elif run.offline and terminal.levels:
        # Also in quiet mode: who did not ask for it should know that nothing is sent.
        terminal.say("\n".join(start_lines(links, __version__, resumed=False)), "warn")
    else:
        terminal.say("\n".join(start_lines(links, __version__, resumed=run.resumed)))


def _name_undelivered(folder: Path, run: Run, terminal: Terminal) -> None:
    """Says which earlier runs of this folder still have something for a server."""
    own = run._directory.path.resolve().name
    spools = [path for path in _spool_folders(folder) if path.parent.name != own]
    waiting = [spool for path in spools for spool in waiting_spools(path)]
    if waiting and "warn" in terminal.levels:
        terminal.say(waiting_text(waiting, folder), "warn")


def _spool_folders(folder: Path) -> list[Path]:
    """Spools of earlier runs, as far as they still are there. A folder may have thousands of runs:
    of each of them no more is looked at than whether it has one."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith("run-")]
    except OSError:  # somebody removes it just now
        return []
    base = os.fspath(folder)
    paths = (f"{base}{os.sep}{name}{os.sep}{SPOOL_FOLDER}" for name in names)
    return [Path(path) for path in paths if os.path.isdir(path)]
