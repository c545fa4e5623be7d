"""Every setting of the server. This module is the only one that reads the environment.

A setting `keep_alive_secs` is read from `LOSSBOARD_SERVER_KEEP_ALIVE_SECS`; options of
`lossboard serve` win over the environment. docs/configuration.md describes each one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_type_hints

import platformdirs

__all__ = [
    "ENVIRONMENT_PREFIX",
    "Settings",
    "SettingsError",
    "child_environment",
    "default_data_dir",
    "export_settings",
]

ENVIRONMENT_PREFIX = "LOSSBOARD_SERVER_"
_MOST_PORT = 65_535
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9*._~\[\]:-]+")  # goes into a header as it is


class SettingsError(ValueError):
    """A setting whose value can't be used, with what was expected."""


def default_data_dir() -> Path:
    """The platform's directory for a user's application data."""
    return Path(platformdirs.user_data_dir("lossboard", appauthor=False))


def child_environment(**changes: str) -> dict[str, str]:
    """The environment of this process with `changes`, for a process it starts."""
    return {**os.environ, **changes}


def _setting(default: Any, about: str) -> Any:
    return field(default=default, metadata={"about": about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a server; sizes are bytes, times are seconds."""

    data_dir: Path = field(metadata={"about": "Directory of the database and the blobs."})
    host: str = _setting("127.0.0.1", "Address to listen on; loopback unless you change it.")
    port: int = _setting(8080, "Port to listen on.")
    database_url: str = _setting(
        "", "SQLAlchemy URL of the database; empty: lossboard.db in the data directory."
    )
    frame_ancestors: tuple[str, ...] = _setting(
        (), "Origins, besides loopback ones, whose pages may show the dashboard in a frame."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (), "Host names, besides loopback and the listening address, that requests may be for."
    )
    synchronous: Literal["FULL", "NORMAL"] = _setting(
        "FULL", "NORMAL commits faster and may lose the last seconds when the power fails."
    )
    record_limit_bytes: int = _setting(64 << 20, "Largest record a writer may send.")
    request_limit_bytes: int = _setting(8 << 20, "Largest body of any other request.")
    bodies_limit_bytes: int = _setting(
        256 << 20,
        "Bodies of all requests in memory together; past it senders are told to come back.",
    )
    request_wait_secs: float = _setting(
        30.0, "Time for which half a request may stand still before its connection is closed."
    )
    reserve_bytes: int = _setting(
        64 << 20, "Room that is kept for deletions and edits once the disk is full; 0: none."
    )
    blob_limit_bytes: int = _setting(5 << 30, "Largest file that may be uploaded.")
    blob_unused_secs: float = _setting(
        86_400.0, "A file that no run or artifact names is removed after so long."
    )
    blob_sweep_secs: float = _setting(
        21_600.0, "Pause between looks for files that no run or artifact names."
    )
    ingest_queue_bytes: int = _setting(
        256 << 20, "Records waiting for the database; past it writers are told to come back."
    )
    decode_thread_bytes: int = _setting(
        256 << 10, "Records larger than this are decoded in a thread."
    )
    decoding_limit_bytes: int = _setting(
        4 << 20, "Bodies that are taken apart at the same time; a larger one is so alone."
    )
    group_limit_bytes: int = _setting(16 << 20, "Records in one transaction.")
    read_threads: int = _setting(8, "Reads that run at the same time.")
    read_limit_secs: float = _setting(30.0, "Time after which a read is given up.")
    crashed_after_secs: float = _setting(
        60.0, "A run without a sign of life for this long is shown as crashed."
    )
    undo_secs: float = _setting(600.0, "Time in which a deleted run can be restored.")
    seal_rows: int = _setting(16_384, "Log rows of a run after which they are sealed into blocks.")
    seal_bytes: int = _setting(8 << 20, "Bytes of records of a run after which they are sealed.")
    tail_limit_bytes: int = _setting(
        256 << 20,
        "Records waiting to be sealed, of all runs; past it writers are told to come back.",
    )
    seal_idle_secs: float = _setting(30.0, "Silence of a run after which its records are sealed.")
    maintenance_secs: float = _setting(
        1.0, "Pause between looks for crashed runs, records to seal and runs to delete."
    )
    checkpoint_idle_secs: float = _setting(
        5.0, "Silence of all runs after which SQLite's write-ahead log is emptied."
    )
    tail_memo_bytes: int = _setting(256 << 20, "Memory for decoded records that aren't sealed.")
    event_interval_secs: float = _setting(0.2, "Changes within this time go out as one event.")
    event_comment_secs: float = _setting(15.0, "Pause between signs of life on an event stream.")
    event_queue_length: int = _setting(
        256, "Runs with unsent events per stream; past it the page is told to reload."
    )
    keep_alive_secs: int = _setting(75, "Time an idle connection stays open.")
    shutdown_seal_secs: float = _setting(
        1.0, "Time at shutdown for sealing what waits; the rest is sealed after the next start."
    )
    shutdown_secs: int = _setting(2, "Time that running requests get at shutdown.")
    web_dir: Path | None = _setting(
        None, "Directory of the built dashboard; empty: the one in the package or checkout."
    )

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise SettingsError(
                "the host is empty, which would listen on all addresses: name one, such as"
                " 127.0.0.1, or 0.0.0.0 where all of them are meant"
            )
        if not 0 <= self.port <= _MOST_PORT:
            raise SettingsError(f"the port is {self.port}: expected 0 (any free one) to 65535")
        for origin in self.frame_ancestors:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(
                    f"frame_ancestors has {origin!r}: expected origins such as"
                    " https://notebooks.example.org"
                )

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, **given: Any
    ) -> Settings:
        """Settings from `given` (None: not given), the environment, and the defaults.

        Raises SettingsError for a value that can't be read.
        """
        source = os.environ if environment is None else environment
        types = get_type_hints(cls)
        values: dict[str, Any] = {"data_dir": default_data_dir()}
        for setting in fields(cls):
            name = ENVIRONMENT_PREFIX + setting.name.upper()
            if source.get(name, "") != "":
                values[setting.name] = _parse(name, source[name], types[setting.name])
        values.update({name: value for name, value in given.items() if value is not None})
        return cls(**values)


def export_settings(settings: Settings, *names: str) -> None:
    """Put these settings into the environment, for a child process that reads them there."""
    for name in names:
        os.environ[ENVIRONMENT_PREFIX + name.upper()] = str(getattr(settings, name))


def _parse(name: str, text: str, kind: Any) -> Any:
    if kind in (Path, Path | None):
        return Path(text).expanduser()
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if kind == Literal["FULL", "NORMAL"]:
        return _parse_synchronous(name, text)
    if kind in (int, float):
        return _parse_number(name, text, kind)
    return text


def _parse_synchronous(name: str, text: str) -> str:
    if text.upper() not in ("FULL", "NORMAL"):
        raise SettingsError(f"{name} is {text!r}: expected FULL or NORMAL")
    return text.upper()


def _parse_number(name: str, text: str, kind: type[int] | type[float]) -> float:
    try:
        value = kind(text)
    except ValueError as error:
        raise SettingsError(
            f"{name} is {text!r}: expected a number such as {1024 if kind is int else 0.5}"
        ) from error
    if not 0 <= value < float("inf"):
        raise SettingsError(f"{name} is {text!r}: expected a number that isn't negative")
    return value
