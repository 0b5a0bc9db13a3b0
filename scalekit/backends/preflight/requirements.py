"""What a function needs in another process: the modules that its pickle names, and those that its code imports."""

from __future__ import annotations

import dis
import io
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from scalekit.backends.preflight.pickling import global_names

THERE = frozenset(
    {"__main__", "__mp_main__", "builtins", "cloudpickle", "polars", "pyarrow", "scalekit"}
)
"""Packages whose versions are compared anyhow, or that are no module to import."""


def required_modules(function: Any) -> list[str]:
    """The modules, those of Python itself left out, without which ``function`` cannot be loaded or run elsewhere.

    Examples
    --------
    >>> def scored(frame):
    ...     import sklearn.metrics
    ...     return frame
    >>> required_modules(scored)
    ['sklearn.metrics']
    """
    found = dict.fromkeys((*_named(function), *_imported(function, set())))
    return [name for name in found if not _is_there(name)]


def _is_there(name: str) -> bool:
    root = name.partition(".")[0]
    return root in THERE or root in sys.stdlib_module_names


def _named(function: Any) -> list[str]:
    """The modules that the pickle of a function names."""
    try:
        import cloudpickle
    except ModuleNotFoundError:
        return [getattr(function, "__module__", None) or type(function).__module__]
    by_value = cloudpickle.list_registry_pickle_by_value()
    found: list[str] = []

    class Noting(cloudpickle.Pickler):  # type: ignore[misc]
        """Takes down the module of everything that is pickled by its name."""

        def persistent_id(self, value: Any) -> None:
            if isinstance(value, ModuleType):
                found.append(value.__name__)
            elif isinstance(value, type | FunctionType) and _is_by_name(value, by_value):
                found.append(value.__module__)

    try:
        Noting(io.BytesIO(), protocol=5).dump(function)
    except Exception:  # what cannot be pickled is another check's to say
        return found
    return found


def _is_by_name(value: Any, by_value: set[str]) -> bool:
    """Whether a class or function is found elsewhere by its module and name, rather than sent itself."""
    module = sys.modules.get(value.__module__ or "")
    if module is None or any(value.__module__.startswith(name) for name in by_value):
        return False
    current: Any = module
    for part in value.__qualname__.split("."):
        current = getattr(current, part, None)
    return current is value and value.__module__ != "__main__"


def _imported(function: Any, seen: set[int]) -> Iterator[str]:
    """The modules that the code of a function imports when it runs, where the code itself is sent."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or id(code) in seen or _is_by_name(function, set()):
        return
    seen.add(id(code))
    yield from _imported_by(code)
    for name in global_names(code):
        yield from _imported(function.__globals__.get(name), seen)


def _imported_by(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME" and step.argval:
            yield str(step.argval)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _imported_by(inner)
