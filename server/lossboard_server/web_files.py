"""The built dashboard: files this server knows, found by their address.

A request's path is only ever a key of a table made by listing directories, never a path.
"""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from lossboard_server.settings import Settings

__all__ = ["WebFile", "WebFiles"]

_GZIP_FROM_BYTES = 1024
_COMPRESSED = frozenset({".woff2", ".png", ".jpg", ".gz", ".ico"})


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file as it is sent; `packed` is empty where gzip doesn't pay."""

    media_type: str
    body: bytes
    packed: bytes


class WebFiles:
    """The files of one build, read when first asked for; a new build is seen at once."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.web_dir or _built_dashboard()
        self._built_ns = 0
        self._paths: dict[str, Path] = {}
        self._read: dict[str, WebFile] = {}

    def find(self, name: str) -> WebFile | None:
        """The file with this address below the dashboard's root, as `assets/main.js`."""
        self._look()
        return self._load(name, self._paths.get(name))

    def _look(self) -> None:
        """List the directory if there is a build that wasn't listed yet."""
        index = self._root / "index.html"
        built_ns = index.stat().st_mtime_ns if index.exists() else 0
        if built_ns == self._built_ns:
            return
        self._built_ns = built_ns
        self._read.clear()
        found = (path for path in self._root.rglob("*") if path.is_file()) if built_ns else ()
        self._paths = {path.relative_to(self._root).as_posix(): path for path in found}

    def _load(self, name: str, path: Path | None) -> WebFile | None:
        known = self._read.get(name)
        if known is None and path is not None:
            known = self._read[name] = _read_file(path)
        return known


def _read_file(path: Path) -> WebFile:
    body = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/") or media_type.endswith("javascript"):
        media_type += "; charset=utf-8"
    pays = len(body) >= _GZIP_FROM_BYTES and path.suffix not in _COMPRESSED
    return WebFile(media_type, body, gzip.compress(body, 9, mtime=0) if pays else b"")


def _built_dashboard() -> Path:
    """The UI in the package, or in a checkout the one Vite has built."""
    packaged = Path(str(files("lossboard_server"))) / "_web"
    if packaged.exists():
        return packaged
    return Path(str(files("lossboard_server"))).parent.parent / "web" / "dist"
