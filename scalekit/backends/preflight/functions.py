"""The user's own functions: whether they can be sent to workers, how large they are, and what they need there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from scalekit.backends.preflight.finding import Finding, failure, ok, warning
from scalekit.backends.preflight.pickling import heaviest, obstacle, packed_size
from scalekit.backends.preflight.query import Query, whom
from scalekit.backends.preflight.requirements import required_modules
from scalekit.backends.tasks.questions import missing_modules
from scalekit.expr.analysis import nodes
from scalekit.expr.function import FUNCTIONS
from scalekit.expr.node import Call, Opaque
from scalekit.expr.user_function import UserFunction
from scalekit.kernels.schema import expressions
from scalekit.plan.nodes import MapBatches, Plan
from scalekit.sources.access import access_of
from scalekit.sources.sizes import counted, size_text
from scalekit.tree import walk

HEAVY = 16 * 1024**2
"""Bytes of a function from which on it is said that it takes long to send."""

Named = tuple[str, Any]
"""A function and the words in which a message names it."""


def check_functions(query: Query) -> Iterator[Finding]:
    """Whether the functions of the query can be sent to workers, as they are where it runs in tasks."""
    found = functions_of(query.optimized)
    if not found or not query.is_split:
        stay = (
            f"{counted(len(found), 'function')}, run in this process"
            if found
            else "none of the user's"
        )
        yield ok("functions", stay)
        return
    fine = 0
    for name, function in found:
        held = obstacle(function)
        if held is not None:
            yield failure(
                "functions",
                f"{name} cannot be sent to a worker: {held}",
                "make it inside the function, or pass what it is made from",
            )
        elif (size := packed_size(function)) > HEAVY:
            yield warning(
                "functions",
                f"{name} brings {size_text(size)} with it, {heaviest(function)}, to every worker and with every stage",
                "make a frame of it and join, or read it inside the function",
            )
        else:
            fine += 1
    if fine == len(found):
        yield ok("functions", f"{counted(fine, 'function')} that can be sent to workers")


def check_modules(query: Query) -> Iterator[Finding]:
    """Whether workers can import what functions and sources need there."""
    if not query.is_split or not query.can_ask:
        return
    needs = dict(_needs(query))  # the first of those that need it
    lacking: dict[str, list[str]] = {}
    answers = query.everywhere(partial(missing_modules, tuple(needs))) if needs else {}
    for worker, missing in answers.items():
        for module in missing:
            lacking.setdefault(module, []).append(worker)
    for module, workers in lacking.items():
        yield failure(
            "modules",
            f"{needs[module]} needs the module {module!r}, which {whom(workers)} cannot import",
            f"install it there; a file of your own travels after cloudpickle.register_pickle_by_value({module})",
        )
    if not lacking:
        listed = ", ".join(sorted(needs)) or "none besides scalekit's own"
        yield ok("modules", f"workers have what is needed: {listed}")


def _needs(query: Query) -> Iterator[tuple[str, str]]:
    """Modules, and what needs them."""
    for source in query.sources:
        access = access_of(source)
        if access is not None:
            yield from ((module, source.describe()) for module in access.modules)
    for name, function in functions_of(query.optimized):
        yield from ((module, name) for module in required_modules(function))


def functions_of(plan: Plan) -> list[Named]:
    """Every function of the user in a plan."""
    found: list[Named] = []
    for node in walk(plan):
        if isinstance(node, MapBatches):
            function = _opened(node.function)
            found.append((f"the function {_called(function)!r} in map_batches()", function))
        for expr in expressions(node):
            for call in nodes(expr):
                if isinstance(call, Call) and FUNCTIONS[call.function].user_function:
                    found += _given(call)
    return list({id(function): (name, function) for name, function in found}.values())


def _given(call: Call) -> Iterator[Named]:
    """The functions among the options of a call."""
    for _, value in call.options:
        given = _opened(value)
        if isinstance(given, UserFunction):
            inner = getattr(given.function, "function", given.function)
            yield given.name, inner
        elif callable(given) and not isinstance(given, type):
            yield f"the function {_called(given)!r} in {call.function}()", given


def _opened(value: Any) -> Any:
    return value.value if isinstance(value, Opaque) else value


def _called(function: Any) -> str:
    plain = getattr(function, "__name__", type(function).__name__)
    return str(getattr(function, "__qualname__", plain))
