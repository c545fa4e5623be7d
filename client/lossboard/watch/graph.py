"""The layers of a model as a summary value, for `watch(log_graph=True)`."""

from __future__ import annotations

from typing import Any

from torch.nn import Module
from torch.nn.parameter import is_lazy

__all__ = ["graph_of"]


def graph_of(model: Module) -> dict[str, Any]:
    """The model's leaf modules and those with parameters of their own, in order of definition.

    Nodes are those of W&B's graph files: id, name, class_name, parameters as [name, shape],
    num_parameters. As the model need not have run, there are no shapes of outputs.
    """
    nodes = [
        _node(name, module)
        for name, module in model.named_modules()
        if not list(module.children()) or list(module.parameters(recurse=False))
    ]
    return {"_type": "graph", "format": "torch", "nodes": nodes, "edges": []}


def _node(name: str, module: Module) -> dict[str, Any]:
    own = [(own, value) for own, value in module.named_parameters(recurse=False)]
    shapes = [[own, [] if is_lazy(value) else list(value.shape)] for own, value in own]
    return {
        "id": name or "root",
        "name": name,
        "class_name": str(module) if not list(module.children()) else type(module).__name__,
        "parameters": shapes,
        "num_parameters": [0 if is_lazy(value) else value.numel() for _, value in own],
    }
