"""Files on their way to the server: kept by their SHA-256 in the spool, uploaded once."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from lossboard.files.disk import opened, removed, removed_if_empty
from lossboard.sending.delivery import Outcome, Verdict, verdict_of
from lossboard.sending.interface import Stored
from lossboard.sending.segment import set_apart
from lossboard.sending.transport import Answer, Unreachable

__all__ = ["FileStore", "Uploads"]

_BLOCK_BYTES: Final = 1_048_576
_ASK_FROM_BYTES: Final = 65_536  # smaller contents are sent without asking whether they are known
_PARTIAL_PREFIX: Final = "partial-"
_SHA256: Final = re.compile("[0-9a-f]{64}")
_TOO_MANY_OPEN: Final = (errno.EMFILE, errno.ENFILE)


class _Requests(Protocol):
    base_url: str

    def request(
        self, method: str, path: str, body: bytes | Path | None = None, content_type: str = ...
    ) -> Answer:
        """The answer; raises Unreachable, OSError."""


class FileStore:
    """`files/` of a spool: contents that are not uploaded yet. Safe from several threads."""

    def __init__(self, spool_directory: Path, ensure: Callable[[], None]) -> None:
        self.trouble = ""  # why the disk did not take the last file
        self.rejected = 0
        self._spool_directory = spool_directory
        self._folder = spool_directory / "files"
        self._rejected_folder = spool_directory / "rejected"
        self._ensure = ensure
        self._waiting: OrderedDict[str, Stored] = OrderedDict()  # a dict is slow to find its first
        self._waiting_bytes = 0  # of all of these: a sum over thousands for each request is dear
        self._uploaded: set[str] = set()
        self._left_behind: list[Path] = []  # copies that could not be removed
        self._changed = threading.Condition()

    def adopt(self) -> None:
        """Takes up what an earlier process left, the oldest first: what was put first is complete
        first, wherever it ends. Half-written copies are removed, files of others left alone."""
        found = {path: path.stat() for path in sorted(self._folder.glob("*"))}
        for path in sorted(found, key=lambda path: found[path].st_mtime_ns):
            if path.name.startswith(_PARTIAL_PREFIX):
                removed(path)
            elif _SHA256.fullmatch(path.name):
                self._add(Stored(path.name, found[path].st_size, path))

    def put(self, source: Path | bytes) -> Stored:
        """Copies and hashes the content. Raises OSError when `source` can't be read.

        When the disk takes no copy, the bytes in memory or the original file are uploaded instead.
        """
        try:
            stored = self._copied(source)
            self.trouble = ""
        except _DiskRefused as refused:
            self.trouble = str(refused)
            stored = _without_copy(source)
        if not self._await_upload(stored):
            removed(self._folder / stored.sha256)
        return stored

    def take(self, stored: Stored) -> None:
        """Has the file `stored.source`, whose hash is known and whose content will stay, uploaded.

        The spool gets a link to it; where that can't be, it is copied as by `put`.
        """
        assert isinstance(stored.source, Path), "what lies in memory is put"
        kept = self._folder / stored.sha256
        with self._changed:
            if stored.sha256 in self._uploaded or stored.sha256 in self._waiting:
                return
        try:
            self._ensure()
            self._folder.mkdir(exist_ok=True)
            os.link(stored.source.resolve(), kept)  # not a link to a link, which may go
        except OSError:
            self.put(stored.source)
            return
        if not self._await_upload(stored._replace(source=kept)):
            removed(kept)

    def _await_upload(self, stored: Stored) -> bool:
        """Whether the content has to be uploaded still."""
        with self._changed:
            if stored.sha256 in self._uploaded:
                return False
            self._add(stored)
            self._changed.notify_all()
            return True

    def _add(self, stored: Stored) -> None:
        if stored.sha256 not in self._waiting:
            self._waiting[stored.sha256] = stored
            self._waiting_bytes += stored.size_bytes

    def _drop(self, stored: Stored) -> None:
        with self._changed:
            known = self._waiting.pop(stored.sha256, None)
            self._waiting_bytes -= 0 if known is None else known.size_bytes
            self._changed.notify_all()

    def _copied(self, source: Path | bytes) -> Stored:
        partial = self._folder / (_PARTIAL_PREFIX + os.urandom(8).hex())
        with _opened(source) as content:
            try:
                with _disk():
                    self._ensure()
                    self._folder.mkdir(exist_ok=True)
                sha256, size_bytes = _copy_and_hash(content, partial)
                with _disk():
                    partial.replace(self._folder / sha256)
            except _DiskRefused:
                removed(partial)
                raise
        return Stored(sha256, size_bytes, self._folder / sha256)

    def next_waiting(self) -> Stored | None:
        """The file that is to be uploaded next."""
        with self._changed:
            return next(iter(self._waiting.values()), None)

    def wait(self, timeout_secs: float) -> None:
        """Waits until a file waits or `wake` is called."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout_secs)

    def wait_uploaded(self, timeout_secs: float) -> bool:
        """Waits until no file waits."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_secs)

    def wake(self) -> None:
        """Ends a `wait`."""
        with self._changed:
            self._changed.notify_all()

    def uploaded(self, stored: Stored) -> None:
        """The server has it: the copy goes."""
        copy = self._folder / stored.sha256
        if stored.source == copy and removed(copy):
            self._left_behind.append(copy)
        with self._changed:
            self._uploaded.add(stored.sha256)
            self._drop(stored)

    def reject(self, stored: Stored, words: str) -> None:
        """The server refuses it: the copy goes to `rejected/` with the server's words."""
        self.rejected += 1
        try:
            self._keep_rejected(stored, words)
        except OSError as error:  # the words are told and noted in the run all the same
            self.trouble = error.strerror or str(error)
        self._drop(stored)

    def _keep_rejected(self, stored: Stored, words: str) -> None:
        self._rejected_folder.mkdir(parents=True, exist_ok=True)
        note = self._rejected_folder / f"{stored.sha256}.txt"
        note.write_text(words + "\n", encoding="utf-8")
        if stored.source == self._folder / stored.sha256 and stored.source.exists():
            stored.source.replace(self._rejected_folder / stored.sha256)

    def lost_when_closed(self) -> list[Stored]:
        """Files that wait and are nowhere on disk: it is gone when the process ends."""
        with self._changed:
            waiting = list(self._waiting.values())
        return [stored for stored in waiting if not _is_on_disk(stored.source)]

    @property
    def waiting_count(self) -> int:
        """Files that wait for upload."""
        return len(self._waiting)

    def set_apart(self, stored: Stored) -> str:
        """Its content is no longer what was put: what is left goes to `damaged/`; says where."""
        words = f"the content of file {stored.sha256} is not what was kept"
        try:
            if stored.source == self._folder / stored.sha256:
                words += f"; it lies in {set_apart(stored.source, self._spool_directory).parent}"
        except OSError as error:
            words += f" (and could not be set apart: {error})"
        self._drop(stored)
        return words

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for upload; 0 also where all the files that wait are empty."""
        return self._waiting_bytes

    def remove_if_empty(self) -> str:
        """Removes the folder once nothing is in it; what of that failed, or an empty string."""
        troubles = [removed(path) for path in self._left_behind]
        return "; ".join(filter(None, [*troubles, removed_if_empty(self._folder)]))


def _is_on_disk(source: Path | bytes) -> bool:
    return isinstance(source, Path) and os.path.exists(source)  # which raises nothing


class _DiskRefused(Exception):
    """Writing the copy failed, as opposed to reading the source."""


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _DiskRefused(error.strerror or str(error)) from error


@contextmanager
def _opened(source: Path | bytes) -> Iterator[io.BufferedIOBase]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with source.open("rb") as file:
        yield file


def _copy_and_hash(content: io.BufferedIOBase, target: Path) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    with _disk():
        handle = opened(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            size_bytes += len(block)
            with _disk():
                _write_all(handle, block)
    finally:
        os.close(handle)
    return digest.hexdigest(), size_bytes


def _write_all(handle: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(handle, view) :]


def _without_copy(source: Path | bytes) -> Stored:
    digest, size_bytes = hashlib.sha256(), 0
    with _opened(source) as content:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            size_bytes += len(block)
    return Stored(digest.hexdigest(), size_bytes, source)


def _is_intact(stored: Stored) -> bool:
    """Whether the content still has its hash. Raises OSError when it can't be read."""
    return _without_copy(stored.source).sha256 == stored.sha256


class Uploads:
    """Uploads what waits in a file store, one attempt at a time; never waits itself.

    `on_reject` gets the server's words about a content that it refuses, `on_damage` a sentence
    about one that changed on disk.
    """

    def __init__(
        self,
        store: FileStore,
        requests: _Requests,
        *,
        on_reject: Callable[[str], None],
        on_damage: Callable[[str], None],
    ) -> None:
        self._store = store
        self._requests = requests
        self._on_reject = on_reject
        self._on_damage = on_damage

    def attempt(self) -> Outcome:
        """Uploads the next file, a large one only if the server doesn't have it yet."""
        stored = self._store.next_waiting()
        if stored is None:
            return Outcome(Verdict.IDLE)
        try:
            return self._upload(stored)
        except Unreachable as error:
            return Outcome(Verdict.RETRY, str(error))
        except OSError as error:
            if error.errno in _TOO_MANY_OPEN:
                return Outcome(Verdict.RETRY, f"a file can't be read at present: {error}")
            return self._refused(stored, f"the file can't be read any more: {error}")

    def _upload(self, stored: Stored) -> Outcome:
        path = f"/api/blobs/{stored.sha256}"
        answer = None
        if stored.size_bytes > _ASK_FROM_BYTES:
            answer = self._requests.request("HEAD", path)
        if answer is None or answer.status == 404:
            answer = self._requests.request("PUT", path, stored.source, "application/octet-stream")
        if answer.status in (200, 201):
            self._store.uploaded(stored)
            return Outcome(Verdict.DONE)
        if answer.status in (400, 422) and not _is_intact(stored):
            self._on_damage(self._store.set_apart(stored))
            return Outcome(Verdict.DONE)
        if answer.status in (400, 413, 422):
            return self._refused(stored, f"{answer.status}: {answer.words}")
        return verdict_of(answer, self._requests.base_url)

    def _refused(self, stored: Stored, words: str) -> Outcome:
        self._store.reject(stored, words)
        self._on_reject(f"file {stored.sha256[:12]}…: {words}")
        return Outcome(Verdict.DONE)
