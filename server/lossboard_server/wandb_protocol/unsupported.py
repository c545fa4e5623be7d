"""Fields that clients ask for and that we have nothing for: an error says so.

A field that the schema lacks is left out of the answer. Clients take that for none there are, or
crash; so what they have functions for is declared in the schema and named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)

__all__ = ["refuse_unsupported"]

_WHAT: Final[Mapping[tuple[str, str], str]] = {
    ("Project", "runQueue"): "launch queues",
    ("Project", "runQueues"): "launch queues",
    ("Project", "allViews"): "reports",
    ("Project", "triggers"): "automations",
    ("Project", "members"): "members of registries",
    ("Project", "teamMembers"): "members of registries",
    ("Entity", "defaultResourceConfig"): "launch queues",
    ("Entity", "integrations"): "integrations",
    ("Entity", "members"): "teams",
    ("Entity", "project"): "registries",
    ("Entity", "projects"): "automations",
    ("Entity", "triggers"): "automations",
    ("User", "projects"): "automations",
    ("Sweep", "agent"): "reading the agents of a sweep",
    ("Sweep", "agents"): "reading the agents of a sweep",
}


def refuse_unsupported(schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
    """Raises GraphQLError where the operation asks for one of these, also within what is null."""
    types = TypeInfo(schema)
    visit(operation, TypeInfoVisitor(types, _Refusing(types)))


class _Refusing(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._types.get_parent_type()
        what = _WHAT.get((parent.name, node.name.value)) if parent else None
        if what is not None:
            raise GraphQLError(
                f"lossboard does not support {what} ({parent}.{node.name.value} of the W&B API)"
            )
