"""Kinds of tensors that are recorded of a model: the words of `watch(log=...)`, and which tensors
of each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from torch.nn import Module

__all__ = ["KINDS", "Modules", "Wanted", "wanted_of"]

KINDS: Final = (
    "gradients",
    "parameters",
    "updates",
    "activations",
    "activation_gradients",
    "optimizer_state",
)
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    **{kind: frozenset({kind}) for kind in KINDS},
    "all": frozenset({"gradients", "parameters"}),  # what W&B means by it
}

Modules: TypeAlias = Callable[[str, Module], bool] | tuple[str, ...] | None


class Wanted:
    """The kinds, and the tensors of them that pass the globs.

    A glob is compared with a tensor's name (`layer1.*`) and with its kind and name
    (`updates/layer1.*`). A tensor is wanted if it matches one of `include`, or there are none, and
    none of `exclude`.
    """

    def __init__(
        self,
        kinds: frozenset[str] = frozenset(),
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        modules: Modules = None,
    ) -> None:
        self.kinds = kinds
        self._include = include
        self._exclude = exclude
        self._modules = modules
        self._known: dict[tuple[str, str], bool] = {}

    @property
    def of_modules(self) -> bool:
        """Whether anything that modules give is wanted."""
        return not self.kinds.isdisjoint({"activations", "activation_gradients"})

    @property
    def of_steps(self) -> bool:
        """Whether anything that optimizers make is wanted."""
        return not self.kinds.isdisjoint({"updates", "optimizer_state"})

    def takes(self, kind: str, name: str) -> bool:
        """Whether this tensor is wanted."""
        if kind not in self.kinds:
            return False
        if not self._include and not self._exclude:
            return True
        known = self._known.get((kind, name))
        if known is None:
            known = self._known[kind, name] = self._passes(kind, name)
        return known

    def takes_module(self, name: str, module: Module) -> bool:
        """Whether what this module gives is wanted: of leaf modules, or of those that are named."""
        if callable(self._modules):
            return bool(self._modules(name, module))
        if self._modules is not None:
            return _matches(self._modules, name)
        return next(module.children(), None) is None

    def _passes(self, kind: str, name: str) -> bool:
        key = f"{kind}/{name}"
        chosen = not self._include or _matches(self._include, name, key)
        return chosen and not _matches(self._exclude, name, key)


def wanted_of(log: Any, include: Any, exclude: Any, modules: Any) -> Wanted:
    """The kinds that the arguments of `watch` ask for.

    Raises ValueError for an unknown word in `log`, TypeError for globs that are no strings.
    """
    return Wanted(
        _kinds_of(log),
        _globs("include", include),
        _globs("exclude", exclude),
        modules if modules is None or callable(modules) else _globs("modules", modules),
    )


def _kinds_of(log: Any) -> frozenset[str]:
    words = [log] if log is None or isinstance(log, str) or not isinstance(log, Iterable) else log
    kinds: set[str] = set()
    for word in words:
        if word is not None:
            kinds |= _kinds_of_word(word, log)
    return frozenset(kinds)


def _kinds_of_word(word: Any, log: Any) -> frozenset[str]:
    found = _WORDS.get(word) if isinstance(word, str) else None
    if found is None:
        others = ", ".join(map(repr, KINDS[2:]))
        raise ValueError(
            "log must be one of 'gradients', 'parameters', 'all', or None, or a set of these and"
            f" {others}, not {log!r}"
        )
    return found


def _globs(argument: str, globs: Any) -> tuple[str, ...]:
    if globs is None:
        return ()
    listed = [globs] if isinstance(globs, str) else globs
    if not isinstance(listed, Iterable) or not all(isinstance(glob, str) for glob in listed):
        wanted = "a glob or several" + (", or a function" if argument == "modules" else "")
        raise TypeError(f"{argument} must be {wanted}, not {globs!r}")
    return tuple(listed)


def _matches(globs: Iterable[str], *names: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs for name in names)
