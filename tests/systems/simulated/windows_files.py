"""How files behave on Windows: names, line ends, and what can't be done while a file is open."""

from __future__ import annotations

import builtins
import io
import os as os_here
from collections.abc import Callable
from typing import Any

__all__ = ["install"]

_O_BINARY = 0x8000
_FORBIDDEN = frozenset('<>:"|?*')
_text_handles: set[int] = set()


def install(os: Any) -> dict[str, Any]:
    """Changes what all modules do with files; what `os` has besides there, for ours."""
    real_open, real_write, real_close = os.open, os.write, os.close
    for name in ("unlink", "remove", "rmdir"):
        setattr(os, name, _unless_open(getattr(os, name), 1))
    os.rename = _not_over_another(_unless_open(os.rename, 1))
    os.replace = _unless_open(os.replace, 2)
    os.mkdir = _with_possible_name(os.mkdir)
    os.symlink = _without_privilege
    io.open = builtins.open = _with_possible_name(builtins.open)

    def open_there(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        _check_name(path)
        if os_here.path.isdir(path):
            raise PermissionError(13, "Permission denied", str(path))
        handle = int(real_open(path, flags & ~_O_BINARY, *rest, **named))
        (_text_handles.discard if flags & _O_BINARY else _text_handles.add)(handle)
        return handle

    def write_there(handle: int, content: Any) -> int:
        if handle not in _text_handles:
            return int(real_write(handle, content))
        real_write(handle, bytes(content).replace(b"\n", b"\r\n"))
        return len(content)

    def close_there(handle: int) -> None:
        _text_handles.discard(handle)
        real_close(handle)

    own = {"open": open_there, "write": write_there, "close": close_there}
    return {**own, "O_BINARY": _O_BINARY, "O_NOINHERIT": 0}


def _unless_open(function: Callable[..., Any], paths: int) -> Callable[..., Any]:
    """A file that this process has open is neither removed nor renamed nor replaced."""

    def refusing(*arguments: Any, **named: Any) -> Any:
        for path in arguments[:paths]:
            if "dir_fd" not in named and _is_open(path):
                raise PermissionError(13, "used by another process", str(path))
        return function(*arguments, **named)

    return refusing


def _is_open(path: Any) -> bool:
    try:
        wanted = os_here.stat(path)
    except OSError:
        return False
    for handle in os_here.listdir("/proc/self/fd"):
        try:
            if os_here.path.samestat(wanted, os_here.fstat(int(handle))):
                return True
        except OSError:  # the handle of the listing itself
            continue
    return False


def _not_over_another(function: Callable[..., Any]) -> Callable[..., Any]:
    def refusing(source: Any, target: Any, **named: Any) -> Any:
        if os_here.path.lexists(target):
            raise FileExistsError(17, "File exists", str(target))
        return function(source, target, **named)

    return refusing


def _with_possible_name(function: Callable[..., Any]) -> Callable[..., Any]:
    def checking(path: Any, *rest: Any, **named: Any) -> Any:
        _check_name(path)
        return function(path, *rest, **named)

    return checking


def _check_name(path: Any) -> None:
    if not isinstance(path, int) and _FORBIDDEN & set(os_here.fsdecode(path)):
        raise OSError(22, "Invalid argument", str(path))


def _without_privilege(source: Any, target: Any, *_: Any, **__: Any) -> None:
    raise OSError(22, "A required privilege is not held by the client", str(target))
