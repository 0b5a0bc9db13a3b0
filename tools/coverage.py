"""What of the API exists, where it runs, and how it is tested: writes ``docs/coverage.md``.

The surface is ``tools/api.csv``; the rest is read off the package: the function table, the pandas backend's
tables, the physical plans that cases are lowered to for clusters, and the conformance cases themselves, every
one of which `make test` runs on every data set and backend.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scalekit as sk
from scalekit.backends.pandas import native_functions, native_nodes
from scalekit.expr.function import FUNCTIONS
from scalekit.testing.cases import CASES
from scalekit.testing.data import DATASETS
from tools.clusters import WAYS, ways_of_cases

ROOT = Path(__file__).parents[1]
SURFACE = Path(__file__).with_name("api.csv")
PAGE = ROOT / "docs" / "coverage.md"

_OPERATORS = {
    "__invert__": "not_", "__and__": "and_", "__or__": "or_", "__rand__": "and_", "__ror__": "or_",
}  # fmt: skip
_NODES = {
    "filter": "Filter", "sort": "Sort", "select": "Select", "with_columns": "WithColumns", "join": "Join",
    "head": "Limit", "limit": "Limit", "tail": "Limit", "slice": "Limit", "unique": "Distinct",
    "explode": "Explode", "unpivot": "Unpivot", "pivot": "Pivot", "with_row_index": "RowIndex",
    "join_asof": "AsofJoin", "group_by": "Aggregate", "group_by_dynamic": "DynamicAggregate",
    "rolling": "RollingAggregate", "sample": "Sample", "map_batches": "MapBatches", "sql": "Sql",
}  # fmt: skip

# What no case can hold: it gives no frame, needs a file, or is a setting.
UNIT_TESTS: dict[str, tuple[str, ...]] = {
    "tests/unit/test_in_and_out.py": (
        "from_arrow", "from_dict", "from_dicts", "from_numpy", "from_pandas", "from_polars", "scan_csv",
        "scan_database", "scan_delta", "scan_ipc", "scan_ndjson", "scan_parquet", "Frame.write_csv",
        "Frame.write_database", "Frame.write_delta", "Frame.write_ipc", "Frame.write_ndjson",
        "Frame.write_parquet", "Schema.dtypes", "Schema.names", "Schema.to_arrow", "Schema.to_pandas",
        "Schema.to_polars",
    ),
    "tests/unit/test_dask_ray.py": ("from_dask", "from_ray", "Frame.to_dask", "Frame.to_ray"),
    "tests/unit/test_frame.py": (
        "Frame.collect", "Frame.collect_batches", "Frame.collect_schema", "Frame.columns", "Frame.describe",
        "Frame.dtypes", "Frame.estimate", "Frame.explain", "Frame.persist", "Frame.profile", "Frame.schema",
        "Frame.verify", "Frame.width",
    ),
    "tests/unit/test_results.py": ("Frame.to_arrow", "Frame.to_numpy", "Frame.to_pandas", "Frame.to_polars"),
    "tests/unit/display/test_graph.py": ("Frame.show_graph",),
    "tests/unit/expr/test_sql.py": ("sql",),
    "tests/unit/expr/test_selectors.py": ("selectors",),
    "tests/unit/test_config.py": ("config", "configure"),
    "tests/unit/test_coverage.py": ("exceptions",),
    "tests/learn/test_fit.py": ("fit",),
    "tests/learn/test_predict.py": ("predict",),
    "tests/learn/test_split.py": ("split",),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A name of the API, and what is known of it."""

    kind: str
    namespace: str
    name: str
    tier: int
    exists: bool
    pandas: str
    cases: int

    @property
    def tests(self) -> str:
        """How many conformance cases it has, or where it is tested."""
        if self.cases:
            return str(self.cases)
        places = [file for file, names in UNIT_TESTS.items() if self.label in names]
        return ", ".join(f"`{place}`" for place in places)

    @property
    def clusters(self) -> tuple[str, ...]:
        """How its cases run on clusters."""
        ways = ways_of_cases()
        found = {
            way for key in _keys(self.kind, self.namespace, self.name) for way in ways.get(key, ())
        }
        return tuple(way for way in WAYS if way in found)

    @property
    def label(self) -> str:
        """The name as a user writes it."""
        owner = {
            "Expr": "Expr",
            "operator": "Expr",
            "Frame": "Frame",
            "GroupBy": "GroupBy",
            "Schema": "Schema",
        }
        parts = [owner.get(self.kind, ""), self.namespace, self.name]
        return ".".join(part for part in parts if part)


def rows() -> Iterator[Row]:
    """Every name of the surface."""
    counted = Counter(case.function for case in CASES)
    counted.update(case.note for case in CASES if case.note.startswith("cs."))
    with SURFACE.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            kind, namespace, name = line["kind"], line["namespace"], line["name"]
            yield Row(
                kind,
                namespace,
                name,
                int(line["tier"]),
                _find(kind, namespace, name) is not None,
                _where(kind, namespace, name),
                sum(counted[key] for key in _keys(kind, namespace, name)),
            )


def _owner(kind: str, namespace: str) -> Any:
    if kind in ("Expr", "operator"):
        expr = sk.col("x")
        return getattr(expr, namespace, None) if namespace else expr
    owners: dict[str, Any] = {
        "Frame": sk.Frame,
        "GroupBy": type(sk.from_dict({"x": [1]}).group_by("x")),
        "Schema": sk.Schema,
        "selector": sk.selectors,
        "exception": sk.exceptions,
    }
    return owners.get(kind, sk)


def _find(kind: str, namespace: str, name: str) -> Any:
    if kind == "function" and name in ("then", "otherwise"):
        return (
            sk.when(sk.col("x") > 0).then(1)
            if name == "then"
            else sk.when(sk.col("x") > 0).then(1).otherwise
        )
    return getattr(_owner(kind, namespace), name, None)


def _keys(kind: str, namespace: str, name: str) -> set[str]:
    """The names under which cases may test it."""
    if kind == "operator":
        return {
            _OPERATORS.get(name, name.strip("_").removeprefix("r")),
            _OPERATORS.get(name, name.strip("_")),
        }
    if kind in ("Frame", "GroupBy"):
        return {f"{kind}.{name}"}
    if kind == "selector":
        return {f"selectors.{name}", f"cs.{name}"}
    qualified = f"{namespace}.{name}" if namespace else name
    return {qualified, f"pl.{qualified}"}


def _where(kind: str, namespace: str, name: str) -> str:
    """Where pandas' users find it run: in pandas, or in Polars through Arrow."""
    if kind == "Frame" and name in _NODES:
        return "pandas" if _NODES[name] in native_nodes() else "Polars"
    found = [key for key in _keys(kind, namespace, name) if key in FUNCTIONS]
    if not found:
        return ""
    return "pandas" if any(key in native_functions() for key in found) else "Polars"


def page() -> str:
    """The page as Markdown."""
    found = list(rows())
    parts = [
        _HEAD.format(data=len(DATASETS), cases=len(CASES), tests=len(CASES) * len(DATASETS) * 2)
    ]
    parts.append(_summary(found))
    for kind in dict.fromkeys(row.kind for row in found):
        parts.append(f"\n## {_TITLES.get(kind, kind)}\n\n{_COLUMNS}")
        parts.extend(
            f"| `{row.label}` | {row.tier} | {'yes' if row.exists else '**no**'} | {row.pandas} | {', '.join(row.clusters)} | {row.tests} |\n"
            for row in found
            if row.kind == kind
        )
    return "".join(parts)


def _summary(found: list[Row]) -> str:
    lines = ["| tier | names | exist |\n|---|---|---|\n"]
    for tier in (1, 2):
        ours = [row for row in found if row.tier == tier]
        lines.append(f"| {tier} | {len(ours)} | {sum(row.exists for row in ours)} |\n")
    return "".join(lines)


_COLUMNS = "| name | tier | exists | pandas backend runs it in | on clusters | tests |\n|---|---|---|---|---|---|\n"

_HEAD = """# Coverage

Generated by `python -m tools.coverage` from the function table, the pandas backend's tables, the physical plans of
clusters and the conformance cases; a test says when it is out of date. Everything runs on Polars. Where the pandas
backend runs a function in Polars, the data goes there and back through Arrow, and `explain(stage="physical")` marks
the step.

On Dask and Ray everything runs as well; how far it spreads is read off the plans of a name's cases, whose final sort is
left out. Where there are several words, it depends on groups, types and options: `explain(stage="physical")` shows
it for a query. See [clusters.md](clusters.md).

| on clusters | what moves |
|---|---|
| each part | nothing: every part gives its own rows of the answer |
| partial/final | what each part gives: its groups, its totals, or a few of its rows |
| exchange | rows, between many tasks: by a hash or by ranges of keys, or beside those of another table |
| one task | rows, of the columns that are needed, to one task: right, and as large as one worker's memory |

{cases} conformance cases run on {data} data sets (ordinary, empty, one row, all null, NaN and null, duplicates, unicode,
extreme values) and two backends, {tests} tests in all. The last column says how many cases a name has, or which unit
tests hold it; types and errors are tested as a whole.

"""

_TITLES = {
    "Expr": "Expressions",
    "Frame": "Frames",
    "GroupBy": "Groups",
    "Schema": "Schemas",
    "dtype": "Types",
    "function": "Functions",
    "operator": "Operators",
    "selector": "Selectors",
    "exception": "Errors",
}


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    missing = [row.label for row in rows() if not row.exists]
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}: {len(missing)} missing {missing}\n")


if __name__ == "__main__":
    main()
