"""Bokeh's plots, which are logged as pages."""

from __future__ import annotations

from lossboard.errors import UnsupportedError
from lossboard.media.base import Media

__all__ = ["Bokeh"]


class Bokeh(Media):
    """Not there: making one raises UnsupportedError, which says what shows the plot."""

    def __init__(self, data_or_path: object) -> None:
        raise UnsupportedError(
            "lossboard has no Bokeh media: log the plot as a page, with"
            " wandb.Html(bokeh.embed.file_html(plot, bokeh.resources.INLINE))"
        )
