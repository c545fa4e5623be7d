"""Tests of values as MongoDB's query operators mean them.

`$eq $ne $gt $gte $lt $lte $in $nin $exists $regex $options $not $elemMatch $all $size $type`. Only
values of one kind compare, True is not 1, and a list matches as a whole or by one of its elements.
Unlike in MongoDB, the order of an object's keys is of no importance to whether it is equal.
"""

from __future__ import annotations

import functools
import math
import operator
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import regex

from lossboard_server.errors import Invalid
from lossboard_server.queries.runs.comparing import MISSING, Several, compared, is_same, kind_of

__all__ = ["Operands", "Test", "compile_regex", "compile_test", "is_operators"]

Test = Callable[[Any], bool]

_DEPTH: Final = 20
_PATTERN_LENGTH: Final = 1000
# Python's own `re` can't be stopped, and holds the interpreter: (a+)+$ would halt the server.
_PATTERN_SECS: Final = 1.0
_OPTIONS: Final = {
    "i": regex.IGNORECASE,
    "m": regex.MULTILINE,
    "s": regex.DOTALL,
    "x": regex.VERBOSE,
    "u": regex.UNICODE,
}


class Operands(NamedTuple):
    """How the values that a filter names are read for one field: those that it may equal, and those
    that it is above or below."""

    equal: Callable[[Any], Any] = lambda value: value
    bound: Callable[[Any], Any] = lambda value: value


def compile_test(wanted: Any, operands: Operands, depth: int = 0) -> Test:
    """The test of a field's value that `wanted` spells: operators, or a value to equal. Raises
    Invalid for what can't be understood."""
    if not is_operators(wanted):
        return _equals(operands.equal(wanted))
    if depth > _DEPTH:
        raise Invalid(f"a filter is nested up to {_DEPTH} deep")
    if "$options" in wanted and "$regex" not in wanted:
        raise Invalid("$options belongs to a $regex, and there is none beside it")
    tests = [
        _compile_operator(name, value, wanted, operands, depth)
        for name, value in wanted.items()
        if name != "$options"
    ]
    return lambda found: all(test(found) for test in tests)


def is_operators(wanted: Any) -> bool:
    """Whether an object is of operators and no value to equal."""
    return isinstance(wanted, dict) and any(str(key).startswith("$") for key in wanted)


_COMPARISONS: Final[dict[str, Callable[[int, int], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_NEGATED: Final = {"$ne": "$eq", "$nin": "$in"}


def _compile_operator(
    name: str, value: Any, beside: Mapping[str, Any], operands: Operands, depth: int
) -> Test:
    if name in _NEGATED:
        return _not(_compile_operator(_NEGATED[name], value, beside, operands, depth))
    if name == "$not":
        return _not(_negatable(value, operands, depth))
    if name in _COMPARISONS:
        return _compares(name, operands.bound(value))
    if name == "$eq":
        return _equals(operands.equal(value))
    if name == "$in":
        return _among(value, operands, depth)
    if name == "$exists":
        return _each(lambda found: (found is not MISSING) == bool(value))
    if name == "$regex":
        return _matches(value, beside.get("$options", ""))
    if name == "$all":
        return _has_all(value, operands, depth)
    if name in _OF_LISTS:
        return _OF_LISTS[name](value, operands, depth)
    raise Invalid(
        f"there is no operator {name!r}: expected $eq $ne $gt $gte $lt $lte $in $nin $exists"
        " $regex $options $not $elemMatch $all $size $type"
    )


def _not(test: Test) -> Test:
    return lambda found: not test(found)


def _negatable(value: Any, operands: Operands, depth: int) -> Test:
    if not is_operators(value):
        raise Invalid(f"$not takes operators such as {{'$gt': 1}}, not {value!r:.80}")
    return compile_test(value, operands, depth + 1)


def _each(test: Test) -> Test:
    """The test of one value, or of several that a path leads to: one is enough."""
    return lambda found: (
        any(test(one) for one in found.values) if isinstance(found, Several) else test(found)
    )


def _element(test: Test) -> Test:
    """The test of a value, or of an element of a list."""
    return _each(
        lambda found: (
            test(found) or (isinstance(found, list) and any(test(element) for element in found))
        )
    )


def _equals(value: Any) -> Test:
    return _element(lambda found: is_same(found, value))


def _compares(name: str, value: Any) -> Test:
    compare, kind = _COMPARISONS[name], kind_of(value)
    if value is None:  # nothing is above or below nothing
        return _equals(None) if name in ("$gte", "$lte") else lambda found: False
    if isinstance(value, float) and math.isnan(value):
        return _equals(value) if name in ("$gte", "$lte") else lambda found: False

    def test(found: Any) -> bool:
        if kind_of(found) != kind or (isinstance(found, float) and math.isnan(found)):
            return False
        return compare(compared(found, value), 0)

    return _element(test)


def _listed(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"{name} takes a list of values, not {value!r:.80}")
    return value


def _among(value: Any, operands: Operands, depth: int) -> Test:
    tests = [compile_test(item, operands, depth + 1) for item in _listed("$in", value)]
    return lambda found: any(test(found) for test in tests)


def _has_all(value: Any, operands: Operands, depth: int) -> Test:
    tests = [compile_test(item, operands, depth + 1) for item in _listed("$all", value)]
    return lambda found: bool(tests) and all(test(found) for test in tests)


def _has_size(value: Any, operands: Operands, depth: int) -> Test:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Invalid(f"$size takes a whole number, not {value!r:.80}")
    return _each(lambda found: isinstance(found, list) and len(found) == value)


def _has_element(value: Any, operands: Operands, depth: int) -> Test:
    if not isinstance(value, dict):
        raise Invalid(f"$elemMatch takes an object, not {value!r:.80}")
    if is_operators(value):
        test = compile_test(value, operands, depth + 1)
    else:
        test = _fits(value, operands, depth)
    return _each(lambda found: isinstance(found, list) and any(test(one) for one in found))


def _fits(fields: Mapping[str, Any], operands: Operands, depth: int) -> Test:
    tests = {key: compile_test(wanted, operands, depth + 1) for key, wanted in fields.items()}
    return lambda found: (
        isinstance(found, dict)
        and all(test(found.get(key, MISSING)) for key, test in tests.items())
    )


_TYPES: Final[dict[Any, str]] = {
    1: "double",
    2: "string",
    3: "object",
    4: "array",
    8: "bool",
    9: "date",
    10: "null",
    16: "int",
    18: "long",
}
_INT_LIMIT: Final = 1 << 31


def _is_of_type(value: Any, operands: Operands, depth: int) -> Test:
    names = {_type_named(one) for one in (value if isinstance(value, list) else [value])}

    def test(found: Any) -> bool:
        is_number = "number" in names and kind_of(found) == "number"
        return found is not MISSING and (is_number or _type_of(found) in names)

    return _element(test)


def _type_named(value: Any) -> str:
    name = _TYPES.get(value) if isinstance(value, int | float) else value
    if name not in {*_TYPES.values(), "number"}:
        known = ", ".join([*_TYPES.values(), "number"])
        raise Invalid(f"$type knows no {value!r:.80}: expected one of {known}")
    return str(name)


def _type_of(found: Any) -> str:
    kind = kind_of(found)
    if kind != "number":
        return kind
    if isinstance(found, float):
        return "double"
    return "int" if -_INT_LIMIT <= found < _INT_LIMIT else "long"


_OF_LISTS: Final[dict[str, Callable[[Any, Operands, int], Test]]] = {
    "$size": _has_size,
    "$elemMatch": _has_element,
    "$type": _is_of_type,
}


def _matches(pattern: Any, options: Any) -> Test:
    if not isinstance(options, str) or not set(options) <= set(_OPTIONS):
        raise Invalid(f"$options is text of the letters i, m, s, x and u, not {options!r:.80}")
    flags = functools.reduce(operator.or_, (_OPTIONS[letter] for letter in options), 0)
    matches = compile_regex(pattern, flags)

    def test(found: Any) -> bool:
        if isinstance(found, datetime):
            return matches(found.isoformat())
        return isinstance(found, str) and matches(found)

    return _element(test)


def compile_regex(pattern: Any, flags: int = 0) -> Callable[[str], bool]:
    """A test of texts by a regular expression, for one query: all its texts share one time limit.
    Raises Invalid for what is none, and when it takes too long."""
    if not isinstance(pattern, str) or len(pattern) > _PATTERN_LENGTH:
        raise Invalid(
            f"a regular expression has to be text of up to {_PATTERN_LENGTH} characters,"
            f" not {str(pattern)[:40]!r}"
        )
    try:
        expression = regex.compile(pattern, flags)
    except regex.error as error:
        raise Invalid(f"{pattern!r} isn't a regular expression: {error}") from error
    deadline = time.monotonic() + _PATTERN_SECS

    def matches(text: str) -> bool:
        left_secs = max(deadline - time.monotonic(), 0.001)
        try:
            return expression.search(text, timeout=left_secs, concurrent=True) is not None
        except (MemoryError, RecursionError) as error:  # one that holds itself
            raise Invalid(f"the regular expression {pattern!r} never ends: change it") from error
        except TimeoutError as error:
            raise Invalid(
                f"the regular expression {pattern!r} takes more than {_PATTERN_SECS:g} s on"
                f" {text[:40]!r}: use one without repetitions inside repetitions"
            ) from error

    return matches
