"""JoinedTable, PartitionedTable, Table, where programs look for the class."""

from lossboard.data_types import JoinedTable, PartitionedTable, Table

__all__ = ["JoinedTable", "PartitionedTable", "Table"]
