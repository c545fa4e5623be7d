"""Executes the GraphQL of W&B's clients against the schema beside this file.

Clients of many versions send documents with fields, types and fragments that we don't have, and
must get an answer all the same. So documents are executed and not validated: unknown fields are
left out of the answer, fragments apply whatever type they name, variables are taken as JSON
whatever type they declare. What may not happen is an unknown operation answered by `null`, which
crashes the client: an unknown root field is an error that says so, and so is a field that stands
for something we haven't got.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    Visitor,
    assert_object_type,
    build_schema,
    execute_sync,
    parse,
    visit,
)

from lossboard_server.errors import ApiError
from lossboard_server.wandb_protocol.context import Call
from lossboard_server.wandb_protocol.listed_runs import fill, taken_out
from lossboard_server.wandb_protocol.unsupported import refuse_unsupported

__all__ = ["MAX_DOCUMENT_TOKENS", "Executor"]

_log = logging.getLogger("lossboard.server")


MAX_DOCUMENT_TOKENS = 10_000  # the client's longest documents have about 600
_MAX_CHARACTERS = 200_000  # the client's longest have some thousands
_MAX_ASKING = 16  # the client's documents have up to 4
_MAX_ITEMS = 250_000  # in all lists of an answer: lists in one another multiply
# Fragments that spread others twice double with each: a short document would fill the memory.
_MAX_SPREADS = 1_000
_INTROSPECTION = "__type"  # asked by clients before 0.29, about types that we don't declare


class Executor:
    """Parses and runs documents; `roots` maps "query" and "mutation" to objects whose methods
    `field(info, **arguments)` resolve the root fields; `resolvers` are those of other fields, by
    type and name, where the value of the object isn't enough."""

    def __init__(
        self, roots: dict[str, object], resolvers: Mapping[tuple[str, str], Callable[..., Any]]
    ) -> None:
        text = files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")
        self._schema = build_schema(text)
        self._roots = roots
        self._run_fields = assert_object_type(self._schema.type_map["Run"]).fields
        for (type_name, field), resolve in resolvers.items():
            assert_object_type(self._schema.type_map[type_name]).fields[field].resolve = resolve

    def execute(
        self,
        document: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Call,
        limit_secs: float,
    ) -> dict[str, Any]:
        """The `{"data": ..., "errors": [...]}` of one operation.

        A failing or unknown root field leaves no data at all: clients take `null` for success. So
        does one that is not answered within `limit_secs`.
        """
        try:
            _check_length(document)
            tree = _loosened(parse(document, no_location=True, max_tokens=MAX_DOCUMENT_TOKENS))
            operation = _operation(tree, operation_name)
            _require_known_fields(self._schema, operation)
            _require_few_fields(operation)
            refuse_unsupported(self._schema, operation)
            operation, plan = taken_out(operation, self._run_fields)
        except GraphQLError as error:
            return _failure([error])
        counting = _Counting(limit_secs)
        result = execute_sync(
            self._schema,
            DocumentNode(definitions=(operation,)),
            root_value=self._roots[operation.operation.value],
            context_value=context,
            variable_values=_filled(operation, variables or {}),
            middleware=[counting],
        )
        if result.errors:
            _log_unexpected(result.errors)
            return _failure(result.errors)
        data = result.data or {}
        try:
            if plan is not None:
                fill(context, data, plan, counting.require_time)
        except (ApiError, GraphQLError) as error:
            return {"errors": [{"message": str(error)}]}
        return {"data": data}


def _check_length(document: str) -> None:
    """Comments and strings are few tokens however long they are."""
    if len(document) > _MAX_CHARACTERS:
        raise GraphQLError(
            f"the document has {len(document):,} characters, the most are {_MAX_CHARACTERS:,}"
        )


def _require_few_fields(operation: OperationDefinitionNode) -> None:
    """Under aliases a short document asks for the same thing any number of times."""
    asking: list[FieldNode] = []
    visit(operation, _Asking(asking))
    if len(asking) > _MAX_ASKING:
        raise GraphQLError(
            f"the document has {len(asking):,} fields with arguments, the most are {_MAX_ASKING}"
        )


class _Asking(Visitor):
    """Collects the fields that are looked up: those at the top, and those with arguments."""

    def __init__(self, found: list[FieldNode]) -> None:
        super().__init__()
        self._found = found

    def enter_field(
        self, node: FieldNode, _key: Any, _parent: Any, path: list[Any], *_: Any
    ) -> None:
        at_top = path.count("selection_set") == 1
        if node.arguments or (at_top and not node.name.value.startswith("__")):
            self._found.append(node)


class _Counting:
    """Resolves fields, and gives up an answer whose lists get too long, or that takes too long."""

    def __init__(self, limit_secs: float) -> None:
        self._items = 0
        self._limit_secs = limit_secs
        self._deadline_secs = time.monotonic() + limit_secs

    def require_time(self) -> None:
        """Raises GraphQLError once the time is over."""
        if time.monotonic() > self._deadline_secs:
            raise GraphQLError(f"the answer takes more than {self._limit_secs:g} s: ask for less")

    def resolve(self, resolved: Callable[..., Any], source: Any, info: Any, **given: Any) -> Any:
        self.require_time()
        value = resolved(source, info, **given)
        if isinstance(value, list | tuple):
            self._items += len(value)
            if self._items > _MAX_ITEMS:
                raise GraphQLError(f"the answer has more than {_MAX_ITEMS:,} items: ask for pages")
        return value


def _log_unexpected(errors: list[GraphQLError]) -> None:
    for error in errors:
        cause = error.original_error
        if cause is not None and not isinstance(cause, ApiError):
            _log.error("GraphQL field %s failed", error.path, exc_info=cause)


def _failure(errors: list[GraphQLError]) -> dict[str, Any]:
    return {"errors": [{"message": error.message} for error in errors]}


def _operation(tree: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if not operations:
        raise GraphQLError(f"the document has no operation named {name!r}")
    return operations[0]


def _filled(operation: OperationDefinitionNode, given: dict[str, Any]) -> dict[str, Any]:
    """The variables with None for those neither given nor defaulted: to W&B both are absent."""
    missing = {
        definition.variable.name.value: None
        for definition in operation.variable_definitions or ()
        if definition.default_value is None
    }
    return {**missing, **given}


def _require_known_fields(schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
    root = (
        schema.mutation_type if operation.operation is OperationType.MUTATION else schema.query_type
    )
    known = root.fields if root else {}
    for selection in operation.selection_set.selections:
        if isinstance(selection, FieldNode) and selection.name.value not in {"__typename", *known}:
            raise GraphQLError(
                f"lossboard does not support {operation.operation.value}"
                f" {selection.name.value!r} of the W&B API"
            )


def _loosened(tree: DocumentNode) -> DocumentNode:
    """The document with fragments put in place of their spreads, without type conditions, and
    with every variable declared as JSON."""
    fragments = {
        node.name.value: node
        for node in tree.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    operations = tuple(
        node for node in tree.definitions if isinstance(node, OperationDefinitionNode)
    )
    loosened: DocumentNode = visit(DocumentNode(definitions=operations), _Loosening(fragments))
    return loosened


class _Loosening(Visitor):
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self._fragments = fragments
        self._open: list[str] = []
        self._spreads = 0

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if node.name.value != _INTROSPECTION:
            return None
        return FieldNode(
            name=NameNode(value="declaredType"),
            alias=node.alias or NameNode(value=_INTROSPECTION),
            arguments=node.arguments,
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def leave_variable_definition(
        self, node: VariableDefinitionNode, *_: Any
    ) -> VariableDefinitionNode:
        return VariableDefinitionNode(
            variable=node.variable,
            type=NamedTypeNode(name=NameNode(value="JSON")),
            default_value=node.default_value,
            directives=(),
        )

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> InlineFragmentNode | None:
        if node.type_condition is None:
            return None
        return InlineFragmentNode(
            type_condition=None, directives=node.directives, selection_set=node.selection_set
        )

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> InlineFragmentNode:
        return InlineFragmentNode(
            type_condition=None,
            directives=node.directives,
            selection_set=self._selections(node.name.value),
        )

    def _selections(self, name: str) -> SelectionSetNode:
        if name not in self._fragments:
            raise GraphQLError(f"the document has no fragment named {name!r}")
        if name in self._open:
            raise GraphQLError(f"fragment {name!r} contains itself")
        self._spreads += 1
        if self._spreads > _MAX_SPREADS:
            raise GraphQLError(f"the document spreads fragments more than {_MAX_SPREADS} times")
        self._open.append(name)
        selections: SelectionSetNode = visit(self._fragments[name].selection_set, self)
        self._open.pop()
        return selections
