"""Figures of plotly and matplotlib."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from lossboard.media.base import Media, MediaHome, forgiving, optional_module, store

__all__ = ["Plotly", "figure_media"]


class Plotly(Media):
    """A plotly figure, or a matplotlib figure turned into one.

    Raises ValueError for anything else.
    """

    kind: ClassVar[str] = "plotly-file"

    @forgiving
    def __init__(self, val: Any) -> None:
        figure = _matplotlib_to_plotly(val) if _is_matplotlib(val) else val
        if not hasattr(figure, "to_json"):
            raise ValueError(
                f"Plotly takes a plotly or matplotlib figure, not {type(val).__name__}"
            )
        self._content = str(figure.to_json()).encode()

    @classmethod
    def make_plot_media(cls, val: Any) -> Media:
        """The figure as Plotly, or as Image where plotly can't show it; see figure_media."""
        return figure_media(val)

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="plotly",
            key=key,
            step=step,
            suffix=".plotly.json",
            mime_type="application/json",
        )
        return self._described(stored)


def figure_media(value: Any) -> Media:
    """A matplotlib figure, axes or pyplot module, or a plotly figure, as media.

    What plotly's converter can't render faithfully (figures with images, and whatever it raises
    on) becomes an Image: a true picture rather than a wrong chart.
    """
    from lossboard.media.image import Image

    if not _is_matplotlib(value):
        return Plotly(value)
    figure = _figure_of(value)
    if any(axes.images or axes.collections for axes in figure.axes):
        return Image(figure)
    try:
        return Plotly(figure)
    except (AttributeError, ImportError, TypeError, ValueError):
        return Image(figure)  # the converter knows only part of what matplotlib draws


def _is_matplotlib(value: Any) -> bool:
    module = getattr(value, "__module__", None) or getattr(value, "__name__", "")
    return str(module).startswith("matplotlib")


def _figure_of(value: Any) -> Any:
    if hasattr(value, "gcf"):
        return value.gcf()
    return value if hasattr(value, "savefig") else value.get_figure()


def _matplotlib_to_plotly(value: Any) -> Any:
    converter = optional_module("plotly.matplotlylib", package="plotly", purpose="Plotly")
    renderer = converter.PlotlyRenderer()
    with warnings.catch_warnings():
        # plotly's converter calls what matplotlib deprecates; the user can do nothing about it
        warnings.simplefilter("ignore")
        # plotly.tools.mpl_to_plotly would close the figure, which the script may still draw on
        converter.Exporter(renderer, close_mpl=False).run(_figure_of(value))
    return renderer.plotly_fig
