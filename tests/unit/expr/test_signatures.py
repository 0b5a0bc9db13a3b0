"""Signatures are Polars', except where a reason stands here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import polars as pl
import polars.selectors as pcs
import pytest

import scalekit as sk
from scalekit import selectors as cs

ONLY_HERE = {"sum": {"strict"}}  # CONTRACT.md, integer sums
# Series are no part of the language
EAGER = ("coalesce", "corr", "cov", "struct", "date_range", "datetime_range", "int_range")
ONLY_IN_POLARS = {
    **{name: {"eager"} for name in EAGER},
    "lit": {"allow_object"},  # no backend but Polars has objects
}
POSITIONAL_IN_POLARS = {"business_day_count"}  # deprecated there


def parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {p.name: p for p in inspect.signature(function).parameters.values() if p.name != "self"}


def compare(name: str, ours: Callable[..., Any], theirs: Callable[..., Any]) -> None:
    mine, polars = parameters(ours), parameters(theirs)
    assert set(mine) - set(polars) == ONLY_HERE.get(name, set()) & set(mine), name
    assert set(polars) - set(mine) == ONLY_IN_POLARS.get(name, set()) & set(polars), name
    shared = [p for p in polars if p in mine]
    assert [p for p in mine if p in polars] == shared, name
    for parameter in shared:
        one, other = mine[parameter], polars[parameter]
        if name not in POSITIONAL_IN_POLARS:
            assert one.kind is other.kind, f"{name}({parameter})"
        assert is_same_default(one.default, other.default), f"{name}({parameter}): {one.default!r}"


def is_same_default(ours: Any, theirs: Any) -> bool:
    if repr(theirs) == "<no_default>":
        return repr(ours) == "<not given>"
    return bool(ours is theirs or ours == theirs)


METHODS = sorted(
    name
    for name in set(dir(pl.Expr)) & set(dir(sk.Expr))
    if not name.startswith("_") and callable(getattr(sk.Expr, name))
)
FUNCTIONS = sorted(
    name
    for name in sk.__all__
    if inspect.isfunction(getattr(sk, name))
    and inspect.isfunction(getattr(pl, name, None))
    and getattr(sk, name).__module__.startswith("scalekit.expr")
)
SELECTORS = sorted(name for name in cs.__all__ if inspect.isfunction(getattr(cs, name)))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_the_signature_of_polars(name):
    compare(name, getattr(sk.Expr, name), getattr(pl.Expr, name))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_signature_of_polars(name):
    compare(name, getattr(sk, name), getattr(pl, name))


@pytest.mark.parametrize("name", SELECTORS)
def test_a_selector_has_the_signature_of_polars(name):
    ours, theirs = parameters(getattr(cs, name)), parameters(getattr(pcs, name))
    if name == "expand_selector":
        theirs.pop("strict")  # only a selector is one here
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]


@pytest.mark.parametrize(
    "name", ["keep", "map", "prefix", "suffix", "replace", "to_lowercase", "to_uppercase"]
)
def test_names_methods_have_the_signature_of_polars(name):
    compare(name, getattr(sk.col("x").name, name), getattr(pl.col("x").name, name))


def test_there_is_something_to_compare():
    assert len(METHODS) > 140
    assert len(FUNCTIONS) > 40
    assert len(SELECTORS) > 30
