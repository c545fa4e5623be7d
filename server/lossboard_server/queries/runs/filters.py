"""Filters and search of run lists, in the form of `wandb.Api().runs(filters=)`.

A filter names fields: `state`, `display_name`, `name` (the run's id, as in W&B), `group`,
`job_type`, `host`, `rank`, `job` (the scheduler's), `sweep`, `tags`, `notes`, `username`, `entity`,
`duration`, `created_at`, `heartbeat_at` (times of any spelling), `config.<key>`, `summary.<key>`
(also `summary_metrics.<key>`), and `last.<key>`, `min.<key>`, `max.<key>`, `best.<key>` of what was
logged (metric_values.py); and operators on them, which mean what MongoDB's do
(mongo.py), joined by `$and $or $nor $not`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import regex

from lossboard_server.errors import Invalid
from lossboard_server.queries.runs.mongo import compile_regex, compile_test
from lossboard_server.queries.runs.run_fields import Fields
from lossboard_server.queries.runs.run_rows import Run

__all__ = ["compile_filter", "compile_search"]

Predicate = Callable[[Run], bool]

_DEPTH: Final = 20


def compile_search(pattern: str) -> Callable[[str], bool]:
    """A test of names by a regular expression that ignores case; empty matches all."""
    if not pattern:
        return lambda name: True
    return compile_regex(pattern, regex.IGNORECASE)


def compile_filter(filters: Any, fields: Fields, depth: int = 0) -> Predicate:
    """The predicate that `filters` spells; raises Invalid for unknown fields or operators."""
    if not isinstance(filters, dict) or depth > _DEPTH:
        raise Invalid(f"a filter is an object of fields, up to {_DEPTH} deep, not {filters!r:.80}")
    parts = [_compile_part(name, wanted, fields, depth) for name, wanted in filters.items()]
    return lambda run: all(part(run) for part in parts)


def _compile_part(name: str, wanted: Any, fields: Fields, depth: int) -> Predicate:
    if name == "$not":
        inner = compile_filter(wanted, fields, depth + 1)
        return lambda run: not inner(run)
    if name in ("$and", "$or", "$nor"):
        return _compile_group(name, wanted, fields, depth)
    read, operands = fields.field(name)
    test = compile_test(wanted, operands, depth)
    return lambda run: test(read(run))


def _compile_group(name: str, wanted: Any, fields: Fields, depth: int) -> Predicate:
    if not isinstance(wanted, list):
        raise Invalid(f"{name} takes a list of filters, not {wanted!r:.80}")
    parts = [compile_filter(part, fields, depth + 1) for part in wanted]
    if name == "$and":
        return lambda run: all(part(run) for part in parts)
    if name == "$or":
        return lambda run: any(part(run) for part in parts)
    return lambda run: not any(part(run) for part in parts)
