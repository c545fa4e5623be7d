"""Names of runs and projects: made, and checked."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lossboard.errors import UsageError

__all__ = [
    "artifact_name_safe",
    "default_project",
    "entity_checked",
    "generate_id",
    "generate_name",
    "launch_name",
    "parse_branch_point",
    "project_checked",
    "rank_name",
    "run_id_checked",
]

_ID_ALPHABET: Final = string.ascii_lowercase + string.digits
_ID_LENGTH: Final = 8
_ID_FORBIDDEN: Final = ":;,#?/'\\%"  # W&B's, and what can't stand in an address
_ID_LIMIT: Final = 256
_PROJECT_FORBIDDEN: Final = "/\\#?%:"
_PROJECT_LIMIT: Final = 128

_ADJECTIVE_WORDS: Final = (
    "amber azure bold brave breezy bright brisk calm cheerful clear clever copper coral cosmic"
    " crimson crisp daring dawn deep eager early earnest easy electric fair fancy fine fluent"
    " fresh frosty gentle giddy glad golden grand happy hardy hazel hidden honest humble icy ivory"
    " jolly keen kind lively lucid lunar mellow merry mild mint misty modest neat nimble noble"
    " northern olive patient peaceful pearl playful polite prime proud quick quiet radiant rapid"
    " rare ruby rustic scarlet serene sharp shiny silent silver smooth solar solid sparkling spry"
    " stellar still stoic sunny swift tidy tranquil upbeat valiant velvet vivid warm wild wise"
    " witty zesty"
)
_NOUN_WORDS: Final = (
    "acorn aurora badger bay beacon birch bloom breeze brook canyon cedar cliff cloud comet cove"
    " crane creek crest dale delta dune eagle ember falcon fern field finch fjord flame forest fox"
    " garden glacier glade grove harbor hawk hazel heron hill horizon island jay lagoon lake lark"
    " leaf lynx maple marsh meadow mesa moon moss mountain oak ocean orbit orchid otter owl peak"
    " pebble pine planet plover pond prairie quartz rain raven reef ridge river robin sage sail"
    " salmon sea sky sparrow spring spruce star stone stream summit sun surf swan thicket thistle"
    " tide trail tree tulip tundra valley violet wave willow wind wolf wren"
)
_ADJECTIVES: Final = _ADJECTIVE_WORDS.split()
_NOUNS: Final = _NOUN_WORDS.split()


def generate_id() -> str:
    """Eight random characters from a-z0-9; `random.seed` and forks don't repeat them."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))


def generate_name() -> str:
    """Two words and a number, such as `calm-river-42`."""
    number = secrets.randbelow(999) + 1
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{number}"


def launch_name(group: str) -> str:
    """The name of a run that the ranks of a launch share, which they find without talking."""
    seed = int.from_bytes(hashlib.sha256(group.encode()).digest(), "big")
    number = seed // (len(_ADJECTIVES) * len(_NOUNS)) % 999 + 1
    return f"{_pick(_ADJECTIVES, seed)}-{_pick(_NOUNS, seed // len(_ADJECTIVES))}-{number}"


def rank_name(group: str, rank: int) -> str:
    """The name of one rank's run: that of the launch, and the rank at its end."""
    return f"{launch_name(group)}-rank{rank}"


def _pick(words: Sequence[str], seed: int) -> str:
    return words[seed % len(words)]


def run_id_checked(run_id: str) -> str:
    """The id, if it can stand in an address; else UsageError."""
    return _checked("run id", run_id, _ID_FORBIDDEN, _ID_LIMIT)


def project_checked(project: str) -> str:
    """The project's name, if it can stand in an address; else UsageError."""
    return _checked("project name", project, _PROJECT_FORBIDDEN, _PROJECT_LIMIT)


def entity_checked(entity: str) -> str:
    """The entity, if it can stand in an address; else UsageError."""
    return _checked("entity", entity, _PROJECT_FORBIDDEN, _PROJECT_LIMIT)


def _checked(what: str, name: str, forbidden: str, limit: int) -> str:
    if not 1 <= len(name) <= limit:
        raise UsageError(f"{what} {name[:40]!r} has {len(name)} characters; expected 1 to {limit}")
    if name in (".", "..") or name != name.strip() or not name.isprintable():
        raise UsageError(
            f"{what} {name!r} must not be a dot, begin or end with white space, nor hold control"
            " characters"
        )
    if any(character in name for character in forbidden):
        raise UsageError(f"{what} {name!r} must not contain any of {' '.join(forbidden)}")
    return name


def artifact_name_safe(name: str) -> str:
    """The name with every character that artifacts' names may not hold as `_`, at most 128 long;
    of a longer one the begin and the end."""
    safe = re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)
    return safe if len(safe) <= 128 else f"{safe[:63]}..{safe[-63:]}"


def default_project(program: Path | None) -> str:
    """The name of the git repository that the program lies in, with its folder; else
    "uncategorized"."""
    if program is None:
        return "uncategorized"
    try:
        folder = program.resolve().parent
    except (OSError, RuntimeError):  # the current directory is gone, or links go in a circle
        return "uncategorized"
    for root in (folder, *folder.parents):
        if os.path.exists(root / ".git"):  # which raises nothing for a folder that can't be read
            inner = "_".join(folder.relative_to(root).parts)
            name = f"{root.name}-{inner}" if inner else root.name
            return re.sub(r"[/\\#?%:]", "_", name)[:_PROJECT_LIMIT]
    return "uncategorized"


def parse_branch_point(option: str, text: str) -> tuple[str, int]:
    """(run id, step) of `<run id>?_step=<n>`; UsageError for any other form."""
    match = re.fullmatch(r"([^?]+)\?_step=(\d+)", text)
    if match is None:
        raise UsageError(f"{option}={text!r} is not of the form '<run id>?_step=<number>'")
    return match[1], int(match[2])
