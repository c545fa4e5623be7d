"""Media and data types that can be logged: images, audio, video, tables, figures and the like.

Each file holds one type. A value becomes the JSON that W&B's clients put into history, and its
bytes a file of the run, content-addressed and uploaded in the background. Optional packages are
imported where they are used.
"""

from __future__ import annotations

from lossboard.media.audio import Audio
from lossboard.media.base import Media, MediaHome, bind_all
from lossboard.media.graph import Graph
from lossboard.media.html import Html
from lossboard.media.image import Image
from lossboard.media.molecule import Molecule
from lossboard.media.object3d import Object3D
from lossboard.media.plotly import Plotly
from lossboard.media.table import Table
from lossboard.media.video import Video

__all__ = [
    "Audio",
    "Graph",
    "Html",
    "Image",
    "Media",
    "MediaHome",
    "Molecule",
    "Object3D",
    "Plotly",
    "Table",
    "Video",
    "bind_all",
]
