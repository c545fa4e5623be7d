"""The parts of one server; made by `create_app`, reached from routes by `Server`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from lossboard_server.blobs import BlobStore
from lossboard_server.changes import Committed
from lossboard_server.database.dialect import file_of
from lossboard_server.database.directory import DataDirectory
from lossboard_server.database.engines import Database, url_of
from lossboard_server.database.reserve import Reserve
from lossboard_server.database.starting import check_files, note_progress
from lossboard_server.events import Broker
from lossboard_server.liveness import Liveness
from lossboard_server.queries.artifacts.awaited_blobs import AwaitedBlobs
from lossboard_server.queries.catalogue.keys import KeyMemo
from lossboard_server.queries.catalogue.live_keys import LiveKeys
from lossboard_server.queries.projects.sparklines import SparklineMemo
from lossboard_server.queries.runs.run_rows import RunMemo
from lossboard_server.settings import Settings
from lossboard_server.storage import TailMemo
from lossboard_server.troubles import Troubles
from lossboard_server.turns import Turns
from lossboard_server.web_files import WebFiles
from lossboard_server.writing.sealer import Sealer
from lossboard_server.writing.writer import Writer

__all__ = ["Server", "Services", "open_services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one server."""

    settings: Settings
    directory: DataDirectory
    database: Database
    writer: Writer
    broker: Broker
    liveness: Liveness
    sealer: Sealer
    blobs: BlobStore
    awaited: AwaitedBlobs
    turns: Turns
    troubles: Troubles
    reserve: Reserve
    tails: TailMemo
    runs: RunMemo
    keys: KeyMemo
    live_keys: LiveKeys
    sparklines: SparklineMemo
    web: WebFiles
    started_secs: float = field(default_factory=time.monotonic)

    def hurry(self) -> None:
        """End what would hold up the end: event streams, reads, the seal that is being planned."""
        self.broker.close()
        self.database.hurry()
        self.sealer.hurry()

    def note_progress(self, version: int) -> None:
        """Let the directory remember how far the database has come, all of which is on disk."""
        if self.directory.database is None:
            return
        try:
            note_progress(self.settings.data_dir, self.directory.database, version)
        except OSError as error:  # it was removed, or its disk is full: the older mark is good too
            self.troubles.note(f"can't note the state of {self.settings.data_dir}: {error}")

    def close(self) -> None:
        self.database.close()
        self.note_progress(self.writer.version)
        self.directory.close()


def _open_store(settings: Settings) -> tuple[DataDirectory, Database, Reserve]:
    reserve = Reserve(settings.data_dir, settings.reserve_bytes)
    reserve.open()
    directory = DataDirectory(settings.data_dir, file_of(url_of(settings)))
    directory.open()
    try:
        if directory.database is not None:
            check_files(settings.data_dir, directory.database)
        database = Database(settings, directory.check)
        directory.hold()
        reserve.renew()
    except BaseException:
        directory.close()
        raise
    return directory, database, reserve


def _checks(directory: DataDirectory, reserve: Reserve) -> Callable[[], None]:
    """Raises what an upload answers with where it can't be taken."""

    def check() -> None:
        directory.check()
        reserve.check()

    return check


def open_services(settings: Settings) -> Services:
    """Open the data directory and the database; raises DirectoryError or MigrationError."""
    directory, database, reserve = _open_store(settings)
    broker = Broker(settings.event_queue_length)
    liveness = Liveness(settings.crashed_after_secs)
    live_keys = LiveKeys()
    troubles = Troubles()

    def publish(committed: Committed) -> None:
        broker.publish(committed.changes)
        liveness.seen(writer for heard in committed.heard.values() for writer in heard.writers)
        sealer.note(committed.heard)

    def admit() -> None:
        reserve.check()
        sealer.admit()

    writer = Writer(
        database.write_engine,
        group_limit_bytes=settings.group_limit_bytes,
        queue_limit_bytes=settings.ingest_queue_bytes,
        publish=publish,
        check=directory.check,
        troubles=troubles,
        admit=admit,
        on_full=reserve.give_up,
        announce=lambda committed: live_keys.announce(committed.heard.values()),
        remember=lambda committed: live_keys.note(committed.heard.values()),
    )
    blobs = BlobStore(
        settings.data_dir / "blobs", settings.blob_limit_bytes, _checks(directory, reserve)
    )
    blobs.sweep_incoming()
    tails = TailMemo(limit_bytes=settings.tail_memo_bytes)
    sealer = Sealer(settings, database, writer, tails)
    return Services(
        settings=settings,
        directory=directory,
        database=database,
        writer=writer,
        broker=broker,
        liveness=liveness,
        sealer=sealer,
        blobs=blobs,
        awaited=AwaitedBlobs(blobs),
        troubles=troubles,
        reserve=reserve,
        turns=Turns(settings.decoding_limit_bytes),
        tails=tails,
        runs=RunMemo(tails),
        keys=KeyMemo(tails, live_keys),
        live_keys=live_keys,
        sparklines=SparklineMemo(tails),
        web=WebFiles(settings),
    )


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Server = Annotated[Services, Depends(_services)]
