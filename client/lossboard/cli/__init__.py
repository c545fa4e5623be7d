"""The `lossboard` command. Commands of the server are found by entry points."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

import click

from lossboard.cli.programs import USAGE, print_variables, run_program
from lossboard.cli.runs import export_runs, list_runs, remove_run, show_run
from lossboard.errors import Error
from lossboard.files.directories import runs_folder
from lossboard.printable_text import printable
from lossboard.sending.undelivered import waiting_spools, waiting_text
from lossboard.settings import resolve
from lossboard.version import __version__

__all__ = ["main"]

_SERVER_COMMANDS: Final = "lossboard.commands"
# Asking the commands themselves would import the server.
_SUMMARIES: Final = {
    "serve": "Serve the dashboard and take what training runs log.",
    "check": "Look through all of a server's store, and repair what can be made anew.",
    "backup": "Copy a server's store, also while it runs; --verify looks through a copy.",
    "restore": "Make a data directory of a backup.",
    "disk": "Show what a server's store takes on the disk, by project; --free gives back.",
    "demo": "Serve a dashboard and train a small ConvNet three times, to look around in.",
}
# What stands after the name of a script or command is its own, also --help.
_PASS_ON: Final = {"ignore_unknown_options": True, "help_option_names": []}


class _Commands(click.Group):
    """Our commands, and those that other packages register."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = {point.name for point in entry_points(group=_SERVER_COMMANDS)}
        return sorted({*super().list_commands(ctx), *names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _registered(cmd_name)


def _registered(name: str) -> click.Command | None:
    found = entry_points(group=_SERVER_COMMANDS, name=name)
    return _command_of(next(iter(found))) if found else None


def _command_of(point: EntryPoint) -> click.Command:
    @click.pass_context
    def call(ctx: click.Context, arguments: tuple[str, ...]) -> None:
        if point.name == "serve" and not {"-h", "--help"} & set(arguments):
            _name_undelivered()
        ctx.exit(point.load()(list(arguments)))

    return click.Command(
        point.name,
        callback=call,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        context_settings=_PASS_ON,
        help=_SUMMARIES.get(point.name, f"see lossboard {point.name} --help"),
    )


def _name_undelivered() -> None:
    """Says what runs of this directory left behind, for the server that is about to start."""
    folder = runs_folder(None)
    hint = waiting_text(waiting_spools(folder), folder)
    if hint:
        click.echo(printable(f"lossboard: {hint}"), err=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lossboard")
def _commands() -> None:
    """Self-hosted experiment tracking for PyTorch, with the API of wandb."""


@_commands.command("run", context_settings=_PASS_ON)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="PROGRAM [ARGS]...")
def _run(arguments: tuple[str, ...]) -> None:
    """Run a program that says `import wandb`, unchanged, and log to lossboard."""
    official = arguments[:1] == ("--official",)
    program = arguments[1:] if official else arguments
    if not program or program[0] in ("-h", "--help"):
        click.echo(USAGE)
        sys.exit(0 if program else 2)
    run_program(program, official=official)


@_commands.command("env")
@click.option("--server", help="address of the server (default: LOSSBOARD_BASE_URL)")
def _env(server: str | None) -> None:
    """Print the variables with which the official client logs here: eval "$(lossboard env)"."""
    print_variables(server)


@_commands.command("sync")
@click.argument("directories", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--server", help="deliver to this server (default: LOSSBOARD_BASE_URL)")
@click.option(
    "--discard-deleted", is_flag=True, help="remove what is of runs deleted on the server"
)
def _sync(
    directories: tuple[Path, ...], server: str | None, as_json: bool, discard_deleted: bool
) -> None:
    """Deliver what runs left on disk: offline runs, and those whose server was away.

    DIRECTORIES are runs, or folders with runs in them (default: ./wandb). Where no server is
    named, each run goes to the one that it was meant for.
    """
    from lossboard.cli.sync import deliver

    settings = resolve()
    folders = directories or (runs_folder(settings.root_dir),)
    code = deliver(folders, server, settings, as_json=as_json, discard_deleted=discard_deleted)
    sys.exit(code)


@_commands.command("ls")
@click.argument("project", required=False)
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--server", help="address of the server")
def _list(project: str | None, as_json: bool, server: str | None) -> None:
    """List projects, or the runs of a PROJECT (entity/project)."""
    list_runs(project, as_json=as_json, server=server)


@_commands.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--server", help="address of the server")
def _show(run: str, as_json: bool, server: str | None) -> None:
    """Show a RUN (entity/project/id): state, config, summary, links."""
    show_run(run, as_json=as_json, server=server)


@_commands.command("export")
@click.argument("project")
@click.option("--to", "target", type=click.Path(path_type=Path), help=".csv or .parquet file")
@click.option("--key", "keys", multiple=True, help="a key of the history; several are possible")
@click.option("--x", default="step", show_default=True, help="step, time, runtime or a key")
@click.option("--filter", "filters", help="runs that fit, JSON as Api().runs(filters=) takes it")
@click.option("--server", help="address of the server")
def _export(
    project: str,
    target: Path | None,
    keys: tuple[str, ...],
    x: str,
    filters: str | None,
    server: str | None,
) -> None:
    """Write the history of all runs of a PROJECT as one table."""
    export_runs(project, target, keys=keys, x=x, filters=filters, server=server)


@_commands.command("rm")
@click.argument("run_paths", nargs=-1, required=True, metavar="RUN...")
@click.option("--yes", is_flag=True, help="don't ask")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
@click.option("--server", help="address of the server")
def _remove(run_paths: tuple[str, ...], yes: bool, as_json: bool, server: str | None) -> None:
    """Delete runs (entity/project/id) with all they have logged."""
    for path in run_paths:
        remove_run(path, ask=not yes, as_json=as_json, server=server)


def main(arguments: Sequence[str] | None = None) -> Any:
    """The command line; exits with its code. Errors of ours are one line on stderr."""
    try:
        return _commands.main(arguments, prog_name="lossboard")
    except (Error, ValueError) as error:
        click.echo(f"lossboard: {error}", err=True)
        sys.exit(1)
