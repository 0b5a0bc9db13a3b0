"""Variants of an estimator: every combination of some values of its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import product
from typing import Any

from scalekit.command.experiment.estimators import check_values, value_of
from scalekit.command.experiment.section import Section, nearest
from scalekit.display.text import shortened, value_text

MOST = 200
"""Models of one experiment, at the most: more are a search, for which scikit-learn has better ways than all of them."""


def variants_of(
    section: Section, name: str, estimator: Any
) -> dict[str, tuple[Any, dict[str, Any]]]:
    """Each variant by its name, with its parameters: the estimator alone where there is no ``grid``.

    Parameters
    ----------
    section
        The table of the model, with ``grid``: a table of lists, or several in a list.
    name
        Of the model.
    estimator
        Unfitted; it is cloned.

    Raises
    ------
    ConfigError
        For a parameter that does not exist, a value that is no list, and too many combinations.
    """
    if "grid" not in section:
        return {name: (estimator, {})}
    found: dict[str, tuple[Any, dict[str, Any]]] = {}
    for chosen, texts in _combinations(section, estimator):
        words = ",".join(f"{key}={text}" for key, text in texts.items())
        label = unused = f"{name}:{words}"
        while unused in found:
            unused = f"{label}#{len(found) + 1}"
        found[unused] = (_set(section, estimator, chosen), texts)
        if len(found) > MOST:
            raise section.wrong(
                "grid",
                f"more than {MOST} combinations: use fewer values, or a search of scikit-learn",
            )
    return found


def _combinations(
    section: Section, estimator: Any
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    for grid in _grids(section):
        _check(grid, estimator)
        values = {key: _values(grid, key) for key in grid.values}
        for places in product(*(range(len(v)) for v in values.values())):
            chosen = {key: values[key][n] for key, n in zip(values, places, strict=True)}
            yield (
                chosen,
                {key: _text(chosen[key], n) for key, n in zip(values, places, strict=True)},
            )


def _grids(section: Section) -> Iterator[Section]:
    grid = section.values["grid"]
    if isinstance(grid, list) and grid and all(isinstance(g, dict) for g in grid):
        yield from (section.item("grid", n, one) for n, one in enumerate(grid))
    elif isinstance(grid, dict) and grid:
        yield section.section("grid")
    else:
        raise section.unexpected(
            "grid", "a table of lists, such as { C = [0.1, 1.0] }, or a list of these"
        )


def _check(grid: Section, estimator: Any) -> None:
    if not grid.values:
        raise grid.wrong("", "expected at least one parameter with its values")
    known = estimator.get_params(deep=True)
    for key in grid.values:
        if key not in known:
            listed = ", ".join(sorted(known)[:40])
            raise grid.wrong(
                key, f"unknown parameter of the model{nearest(key, known)}; known: {listed}"
            )


def _values(grid: Section, key: str) -> list[Any]:
    values = grid.values[key]
    if not isinstance(values, list) or not values:
        raise grid.unexpected(key, "a list of values")
    found: list[Any] = value_of(grid, key, values)
    return found


def _text(value: Any, place: int) -> str:
    """A value in a name; an object by its place in the list."""
    if isinstance(value, str | int | float | bool) or value is None:
        return shortened(value_text(value), 30)
    return f"[{place}]"


def _set(section: Section, estimator: Any, chosen: Mapping[str, Any]) -> Any:
    clone = import_module("sklearn.base").clone
    try:
        copies = {key: clone(value, safe=False) for key, value in chosen.items()}
        made = clone(estimator).set_params(**copies)
    except (ValueError, TypeError) as error:
        raise section.wrong("grid", f"{type(error).__name__}: {error}") from error
    check_values(section, made)
    return made
