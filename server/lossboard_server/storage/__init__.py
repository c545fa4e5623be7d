"""Points, histograms and values: how they are packed, summed up, sealed and unpacked."""

from lossboard_server.storage.tail import TailMemo

__all__ = ["TailMemo"]
