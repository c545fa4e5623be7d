"""Values with a meaning of their own, under the name that W&B has for their module."""

from __future__ import annotations

from lossboard.histogram import Histogram
from lossboard.media import Audio, Graph, Html, Image, Molecule, Object3D, Plotly, Table, Video
from lossboard.media.base import Media as WBValue
from lossboard.media.bokeh import Bokeh
from lossboard.media.classes import Classes
from lossboard.media.combined import JoinedTable, PartitionedTable

__all__ = [
    "Audio",
    "Bokeh",
    "Classes",
    "Graph",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "PartitionedTable",
    "Plotly",
    "Table",
    "Video",
    "WBValue",
]
