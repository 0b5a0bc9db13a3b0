"""Immutable trees: one base class, the traversals, and memos that live as long as their node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform



N = TypeVar("N", bound="Node")
T = TypeVar("T")


class Node:
    """A frozen value whose children are the fields that belong to its own family.

    Nodes compare and hash by structure, pickle as their fields, and carry no behaviour: passes are
    free functions.
    """

    family: ClassVar[type[Node]]

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        values = (getattr(self, f.name) for f in fields(self))  # type: ignore[arg-type]
        return (type(self), *map(_typed, values))

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return False
        twin = cast("Node", other)
        return self._hash == twin._hash and self._key == twin._key

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def _typed(value: Any) -> Any:
    """A stand-in that keeps apart what Python calls equal: ``1 == True == 1.0`` and ``0.0 == -0.0``."""
    if isinstance(value, bool | int | float):
        return (type(value), repr(value))
    if isinstance(value, tuple):
        return tuple(map(_typed, value))
    return value


@dataclass_transform(frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """Make a class a concrete node: frozen, compared by structure, its hash computed once."""
    return dataclass(frozen=True, eq=False)(cls)


def children(parent: N) -> tuple[N, ...]:
    """The children of ``parent``, in field order."""
    return memo(parent, "_children", lambda: tuple(_find_children(parent)))


def _find_children(parent: N) -> Iterator[N]:
    family = cast("type[N]", parent.family)
    for f in fields(parent):  # type: ignore[arg-type]
        value = getattr(parent, f.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, family):
                yield item


def map_children(parent: N, fn: Callable[[N], N]) -> N:
    """Replace each child by ``fn(child)``; the same object where nothing changed."""
    family = cast("type[N]", parent.family)
    changed: dict[str, Any] = {}
    for f in fields(parent):  # type: ignore[arg-type]
        old = getattr(parent, f.name)
        if isinstance(old, family):
            new: Any = fn(old)
            same = new is old
        elif isinstance(old, tuple):
            new = tuple(fn(v) if isinstance(v, family) else v for v in old)
            same = all(a is b for a, b in zip(old, new, strict=True))
        else:
            continue
        if not same:
            changed[f.name] = new
    return replace(parent, **changed) if changed else parent  # type: ignore[type-var]


def walk(root: N) -> Iterator[N]:
    """Yield every distinct node once, children before parents."""
    seen: set[N] = set()
    stack: list[tuple[N, bool]] = [(root, False)]
    while stack:
        current, expanded = stack.pop()
        if expanded:
            yield current
        elif current not in seen:
            seen.add(current)
            stack.append((current, True))
            stack.extend((child, False) for child in reversed(children(current)))


def rewrite(root: N, rule: Callable[[N], N]) -> N:
    """Apply ``rule`` from the leaves up, once for each distinct node."""
    done: dict[N, N] = {}
    for current in walk(root):
        done[current] = rule(map_children(current, done.__getitem__))
    return done[root]


def memo(owner: Node, key: str, compute: Callable[[], T]) -> T:
    """Compute a value once for ``owner`` and keep it exactly as long as ``owner`` lives.

    A table keyed on nodes would keep the frames of every plan alive; the node's own dictionary does not.
    """
    store = owner.__dict__
    if key not in store:
        store[key] = compute()
    return cast("T", store[key])
