from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest

from scalekit import errors
from scalekit.errors import (
    ColumnNotFoundError,
    ConfigError,
    DuplicateError,
    MissingDependencyError,
    ScalekitError,
)


def drawn_tree() -> dict[str, str | None]:
    """Each class drawn in the module's docstring, with the class it hangs on."""
    found: dict[str, str | None] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    (?P<lead>[│├└─ ]*)(?P<name>\w+Error)\b", line)
        if match is None:
            continue
        depth = len(match["lead"]) // 4
        found[match["name"]] = above[depth - 1] if depth else None
        above[depth:] = [match["name"]]
    return found


def own_classes() -> Iterator[type[ScalekitError]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, ScalekitError):
            yield value


def test_the_drawn_tree_is_the_real_one():
    real = {
        cls.__name__: next(
            (b.__name__ for b in cls.__bases__ if issubclass(b, ScalekitError)), None
        )
        for cls in own_classes()
    }
    assert drawn_tree() == real


def test_the_drawing_names_the_second_bases():
    text = errors.__doc__ or ""
    said = dict(re.findall(r"(\w+Error) .*\(also an? (\w+)\)", text))
    real = {
        cls.__name__: base.__name__
        for cls in own_classes()
        for base in cls.__bases__
        if issubclass(base, FileNotFoundError | FileExistsError | ImportError)
        and not issubclass(base, ScalekitError)
    }
    assert said == real


@pytest.mark.parametrize("cls", list(own_classes()), ids=lambda cls: cls.__name__)
def test_each_class_says_when_it_is_raised_and_crosses_processes(cls):
    assert cls.__doc__
    back = pickle.loads(pickle.dumps(cls("what happened")))
    assert type(back) is cls
    assert str(back) == "what happened"


@pytest.mark.parametrize(
    ("missing", "available", "message"),
    [
        (["carier"], ["carrier", "origin"], "column 'carier' not found (did you mean 'carrier'?); "
         "available: 'carrier', 'origin'"),
        (["CARRIER"], ["carrier"], "column 'CARRIER' not found (did you mean 'carrier'?); "
         "available: 'carrier'"),
        (["zzz"], ["carrier"], "column 'zzz' not found; available: 'carrier'"),
        (["a", "b"], [], "columns 'a', 'b' not found; available: no columns at all"),
    ],
)  # fmt: skip
def test_a_missing_column_names_the_nearest_and_all_that_exist(missing, available, message):
    assert str(ColumnNotFoundError.missing(missing, available)) == message


def test_a_long_list_of_columns_is_cut():
    text = str(ColumnNotFoundError.missing(["x"], [f"column_{i}" for i in range(1000)]))
    assert text.endswith("'column_39', ...")


def test_an_unknown_choice_names_its_origin_and_the_choices():
    error = ConfigError.unknown_choice("backend", "poolars", ["polars", "pandas"], origin="here")
    assert str(error) == (
        "unknown backend 'poolars' (from here) (did you mean 'polars'?); known: pandas, polars"
    )


def test_a_missing_package_names_the_extra():
    error = MissingDependencyError.for_extra("sklearn", "ml", purpose="sk.fit")
    assert "pip install 'scalekit[ml]'" in str(error)
    assert isinstance(error, ImportError)


def test_duplicates_name_the_columns_and_the_way_out():
    text = str(DuplicateError.columns(["a", "b"]))
    assert "'a', 'b'" in text
    assert "alias" in text
