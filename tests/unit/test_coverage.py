"""Everything that the API promises is there and tested, and ``docs/coverage.md`` says so truly."""

from __future__ import annotations

import re

import polars as pl
import pytest

import scalekit as sk
from scalekit.errors import ScalekitError
from scalekit.expr.function import FUNCTIONS
from scalekit.testing.cases import CASES
from tools import coverage

ROWS = tuple(coverage.rows())
LISTED = {name: file for file, names in coverage.UNIT_TESTS.items() for name in names}


@pytest.mark.parametrize("tier", [1, 2])
def test_every_name_exists(tier: int) -> None:
    names = [row for row in ROWS if row.tier == tier]
    assert len(names) > 250
    assert [row.label for row in names if not row.exists] == []


def test_every_function_has_a_case() -> None:
    assert len(FUNCTIONS) > 300
    assert sorted(set(FUNCTIONS) - {case.function for case in CASES}) == []


def test_every_name_has_a_case_or_is_listed_with_its_tests() -> None:
    bare = [row.label for row in ROWS if not row.tests and row.kind not in ("dtype", "exception")]
    assert bare == []


def test_what_is_listed_has_no_case_and_is_in_the_surface() -> None:
    without = {row.label for row in ROWS if not row.cases}
    assert sorted(set(LISTED) - without) == []
    assert len(LISTED) == sum(map(len, coverage.UNIT_TESTS.values()))


@pytest.mark.parametrize("name", LISTED)
def test_what_is_listed_is_used_by_its_tests(name: str) -> None:
    text = (coverage.ROOT / LISTED[name]).read_text(encoding="utf-8")
    assert re.search(rf"\b{name.rpartition('.')[2]}\b", text)


def test_types_are_those_of_polars() -> None:
    names = [row.name for row in ROWS if row.kind == "dtype"]
    assert len(names) > 20
    assert [name for name in names if getattr(sk, name) is not getattr(pl, name)] == []


def test_errors_are_below_one_of_our_own() -> None:
    found = [getattr(sk.exceptions, row.name) for row in ROWS if row.kind == "exception"]
    assert len(found) > 10
    assert [kind for kind in found if not issubclass(kind, ScalekitError)] == []


@pytest.mark.timeout(300)
def test_the_page_is_up_to_date() -> None:
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), (
        "the page is out of date: run `python -m tools.coverage`"
    )


@pytest.mark.timeout(300)
def test_how_names_run_on_clusters_is_read_off_their_plans() -> None:
    found = {row.label: row.clusters for row in ROWS}
    assert found["Expr.abs"] == ("each part",)
    assert found["Frame.sum"] == ("partial/final",)
    assert "exchange" in found["Frame.sort"]
    assert "exchange" in found["Frame.join"]
    assert "one task" not in found["Frame.join"]
    cased = [row for row in ROWS if row.cases]
    assert [row.label for row in cased if not row.clusters] == []
