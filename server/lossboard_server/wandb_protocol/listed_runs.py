"""Lists of runs as W&B's clients ask for them, answered past the executor.

A page has some thousand fields, each of which costs the executor more than all that is read for it.
So of the runs in a list it resolves the ids alone; the rest is put in here, by names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from graphql import (
    FieldNode,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    visit,
)

from lossboard_server.wandb_protocol.context import Call, id_parts

__all__ = ["Plan", "fill", "taken_out"]

_WAY = ("project", "runs", "edges", "node")
_OBJECTS = ("project", "user")  # of a run, all of whose values are at hand
_ID = SelectionSetNode(
    selections=(FieldNode(name=NameNode(value="id"), arguments=(), directives=()),)
)
_WHOLE_SWEEPS = (0, 31)  # earlier readers fail at whole runs of sweeps in a list
_LIGHT = "historyLineCount"  # a list of whole runs, not of their names alone


class Field(NamedTuple):
    """A field that is asked for: its key in the answer, its name, and the fields of its object."""

    key: str
    name: str
    below: Plan | None


Plan = tuple[Field, ...]


def taken_out(
    operation: OperationDefinitionNode, known: Mapping[str, Any]
) -> tuple[OperationDefinitionNode, Plan | None]:
    """The operation without the fields that it asks of the runs in a list, but for their ids, and
    these fields; None and all of it where there is no such list, or fields depend on arguments."""
    node = _way_to(operation.selection_set, _WAY)
    plan = None if node is None or node.selection_set is None else _plan(node.selection_set)
    if plan is None:
        return operation, None
    if any(field.below is not None and field.name not in _OBJECTS for field in plan):
        return operation, None
    lighter: OperationDefinitionNode = visit(operation, _Lightening(node))
    return lighter, tuple(field for field in plan if field.name in known)


class _Lightening(Visitor):
    """Leaves one field its id alone."""

    def __init__(self, field: FieldNode | None) -> None:
        super().__init__()
        self._field = field

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if node is not self._field:
            return None
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=node.arguments,
            directives=node.directives,
            selection_set=_ID,
        )


def _way_to(selections: SelectionSetNode | None, way: tuple[str, ...]) -> FieldNode | None:
    """The field that the names lead to, if each step of the way is asked for once."""
    found = [
        one
        for one in (selections.selections if selections else ())
        if isinstance(one, FieldNode) and one.name.value == way[0] and not one.alias
    ]
    if len(found) != 1 or found[0].directives:
        return None
    return found[0] if len(way) == 1 else _way_to(found[0].selection_set, way[1:])


def _plan(selections: SelectionSetNode) -> Plan | None:
    fields: list[Field] = []
    for one in selections.selections:
        if one.directives or not isinstance(one, FieldNode | InlineFragmentNode):
            return None
        below = None if one.selection_set is None else _plan(one.selection_set)
        if one.selection_set is not None and below is None:
            return None
        if isinstance(one, InlineFragmentNode):
            fields += below or ()
        elif one.arguments or one.name.value.startswith("__"):
            return None
        else:
            key = one.alias.value if one.alias else one.name.value
            fields.append(Field(key, one.name.value, below))
    return tuple(fields)


def fill(call: Call, data: dict[str, Any], plan: Plan, require_time: Callable[[], None]) -> None:
    """Put what was asked for into the runs of the list, as long as `require_time` lets it.

    W&B's client leaves out config and summary, and asks for each run by itself when a script looks
    at one of them, but takes them where they are there: they come along. What a list has only the
    size of is left to that.
    """
    runs = (data.get("project") or {}).get("runs") or {}
    is_light = _LIGHT in {field.name for field in plan}
    asked = {field.name for field in plan}
    for edge in runs.get("edges") or ():
        require_time()
        node = call.listed[int(id_parts(edge["node"]["id"], "Run")[0])]
        told = {field.key: _value(node, field) for field in plan}
        fails = told.get("sweepName") and call.client_version < _WHOLE_SWEEPS
        if is_light and "config" not in asked and not node.is_cut and not fails:
            told["config"], told["summaryMetrics"] = node.config(None), node.summaryMetrics(None)
        # Texts, ints and lists of these are JSON at once; what was logged may be no finite number.
        edge["node"] = told if "historyKeys" in asked else msgspec.Raw(msgspec.json.encode(told))


def _value(source: Any, field: Field) -> Any:
    found = (
        source.get(field.name) if isinstance(source, dict) else getattr(source, field.name, None)
    )
    found = found(None) if callable(found) else found
    if field.below is None or found is None:
        return found
    return {one.key: _value(found, one) for one in field.below}
