"""Why a function cannot be sent to another process: which of the things that it holds stands in the way."""

from __future__ import annotations

import dis
import functools
import pickle
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

DEEPEST = 6
"""How far down it is looked for what stands in the way: a function in a dictionary in an object, and so on."""

MOST = 1000
"""Items of a collection that are looked at."""

Held = tuple[str, Any]
"""Something that a function holds, and the words in which a message names it."""


def obstacle(function: Any) -> str | None:
    """What cannot be pickled of a function, in words; nothing where it can.

    Examples
    --------
    >>> import threading
    >>> lock = threading.Lock()
    >>> obstacle(lambda x: lock.acquire())
    "its global variable 'lock' (lock): cannot pickle '_thread.lock' object"
    """
    failed = _failure(function)
    if failed is None:
        return None
    path: list[str] = []
    current = function
    while len(path) < DEEPEST:
        inner = next(((n, v) for n, v in held_by(current) if _failure(v) is not None), None)
        if inner is None:
            break
        path.append(inner[0])
        current = inner[1]
    if not path:
        return failed
    where = " of ".join(reversed(path))
    return f"its {where} ({type(current).__name__}): {_failure(current)}"


def packed_size(function: Any) -> int:
    """Bytes of a function as it travels."""
    return len(_packed(function))


def heaviest(function: Any) -> str:
    """The largest of the things that a function holds, in words."""
    sizes = [(packed_size(v), n) for n, v in held_by(function) if _failure(v) is None]
    return f"most of it in its {max(sizes)[1]}" if sizes else "most of it its own"


def _failure(value: Any) -> str | None:
    """The error of pickling something, or nothing."""
    try:
        _packed(value)
    except Exception as error:  # whatever an object's own __reduce__ raises
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return None


def _packed(value: Any) -> bytes:
    try:
        import cloudpickle
    except ModuleNotFoundError:
        return pickle.dumps(value, protocol=5)
    return bytes(cloudpickle.dumps(value, protocol=5))


def held_by(value: Any) -> Iterator[Held]:
    """What travels with a value, named."""
    match value:
        case functools.partial():
            yield "function", value.func
            yield from ((f"argument {n}", item) for n, item in enumerate(value.args))
            yield from ((f"argument {name}=", item) for name, item in value.keywords.items())
        case MethodType():
            yield "object", value.__self__
            yield "function", value.__func__
        case FunctionType():
            yield from _held_by_function(value)
        case Mapping():
            yield from (
                (f"item {key!r}", item)
                for _, (key, item) in zip(range(MOST), value.items(), strict=False)
            )
        case list() | tuple() | set() | frozenset():
            yield from ((f"item {n}", item) for n, item in zip(range(MOST), value, strict=False))
        case _:
            yield from (
                (f"attribute {n!r}", item) for n, item in getattr(value, "__dict__", {}).items()
            )


def _held_by_function(function: FunctionType) -> Iterator[Held]:
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=False):
        try:
            yield f"closure variable {name!r}", cell.cell_contents
        except ValueError:  # not filled yet
            continue
    for name in global_names(function.__code__):
        if name in function.__globals__:
            yield f"global variable {name!r}", function.__globals__[name]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    yield from ((f"default value {n}", item) for n, item in enumerate(defaults))


def global_names(code: CodeType) -> list[str]:
    """The global variables that code reads, those of functions within it among them."""
    found = [
        str(step.argval)
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    ]
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found += global_names(inner)
    return list(dict.fromkeys(found))
