"""Graphs of layers."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from lossboard.media.base import Media, MediaHome, store

__all__ = ["Graph"]


class Graph(Media):
    """Nodes with attributes, and edges between their ids; `format` says whose layers they are."""

    kind: ClassVar[str] = "graph-file"

    def __init__(self, format: str = "keras") -> None:
        self.format = format
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[list[str]] = []

    def add_node(self, id: Any, **attributes: Any) -> dict[str, Any]:
        """Adds a node such as id="fc1", name="fc1", class_name="Linear"."""
        node = {"id": str(id), **attributes}
        self.nodes.append(node)
        self.forget_homes()
        return node

    def add_edge(self, from_node: Any, to_node: Any) -> None:
        """Adds an edge between two nodes, or their ids. Raises ValueError for unknown ones."""
        ends = [
            node["id"] if isinstance(node, dict) else str(node) for node in (from_node, to_node)
        ]
        unknown = set(ends) - {node["id"] for node in self.nodes}
        if unknown:
            raise ValueError(f"the graph has no nodes {sorted(unknown)}: add them before the edge")
        self.edges.append(ends)
        self.forget_homes()

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        content = {"format": self.format, "nodes": self.nodes, "edges": self.edges}
        stored = store(
            home,
            json.dumps(content, default=str).encode(),
            folder="graph",
            key=key,
            step=step,
            suffix=".graph.json",
            mime_type="application/json",
        )
        return self._described(stored)
