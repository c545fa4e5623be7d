"""`monitor_gym`: the videos that environments are recorded in are logged to the run."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from lossboard.faults import words_of
from lossboard.media.video import Video
from lossboard.tensorboard.current import current
from lossboard.terminal import termwarn

__all__ = ["monitor"]

_NUMBERED: Final = re.compile(r"video\.\d+")  # in names of gym's older versions: a key of its own
_KEY: Final = "videos"
_LOGGED: Final = "_lossboard_logged"  # of a recorder: the video that was logged last


class _Recorder(NamedTuple):
    """A class that records, the method that ends a video, and how to tell the file before that."""

    module: str
    name: str
    method: str
    path: Callable[[Any], Any]


def _named(recorder: Any) -> Path:
    return Path(recorder.video_folder, f"{recorder._video_name}.mp4")


_OLD: Final = "wrappers.monitoring.video_recorder"
_RECORDERS: Final = (
    _Recorder("gymnasium.wrappers", "RecordVideo", "stop_recording", _named),
    _Recorder(f"gymnasium.{_OLD}", "VideoRecorder", "close", lambda one: one.path),
    _Recorder(f"gym.{_OLD}", "VideoRecorder", "close", lambda one: one.path),
    _Recorder(f"gym.{_OLD}", "ImageEncoder", "close", lambda one: one.output_path),
    _Recorder(
        "stable_baselines3.common.vec_env.vec_video_recorder",
        "VecVideoRecorder",
        "_stop_recording",
        lambda one: one.video_path,
    ),
)
_PACKAGES: Final = ("gymnasium", "gym")


def monitor() -> None:
    """Has the run that goes on log each video that gymnasium, gym or stable-baselines3 record.

    Raises ImportError, with advice, where neither gymnasium nor gym is installed.
    """
    if not any(map(find_spec, _PACKAGES)):
        raise ImportError("it needs the package 'gymnasium': pip install gymnasium")
    for recorder in _RECORDERS:
        kind = _class_of(recorder)
        if kind is not None and hasattr(kind, recorder.method):
            _patch(kind, recorder)


def _class_of(recorder: _Recorder) -> Any:
    """The class that records, where its package is there and has one of that name."""
    if find_spec(recorder.module.partition(".")[0]) is None:
        return None
    try:
        return getattr(import_module(recorder.module), recorder.name, None)
    except ImportError:  # another version of the package, which has another of these
        return None


def _patch(kind: Any, recorder: _Recorder) -> None:
    original = getattr(kind, recorder.method)
    if hasattr(original, "__wrapped__"):  # by an earlier call
        return

    @wraps(original)
    def ended(self: Any, *arguments: Any, **named: Any) -> Any:
        path = _path_of(recorder, self)
        result = original(self, *arguments, **named)
        if path is not None and vars(self).get(_LOGGED) != path:  # old ones close once more at last
            vars(self)[_LOGGED] = path
            _log(path)
        return result

    setattr(kind, recorder.method, ended)


def _path_of(recorder: _Recorder, instance: Any) -> Path | None:
    """None for one that records nothing, which has no file."""
    try:
        return Path(recorder.path(instance))
    except (AttributeError, TypeError):
        return None


def _log(path: Path) -> None:
    run = current.find()
    if run is None or not path.is_file():
        return
    found = _NUMBERED.search(path.name)
    try:
        run.log({found[0] if found else _KEY: Video(str(path))})
    except Exception as error:  # noqa: BLE001 - told; closing an environment never fails by us
        termwarn(f"monitor_gym: {path} is not logged: {words_of(error)}", repeat=False)
