"""Values with a meaning of their own."""

from lossboard.histogram import Histogram
from lossboard.media import Audio, Html, Image, Molecule, Object3D, Plotly, Table, Video

__all__ = [
    "Audio",
    "Histogram",
    "Html",
    "Image",
    "Molecule",
    "Object3D",
    "Plotly",
    "Table",
    "Video",
]
