"""The parts of one server; made by `create_app`, reached from routes by `Server`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from lossboard_server.blobs import BlobStore
from lossboard_server.changes import Committed
from lossboard_server.database.dialect import file_of
from lossboard_server.database.directory import DataDirectory
from lossboard_server.database.engines import Database, url_of
from lossboard_server.events import Broker
from lossboard_server.liveness import Liveness
from lossboard_server.queries.artifacts.awaited_blobs import AwaitedBlobs
from lossboard_server.queries.catalogue.keys import KeyMemo
from lossboard_server.queries.catalogue.live_keys import LiveKeys
from lossboard_server.queries.projects.sparklines import SparklineMemo
from lossboard_server.queries.runs.run_rows import RunMemo
from lossboard_server.settings import Settings
from lossboard_server.storage import TailMemo
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
    tails: TailMemo
    runs: RunMemo
    keys: KeyMemo
    live_keys: LiveKeys
    sparklines: SparklineMemo
    web: WebFiles
    started_secs: float = field(default_factory=time.monotonic)

    def hurry(self) -> None:
        """End what would hold up the end: event streams, and the seal that is being planned."""
        self.broker.close()
        self.sealer.hurry()

    def close(self) -> None:
        self.database.close()
        self.directory.close()


def open_services(settings: Settings) -> Services:
    """Open the data directory and the database; raises DirectoryError or MigrationError."""
    directory = DataDirectory(settings.data_dir, file_of(url_of(settings)))
    directory.open()
    try:
        database = Database(settings, directory.check)
        directory.hold()
    except BaseException:
        directory.close()
        raise
    broker = Broker(settings.event_queue_length)
    liveness = Liveness(settings.crashed_after_secs)
    live_keys = LiveKeys()

    def publish(committed: Committed) -> None:
        broker.publish(committed.changes)
        liveness.seen(writer for heard in committed.heard.values() for writer in heard.writers)
        sealer.note(committed.heard)

    writer = Writer(
        database.write_engine,
        group_limit_bytes=settings.group_limit_bytes,
        queue_limit_bytes=settings.ingest_queue_bytes,
        publish=publish,
        check=directory.check,
        admit=lambda: sealer.admit(),
        announce=lambda committed: live_keys.announce(committed.heard.values()),
        remember=lambda committed: live_keys.note(committed.heard.values()),
    )
    blobs = BlobStore(settings.data_dir / "blobs", settings.blob_limit_bytes, directory.check)
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
