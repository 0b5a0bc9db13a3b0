"""The page of estimators says what the table says."""

from __future__ import annotations

from scalekit.learn.strategies.strategy import Refused, Strategy
from scalekit.learn.strategies.table import strategies
from tools.estimators import PAGE


def rows() -> dict[str, list[str]]:
    """The cells of each row that begins with the name of a class."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_estimator_is_on_the_page() -> None:
    assert set(rows()) == set(strategies())


def test_the_page_is_written_from_the_table() -> None:
    page = rows()
    for name, entry in strategies().items():
        match entry:
            case Strategy():
                assert page[name][:3] == [entry.kind, entry.exactness, entry.passes], name
            case Refused():
                assert page[name][0] == entry.reason, name


def test_measured_differences_are_within_their_bounds() -> None:
    measured = {n: row for n, row in rows().items() if len(row) > 4 and row[3] and row[4]}
    assert len(measured) > 80
    for name, row in measured.items():
        assert float(row[3]) <= float(row[4]), name
