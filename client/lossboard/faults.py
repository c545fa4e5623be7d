"""Values that can't be stored as they are: what becomes of each, told once by key and type.

A value never ends a training: what its conversion or its own methods raise is a `Fault`, which
goes to a `Tell`. `Faults` prints it and puts it into the run, or raises where settings are strict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal, NamedTuple, NoReturn, TypeAlias

__all__ = [
    "Fate",
    "Fault",
    "Faults",
    "Tell",
    "collected",
    "fault_of",
    "is_for_the_caller",
    "note",
    "raised",
    "short_text",
    "type_name",
    "without_addresses",
    "words_of",
]

Fate: TypeAlias = Literal["left out", "text", "part", "kept"]

_TEXT_LENGTH: Final = 200  # characters of a value that is kept as text
_SENTENCES: Final = 20  # in a notice; more are counted
_TOLD_LIMIT: Final = 1000  # keys and types that are told one by one
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_VERBS: Final[dict[Fate, str]] = {
    "left out": "leaves out a value",
    "text": "keeps a value as text",
    "part": "keeps of a tensor this rank's part alone",
    "kept": "keeps a value that doesn't fit",
}
_NOTICES: Final[dict[Fate, str]] = {
    "left out": "dropped values",
    "text": "values kept as text",
    "part": "parts of tensors",
    "kept": "values that don't fit",
}


class Fault(NamedTuple):
    """A value that isn't stored as it was given; `key` is the dotted one."""

    key: str
    type_name: str
    fate: Fate
    reason: str
    error: BaseException | None = None

    @property
    def sentence(self) -> str:
        """Key, type and reason."""
        return f"{self.key!r} ({self.type_name}): {self.reason}"

    def below(self, key: str) -> Fault:
        """The same fault of what lies below a key."""
        return self._replace(key=f"{key}/{self.key}" if self.key else key)


Tell: TypeAlias = Callable[[Fault], None]


def raised(fault: Fault) -> NoReturn:
    """The `Tell` of who wants an exception: of the value's own kind, with key and type."""
    if fault.error is None:
        raise TypeError(fault.sentence)
    if fault.sentence not in getattr(fault.error, "__notes__", ()):
        fault.error.add_note(fault.sentence)
    raise fault.error


def is_for_the_caller(error: BaseException) -> bool:
    """Whether it ends the program and is none of ours: Ctrl+C, `sys.exit`, a closed generator."""
    return isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit)


def fault_of(key: str, value: Any, fate: Fate, error: BaseException) -> Fault:
    """The fault of a value whose conversion raised `error`."""
    return Fault(key, type_name(value), fate, words_of(error), error)


def type_name(value: Any) -> str:
    """The name of the type; a value that lies about its class is not asked."""
    return type(value).__name__


def words_of(error: BaseException) -> str:
    """The words of an error, on one line; its type where it can't or won't say anything."""
    text = short_text(error)
    return text if text is not None else f"{type_name(error)} was raised"


def short_text(value: Any) -> str | None:
    """The text that `str` makes of the value, on one line and cut; None where it says nothing, as
    the address of an object does, or raises."""
    try:
        line = " ".join(str(value).split())
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        return None
    if not line or (line.startswith("<") and _ADDRESS.search(line)):
        return None
    return line if len(line) <= _TEXT_LENGTH else line[: _TEXT_LENGTH - 1] + "…"


def without_addresses(text: str) -> str:
    """The text without the addresses of objects, which differ from process to process."""
    return _ADDRESS.sub("", text)


class Faults:
    """Says what becomes of the odd values of a run: each key and type once on the console, all
    of them in notices. What is left out is counted each time. Raises everything if `strict`."""

    def __init__(
        self,
        say: Callable[[str], None],
        notice: Callable[[str, str], None],
        *,
        strict: bool,
    ) -> None:
        self._say = say
        self._notice = notice
        self._strict = strict
        self._told: set[tuple[str, str, Fate]] = set()
        self._sentences: dict[Fate, list[str]] = {}

    def tell(self, what: str, fault: Fault) -> None:
        """Takes a fault of `what`: log, config, summary."""
        if self._strict:
            raised(fault)
        name = (fault.key, fault.type_name, fault.fate)
        is_new = name not in self._told
        if is_new and len(self._told) < _TOLD_LIMIT:
            self._told.add(name)
            self._sentences.setdefault(fault.fate, []).append(fault.sentence)
            self._say(f"{what} {_VERBS[fault.fate]}: {fault.sentence}")
        if is_new or fault.fate == "left out":
            self._notice(_NOTICES[fault.fate], self._text(fault.fate))

    def teller(self, what: str) -> Tell:
        """`tell` for one kind of call."""
        return lambda fault: self.tell(what, fault)

    def _text(self, fate: Fate) -> str:
        """All that was said of a kind: the last text of a kind is the one that a run shows."""
        sentences = self._sentences.get(fate, [])
        more = len(sentences) - _SENTENCES
        return "; ".join(sentences[:_SENTENCES]) + (f"; and {more} more" if more > 0 else "")


# What is found while a media object is made or stored, which knows neither its key nor its run.
_collecting: ContextVar[list[Fault] | None] = ContextVar("lossboard_faults", default=None)


@contextmanager
def collected() -> Iterator[list[Fault]]:
    """The faults that are noted meanwhile."""
    found: list[Fault] = []
    token = _collecting.set(found)
    try:
        yield found
    finally:
        _collecting.reset(token)


def note(fault: Fault) -> None:
    """Adds a fault to those of the media object in the making; told when it is logged."""
    found = _collecting.get()
    if found is not None:
        found.append(fault)
