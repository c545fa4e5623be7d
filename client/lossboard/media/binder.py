"""Values that are more than plain data: recognised, and bound to a run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, TypeAlias, cast

from lossboard.media.base import Media, MediaHome, bind_all
from lossboard.sending.interface import Key

__all__ = ["Binder"]

_Path: TypeAlias = tuple[str, ...]

_FIGURES: Final = frozenset({"matplotlib", "plotly"})


class Binder:
    """Binds media to `home`, at `current_step()` where no step is given.

    Recognised are Media, lists of them, charts of `lossboard.plot`, figures of matplotlib and
    plotly, the pyplot module, and pandas DataFrames.
    """

    def __init__(self, home: MediaHome, current_step: Callable[[], int]) -> None:
        self._home = home
        self._current_step = current_step

    def bind(self, path: _Path, value: Any, step: int | None) -> tuple[Key, Any] | None:
        """The key that the value of nested keys `path` gets in history, and its JSON; None for
        what is not recognised."""
        chart_type = getattr(sys.modules.get("lossboard.plot"), "CustomChart", None)
        if chart_type is not None and isinstance(value, chart_type):
            return self._bind_chart(".".join(path), value, step)
        media = media_of(value)
        if media is None:
            return None
        number = self._current_step() if step is None else step
        return (path if len(path) > 1 else path[0]), self._bound(path[-1], media, number)

    def bind_summary(self, key: str, value: Any) -> Any | None:
        """The JSON of a value set in the summary; None for what is not recognised."""
        media = media_of(value)
        return None if media is None else self._bound(key, media, "summary")

    def _bound(self, key: str, media: Media | list[Media], step: int | str) -> Any:
        if isinstance(media, Media):
            return media.bind(self._home, key, step)
        return bind_all(media, self._home, key, step)

    def _bind_chart(self, key: str, chart: Any, step: int | None) -> tuple[Key, Any] | None:
        self._home.put_config(("visualize", key), chart.spec(key))
        return self.bind((chart.table_key(key),), chart.table, step)


def media_of(value: Any) -> Media | list[Media] | None:
    """The value as media, or None. Nothing is imported for values that are none."""
    if issubclass(type(value), Media):  # isinstance asks the value, which may be of any kind
        return cast(Media, value)
    if isinstance(value, list | tuple):
        return _all_media(value)
    if _is_figure(value):
        from lossboard.media.plotly import figure_media

        return figure_media(value)
    if _is_frame(value):
        from lossboard.media.table import Table

        return Table(dataframe=value, allow_mixed_types=True)
    return None


def _all_media(values: list[Any] | tuple[Any, ...]) -> list[Media] | None:
    """Each as media if all are; a list that holds other things too is none, and can't be stored."""
    if not values or not (issubclass(type(values[0]), Media) or _is_figure(values[0])):
        return None
    media = [media_of(value) for value in values]
    found = [one for one in media if isinstance(one, Media)]
    return found if len(found) == len(values) else None


def _is_figure(value: Any) -> bool:
    if isinstance(value, ModuleType):
        return value.__name__ == "matplotlib.pyplot"
    kind = type(value)
    return kind.__module__.partition(".")[0] in _FIGURES and (
        hasattr(value, "savefig")
        or hasattr(value, "get_figure")
        or hasattr(value, "to_plotly_json")
    )


def _is_frame(value: Any) -> bool:
    frame = getattr(sys.modules.get("pandas"), "DataFrame", None)
    return frame is not None and isinstance(value, frame)
