"""Immutable trees: one base class, the traversals, and memos that live as long as their node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, TypeVar, cast, dataclass_transform

N = TypeVar("N", bound="Node")
T = TypeVar("T")


class Node:
    """A frozen value whose children are the fields that belong to its own family.

    Nodes compare and hash by structure, pickle as their fields, and carry no behaviour: passes are
    free functions. A program can build chains far deeper than Python's stack, so none of this
    recurses. Values are the same only if no computation can tell them apart: ``1``, ``True`` and
    ``1.0`` differ, as do ``0.0`` and ``-0.0``, while NaN is itself.
    """

    family: ClassVar[type[Node]]

    def __hash__(self) -> int:
        if "_hash" not in self.__dict__:
            for part in _parts_first(self, skip=lambda part: "_hash" in part.__dict__):
                leaves, parts = _anatomy(part)
                key = (type(part), leaves, *(p.__dict__["_hash"] for p in parts))
                part.__dict__["_hash"] = hash(key)
        return cast("int", self.__dict__["_hash"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        seen: set[tuple[int, int]] = set()
        stack: list[tuple[Node, Node]] = [(self, other)]
        while stack:
            a, b = stack.pop()
            if a is b or (id(a), id(b)) in seen:
                continue
            if type(a) is not type(b) or hash(a) != hash(b):
                return False
            (leaves_a, parts_a), (leaves_b, parts_b) = _anatomy(a), _anatomy(b)
            if leaves_a != leaves_b:
                return False
            seen.add((id(a), id(b)))
            stack.extend(zip(parts_a, parts_b, strict=True))
        return True

    def __repr__(self) -> str:
        return _shown(self, depth=20)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a table of nodes, parts before wholes, so that no depth is too deep."""
        position: dict[int, int] = {}
        table: list[tuple[type[Node], dict[str, Any]]] = []
        for part in _parts_first(self, skip=lambda part: id(part) in position):
            position[id(part)] = len(table)
            values = {name: _to_positions(part.__dict__[name], position) for name in _names(part)}
            table.append((type(part), values))
        return _from_table, (table,)


@dataclass_transform(frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """Make a class a concrete node: frozen, compared by structure, its hash computed once."""
    return dataclass(frozen=True, eq=False, repr=False)(cls)


def children(parent: N) -> tuple[N, ...]:
    """The children of ``parent``, in field order."""
    memos = parent.__dict__.get("_memos")
    if memos is not None and "_children" in memos:
        return cast("tuple[N, ...]", memos["_children"])
    return memo(parent, "_children", lambda: tuple(_find_children(parent)))


def _find_children(parent: N) -> Iterator[N]:
    family = cast("type[N]", parent.family)
    for name in _names_of(type(parent)):
        value = parent.__dict__[name]
        if isinstance(value, tuple):
            for item in value:
                if isinstance(item, family):
                    yield item
        elif isinstance(value, family):
            yield value


def map_children(parent: N, fn: Callable[[Any], Any]) -> N:
    """Replace each child by ``fn(child)``; the same object where nothing changed."""
    family = cast("type[N]", parent.family)
    changed: dict[str, Any] = {}
    for name in _names_of(type(parent)):
        old = parent.__dict__[name]
        if isinstance(old, family):
            new: Any = fn(old)
            same = new is old
        elif isinstance(old, tuple):
            new = tuple(fn(v) if isinstance(v, family) else v for v in old)
            same = all(a is b for a, b in zip(old, new, strict=True))
        else:
            continue
        if not same:
            changed[name] = new
    return replace(parent, **changed) if changed else parent  # type: ignore[type-var]


def updated(owner: N, **changes: Any) -> N:
    """``owner`` with other values in some fields; the same object where they are what they were.

    Tuples count as what they were where their items are the same objects.
    """
    if all(_is_same(owner.__dict__[name], value) for name, value in changes.items()):
        return owner
    return replace(owner, **changes)  # type: ignore[type-var]


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))
    return old is new


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
        same = all(done[child] is child for child in children(current))
        done[current] = rule(current if same else map_children(current, done.__getitem__))
    return done[root]


def memo(owner: Node, key: str, compute: Callable[[], T]) -> T:
    """Compute a value once for ``owner`` and keep it exactly as long as ``owner`` lives.

    A table keyed on nodes would keep the frames of every plan alive; the node's own dictionary does not.
    """
    store = owner.__dict__.setdefault("_memos", {})
    if key not in store:
        store[key] = compute()
    return cast("T", store[key])


def has_memo(owner: Node, key: str) -> bool:
    """Whether :func:`memo` holds a value already."""
    return key in owner.__dict__.get("_memos", ())


class _Position(int):
    """Stands for a node within a pickled table."""


def _to_positions(value: Any, position: dict[int, int]) -> Any:
    if isinstance(value, Node):
        return _Position(position[id(value)])
    if type(value) is tuple and _holds(value, Node, tuple):
        return tuple(_to_positions(item, position) for item in value)
    return value


def _from_table(table: list[tuple[type[Node], dict[str, Any]]]) -> Node:
    made: list[Node] = []
    for cls, values in table:
        new = cls.__new__(cls)
        new.__dict__.update({name: _from_positions(value, made) for name, value in values.items()})
        made.append(new)
    return made[-1]


def _from_positions(value: Any, made: list[Node]) -> Any:
    if type(value) is _Position:
        return made[value]
    if type(value) is tuple and _holds(value, _Position, tuple):
        return tuple(_from_positions(item, made) for item in value)
    return value


def _holds(values: tuple[Any, ...], *wanted: type) -> bool:
    """Whether any value is of these types; quick on a million numbers, as in a long ``is_in``."""
    return any(issubclass(kind, wanted) for kind in set(map(type, values)))


def _names(owner: Node) -> tuple[str, ...]:
    return _names_of(type(owner))


def _find_names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


# mypy takes the method __hash__ of a node for that of its class, which would then not be hashable
_names_of = cast("Callable[[type[Any]], tuple[str, ...]]", cache(_find_names))


def _parts_first(root: Node, skip: Callable[[Node], bool]) -> Iterator[Node]:
    """Every node that hangs on ``root``, of any family, parts before wholes; root last."""
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        current, expanded = stack.pop()
        if skip(current):
            continue
        if expanded:
            yield current
        else:
            stack.append((current, True))
            stack.extend((part, False) for part in _anatomy(current)[1])


def _anatomy(owner: Node) -> tuple[tuple[Any, ...], tuple[Node, ...]]:
    """What a node is besides its parts, and its parts: the nodes of any family in its fields."""

    def dissect() -> tuple[tuple[Any, ...], tuple[Node, ...]]:
        parts: list[Node] = []
        leaves = tuple(_leaf(owner.__dict__[name], parts) for name in _names(owner))
        return leaves, tuple(parts)

    return memo(owner, "_anatomy", dissect)


_COMPARE_AS_THEY_ARE = {bool, int, str, bytes, date, timedelta}


def _leaf(value: Any, parts: list[Node]) -> Any:
    """A value as it compares; nodes leave a mark and go to ``parts``."""
    kind = type(value)
    if value is None or kind is str:
        return value
    if isinstance(value, Node):
        parts.append(value)
        return Node
    if isinstance(value, tuple):
        kinds = set(map(type, value))
        if len(kinds) == 1 and kinds <= _COMPARE_AS_THEY_ARE:
            return kind, *kinds, value
        return kind, *(_leaf(item, parts) for item in value)
    if isinstance(value, float):
        return kind, value.hex()
    if isinstance(value, Decimal):
        return kind, value.as_tuple()
    if isinstance(value, datetime | time):
        return kind, value.replace(tzinfo=None), value.fold, value.tzinfo
    return kind, value


def _shown(value: Any, depth: int) -> str:
    if isinstance(value, Node):
        name = type(value).__name__
        if depth == 0:
            return f"{name}(...)"
        shown = (f"{n}={_shown(value.__dict__[n], depth - 1)}" for n in _names(value))
        return f"{name}({', '.join(shown)})"
    if type(value) is tuple:
        items = ", ".join(_shown(item, depth) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)
