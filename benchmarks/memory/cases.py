"""What is run: the 22 queries at several scales from Parquet and CSV, and plans over messy data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

import scalekit as sk
from benchmarks.memory import messy
from benchmarks.pdsh import queries_scalekit
from benchmarks.pdsh.tables import NAMES, Tables, path_of

DATES = ("o_orderdate", "l_shipdate", "l_commitdate", "l_receiptdate")
"""Columns of PDS-H that CSV gives as text where nobody says otherwise."""


@dataclass(frozen=True)
class Case:
    """One plan: a query of PDS-H at a scale in a format, or a plan over a messy data set."""

    group: str
    name: str
    scale: float = 0.0
    form: str = "parquet"

    def build(self, root: Path) -> sk.Frame:
        """The plan, not run."""
        if self.group == "pdsh":
            folder = root / "pdsh" / f"scale-{self.scale:g}"
            tables = Tables(partial(_scan, form=self.form), folder, self.scale)
            return queries_scalekit.QUERIES[int(self.name)](tables)
        path = messy.path_of(root / "messy", self.group)
        return messy.PLANS[self.group][self.name](sk.scan_parquet(path))

    @property
    def title(self) -> str:
        """What it is called in reports."""
        if self.group == "pdsh":
            return f"query {self.name}, scale {self.scale:g}, {self.form}"
        return f"{self.group}: {self.name}"


def _scan(path: Path, form: str) -> sk.Frame:
    if form == "parquet":
        return sk.scan_parquet(path)
    days = {name: pl.Date for name in pl.read_parquet_schema(path) if name in DATES}
    return sk.scan_csv(path.parent / "csv" / f"{path.stem}.csv", schema_overrides=days or None)


def cases(scales: Sequence[float], forms: Sequence[str]) -> list[Case]:
    """Every case."""
    queries = [
        Case("pdsh", str(number), scale, form)
        for scale in scales
        for form in forms
        for number in queries_scalekit.QUERIES
    ]
    plans = [Case(group, name) for group, found in messy.PLANS.items() for name in found]
    return [*queries, *plans]


def as_csv(folder: Path) -> None:
    """The tables of a scale as CSV beside the Parquet files, unless they are there."""
    (folder / "csv").mkdir(exist_ok=True)
    for name in NAMES:
        path = folder / "csv" / f"{name}.csv"
        if not path.exists():
            making = path.with_suffix(".making")
            pl.scan_parquet(path_of(folder, name)).sink_csv(making)
            making.rename(path)
