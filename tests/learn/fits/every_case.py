"""The cases of all families of estimators, found by their modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.learn.fits.harness import Case, numbers

FOLDER = Path(__file__).parent


@cache
def every_case() -> Mapping[str, tuple[Case, Any]]:
    """Each case by the name of its family and its number, with the rows that it is fitted on."""
    return {f"{module}-{number}": (case, rows) for module, number, case, rows in _cases()}


def _cases() -> Iterator[tuple[str, int, Case, Any]]:
    for path in sorted(FOLDER.glob("test_*.py")):
        if "\nCASES" not in path.read_text("utf-8"):
            continue
        module = import_module(f"tests.learn.fits.{path.stem}")
        for number, case in enumerate(getattr(module, "CASES", ())):
            yield path.stem.removeprefix("test_"), number, case, getattr(module, "ROWS", numbers())


def first_of_each_estimator() -> Mapping[str, tuple[Case, Any]]:
    """The first case of each class of estimator: what every engine is tested with."""
    found: dict[str, tuple[Case, Any]] = {}
    for case, rows in every_case().values():
        found.setdefault(type(case[0]).__name__, (case, rows))
    return found
