"""Values with a meaning of their own."""

from lossboard.data_types import (
    Audio,
    Bokeh,
    Classes,
    Graph,
    Histogram,
    Html,
    Image,
    JoinedTable,
    Molecule,
    Object3D,
    PartitionedTable,
    Plotly,
    Table,
    Video,
    WBValue,
)

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
