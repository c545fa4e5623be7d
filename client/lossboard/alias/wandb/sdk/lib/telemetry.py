"""Records of the features that a program uses; nobody is told of them here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["context"]


class _Unheard:
    """Takes any attribute, and any attribute of that."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Unheard()


@contextmanager
def context(*_: Any, **__: Any) -> Iterator[Any]:
    """The record of features that integrations write to; it is dropped."""
    yield _Unheard()
