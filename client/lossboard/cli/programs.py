"""`lossboard run` and `lossboard env`: programs that say `import wandb`, and what they find."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, NoReturn

import click

from lossboard.opening.install import ALIAS_FOLDER
from lossboard.settings import (
    environment_with_path,
    environment_without_path,
    official_variables,
    resolve,
)

__all__ = ["USAGE", "print_variables", "run_program"]

USAGE: Final = """\
Usage: lossboard run [--official] SCRIPT [ARGS]...
       lossboard run [--official] -m MODULE [ARGS]...
       lossboard run [--official] COMMAND [ARGS]...

  Run a program that says `import wandb`, unchanged, and log to lossboard: a script, a module, or
  any command that starts one, such as torchrun, accelerate launch, pytest or jupyter.

  --official  with the wandb package that is installed, and this server as its own"""


def run_program(arguments: Sequence[str], *, official: bool) -> NoReturn:
    """Runs it in the place of this process, where the system can. Raises UsageError for what is
    no program, and for `official` where there is no wandb."""
    command = _command(arguments)
    if official:
        _require_wandb()
        environment = environment_without_path(ALIAS_FOLDER, _variables(None))
    else:
        environment = environment_with_path(ALIAS_FOLDER)
    _replace_with(command, environment)


def _replace_with(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    if not hasattr(os, "fork"):  # Windows, where what takes our place has nobody who waits for it
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    # In our place: signals and the exit code are the program's own.
    os.execve(command[0], list(command), environment)


def _command(arguments: Sequence[str]) -> list[str]:
    """The program with its arguments; scripts and modules are those of this Python."""
    name, *rest = arguments
    if name == "-m" or _is_script(Path(name)):
        return [sys.executable, name, *rest]
    # Beside this Python first: its environment need not be the active one.
    beside = str(Path(sys.executable).parent)
    found = shutil.which(name, path=beside) or shutil.which(name)
    if found is None:
        raise click.UsageError(f"there is no script or command {name!r}; for a module: -m {name}")
    return [found, *rest]


def _is_script(path: Path) -> bool:
    """Whether Python is to run it: a file, unless it says itself what runs it, or a folder that is
    a program."""
    if path.is_dir():
        return (path / "__main__.py").is_file()
    return path.is_file() and (path.suffix == ".py" or not os.access(path, os.X_OK))


def _require_wandb() -> None:
    places = [place for place in sys.path if place != str(ALIAS_FOLDER)]
    spec = PathFinder.find_spec("wandb", places)
    if spec is None or spec.origin is None:  # the latter: the folder of our runs
        raise click.UsageError(
            f"--official needs the wandb package, which {sys.executable} does not have:"
            " pip install wandb"
        )


def _variables(server: str | None) -> dict[str, str]:
    settings = resolve()
    return official_variables(server or settings.base_url, settings.chosen.get("api_key"))


def print_variables(server: str | None) -> None:
    """Prints the variables with which the official client logs here, for a shell to evaluate."""
    for name, value in sorted(_variables(server).items()):
        line = f"set {name}={value}" if os.name == "nt" else f"export {name}={shlex.quote(value)}"
        click.echo(line)
