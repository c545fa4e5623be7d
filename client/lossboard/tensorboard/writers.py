"""Writers of TensorBoard, which tell the run which folder they write to."""

from __future__ import annotations

import os
import re
import socket
import sys
import weakref
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from lossboard.faults import words_of
from lossboard.live_run.run import Run
from lossboard.tensorboard.current import current
from lossboard.tensorboard.folders import Folders
from lossboard.terminal import termwarn

__all__ = ["patch", "unpatch"]

# Modules that make event files by a class of that name: of torch, of TensorBoard itself, of
# tensorboardX, and of TensorFlow 1.
_WRITER: Final = "EventFileWriter"
_MODULES: Final = (
    "tensorboard.summary.writer.event_file_writer",
    "torch.utils.tensorboard.writer",
    "tensorboardX.writer",
    "tensorflow.python.summary.writer.writer",
)
_TENSORFLOW: Final = ("tensorflow.python.ops.gen_summary_ops", "create_summary_file_writer")


class _Choices(NamedTuple):
    """The arguments of `patch`."""

    save: bool
    root: Path | None


class _Patched:
    """The writers that were replaced in this process, and the choices for them."""

    def __init__(self) -> None:
        self.choices = _Choices(save=True, root=None)
        self.originals: list[tuple[ModuleType, str, Any]] = []

    def replace(self, module: ModuleType, name: str, made: Callable[[Any], Any]) -> None:
        original = getattr(module, name)
        self.originals.append((module, name, original))
        setattr(module, name, made(original))

    def restore(self) -> None:
        while self.originals:
            module, name, original = self.originals.pop()
            setattr(module, name, original)


_patched = _Patched()  # the state of the process
_followed: Final[weakref.WeakKeyDictionary[Run, tuple[int, Folders]]] = weakref.WeakKeyDictionary()


def patch(
    save: bool = True,
    tensorboard_x: bool | None = None,
    pytorch: bool | None = None,
    root_logdir: str = "",
) -> None:
    """Has the run that goes on when a writer is made log what it writes: of torch, tensorboardX,
    TensorBoard and TensorFlow. `init(sync_tensorboard=True)` calls this.

    `save` keeps the event files with the run; keys begin with the path of a writer's folder below
    `root_logdir` (default: below the folder that all have in common). `tensorboard_x` and
    `pytorch` are accepted and not needed. Raises ImportError, with advice, where the package
    `tensorboard` is missing.
    """
    if find_spec("tensorboard") is None:
        raise ImportError(
            "logging what TensorBoard's writers write needs the package 'tensorboard', which is"
            " not installed: pip install tensorboard"
        )
    _patched.choices = _Choices(save, Path(root_logdir).resolve() if root_logdir else None)
    if not _patched.originals:
        for name in _MODULES:
            _patch_module(name)
        _patch_tensorflow()


def unpatch() -> None:
    """Has writers that are made from now on log nothing."""
    _patched.restore()


def _patch_module(name: str) -> None:
    """Replaces the class of writers in a module, where its package is there."""
    package = name.partition(".")[0]
    if package == "tensorflow" and package not in sys.modules:  # slow, and takes all cards
        return
    if find_spec(package) is None:
        return
    try:
        module = import_module(name)
    except ImportError as error:
        termwarn(f"writers of {package} are not followed: {error}", repeat=False)
        return
    _patched.replace(module, _WRITER, _following)


def _following(original: type[Any]) -> type[Any]:
    """The class of writers, which tell of their folder when they are made."""

    class EventFileWriter(original):  # type: ignore[misc]
        """Writes event files, and has the run read them."""

        def __init__(self, logdir: Any, *arguments: Any, **named: Any) -> None:
            writer = weakref.ref(self)
            _follow(str(logdir), lambda: _flush(writer))
            super().__init__(logdir, *arguments, **named)

    return EventFileWriter


def _flush(writer: weakref.ref[Any]) -> None:
    """Has a writer, if it lives, write what it holds; one that was closed has written it."""
    alive = writer()
    if alive is not None and not getattr(alive, "_closed", False):
        alive.flush()


def _patch_tensorflow() -> None:
    """Replaces the function that makes TensorFlow 2's writers, which write at once."""
    name, function = _TENSORFLOW
    if "tensorflow" in sys.modules and find_spec(name) is not None:
        _patched.replace(import_module(name), function, _following_function)


def _following_function(original: Callable[..., Any]) -> Callable[..., Any]:
    def create(*arguments: Any, **named: Any) -> Any:
        folder: Any = named["logdir"] if "logdir" in named else arguments[1]
        text = folder.numpy().decode() if hasattr(folder, "numpy") else str(folder)
        _follow(text, lambda: None)
        return original(*arguments, **named)

    return create


def _follow(folder: str, flush: Callable[[], None]) -> None:
    run = current.find()
    if run is None or not _can_log(run):
        return
    path = Path(folder).resolve()
    try:
        folders = _folders_of(run)
        folders.add(path, _root_of(path), save=_patched.choices.save, flush=flush)
    except Exception as error:  # noqa: BLE001 - told; training's own writer goes on
        termwarn(f"sync_tensorboard: {path} is not followed: {words_of(error)}", repeat=False)


def _folders_of(run: Run) -> Folders:
    """The folders of the run that this process follows."""
    pid, found = _followed.get(run, (0, None))
    if found is None or pid != os.getpid():
        found = Folders(run)
        _followed[run] = (os.getpid(), found)
        run._before_end("the event files of TensorBoard", partial(_end, run, found))
    return found


def _end(run: Run, folders: Folders) -> None:
    """Ends following, which holds the run: it would live as long as the process."""
    try:
        folders.finish()
    finally:
        _followed.pop(run, None)


def _can_log(run: Run) -> bool:
    return not run._ended and run._settings.mode != "disabled"


def _root_of(path: Path) -> Path | None:
    """The root that was chosen; for a folder that torch named by itself, that one."""
    own = re.search(rf"-\d+_{re.escape(socket.gethostname())}", str(path))
    if own:
        return Path(str(path)[: own.end()])
    root = _patched.choices.root
    if root is not None and not path.is_relative_to(root):
        termwarn(f"{path} lies outside of root_logdir {root}: its keys have no folder before them")
        return path
    return root
