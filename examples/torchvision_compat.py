"""`datasets` and `transforms` of torchvision, also beside a torch it was not built for.

The torchvision of a package index holds C++ operators that are linked to a CUDA build of torch.
Beside a CPU build they do not load, and `import torchvision` then fails with "operator
torchvision::nms does not exist", since it describes operators that nobody has declared. Data sets
and transforms need none of them: declaring the two names is enough. A torchvision that matches
its torch is imported plainly.
"""

from __future__ import annotations

import importlib
import sys

import torch

__all__ = ["datasets", "transforms"]

SIGNATURES = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def declare_operators() -> torch.library.Library:
    """Makes the missing names known to torch; they stay so while the result is referenced."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for signature in SIGNATURES:
        library.define(signature)
    return library


def forget_failed_import() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]


try:
    importlib.import_module("torchvision")
except RuntimeError as error:
    if "torchvision::nms" not in str(error):
        raise
    forget_failed_import()
    operators = declare_operators()

datasets = importlib.import_module("torchvision.datasets")
transforms = importlib.import_module("torchvision.transforms")
