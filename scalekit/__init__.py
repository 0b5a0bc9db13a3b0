"""scalekit: one dataframe API from a sample on a laptop to the full data on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from polars import (
    Array,
    Binary,
    Boolean,
    Categorical,
    Date,
    Datetime,
    Decimal,
    Duration,
    Enum,
    Float16,
    Float32,
    Float64,
    Int8,
    Int16,
    Int32,
    Int64,
    Int128,
    List,
    Map,
    Null,
    Object,
    String,
    Struct,
    Time,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    UInt128,
    Unknown,
)

from scalekit import exceptions, selectors
from scalekit.config import Config, config, configure
from scalekit.expr.builders import col, dtype_of, element, field, lit, when
from scalekit.expr.correlation import corr, cov
from scalekit.expr.expr import Expr
from scalekit.expr.folding import fold, reduce
from scalekit.expr.horizontal import (
    all_horizontal,
    any_horizontal,
    arctan2,
    cum_sum_horizontal,
    max_horizontal,
    mean_horizontal,
    min_horizontal,
    sum_horizontal,
)
from scalekit.expr.joining import coalesce, concat_list, concat_str, format, struct
from scalekit.expr.ranges import (
    business_day_count,
    date,
    date_range,
    datetime,
    datetime_range,
    duration,
    int_range,
)
from scalekit.expr.shortcuts import (
    all,
    any,
    count,
    exclude,
    first,
    last,
    len,
    max,
    mean,
    median,
    min,
    n_unique,
    nth,
    quantile,
    std,
    sum,
    var,
)
from scalekit.expr.sql import sql_expr
from scalekit.frame.choice import explain_choice
from scalekit.frame.frame import Frame
from scalekit.frame.other_names import MODULE as _OTHER_NAMES
from scalekit.frame.schema import Schema
from scalekit.io.combine import concat, sql
from scalekit.io.memory import (
    from_arrow,
    from_dict,
    from_dicts,
    from_numpy,
    from_pandas,
    from_polars,
)

if TYPE_CHECKING:
    from scalekit.checks.check import check
    from scalekit.checks.report import DataReport
    from scalekit.checks.suggest import suggest_checks
    from scalekit.io.distributed import from_dask, from_ray
    from scalekit.io.files import scan_csv, scan_ipc, scan_ndjson, scan_parquet
    from scalekit.io.tables import scan_database, scan_delta
    from scalekit.judge.compare import compare
    from scalekit.judge.comparison import Comparison
    from scalekit.judge.decision import Decision
    from scalekit.judge.evaluate import evaluate
    from scalekit.judge.forecast.origins import rolling_origin
    from scalekit.judge.leaderboard import leaderboard
    from scalekit.judge.protocol.protocol import Protocol
    from scalekit.judge.report import Report
    from scalekit.kernels.hash_function import row_hash, row_share
    from scalekit.learn.cross_validation import cross_validate
    from scalekit.learn.explain import explain_fit
    from scalekit.learn.fit import fit
    from scalekit.learn.predict import predict
    from scalekit.learn.split import split
    from scalekit.tracking.listing import models, runs
    from scalekit.tracking.loading import load_model, open_run
    from scalekit.tracking.promotion import promote, rollback
    from scalekit.tracking.track import track

__version__ = "0.1.0"

__all__ = [
    "Array",
    "Binary",
    "Boolean",
    "Categorical",
    "Comparison",
    "Config",
    "DataReport",
    "Date",
    "Datetime",
    "Decimal",
    "Decision",
    "Duration",
    "Enum",
    "Expr",
    "Float16",
    "Float32",
    "Float64",
    "Frame",
    "Int128",
    "Int16",
    "Int32",
    "Int64",
    "Int8",
    "List",
    "Map",
    "Null",
    "Object",
    "Protocol",
    "Report",
    "Schema",
    "String",
    "Struct",
    "Time",
    "UInt128",
    "UInt16",
    "UInt32",
    "UInt64",
    "UInt8",
    "Unknown",
    "all",
    "all_horizontal",
    "any",
    "any_horizontal",
    "arctan2",
    "business_day_count",
    "check",
    "coalesce",
    "col",
    "compare",
    "concat",
    "concat_list",
    "concat_str",
    "config",
    "configure",
    "corr",
    "count",
    "cov",
    "cross_validate",
    "cum_sum_horizontal",
    "date",
    "date_range",
    "datetime",
    "datetime_range",
    "dtype_of",
    "duration",
    "element",
    "evaluate",
    "exceptions",
    "exclude",
    "explain_choice",
    "field",
    "first",
    "explain_fit",
    "fit",
    "fold",
    "format",
    "from_arrow",
    "from_dask",
    "from_dict",
    "from_dicts",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "from_ray",
    "int_range",
    "last",
    "leaderboard",
    "len",
    "lit",
    "load_model",
    "max",
    "max_horizontal",
    "mean",
    "mean_horizontal",
    "median",
    "min",
    "min_horizontal",
    "models",
    "n_unique",
    "nth",
    "open_run",
    "predict",
    "promote",
    "quantile",
    "rollback",
    "reduce",
    "rolling_origin",
    "row_hash",
    "row_share",
    "runs",
    "scan_csv",
    "scan_database",
    "scan_delta",
    "scan_ipc",
    "scan_ndjson",
    "scan_parquet",
    "selectors",
    "split",
    "sql",
    "sql_expr",
    "std",
    "struct",
    "suggest_checks",
    "sum",
    "sum_horizontal",
    "track",
    "var",
    "when",
]

_LATER = {
    "Comparison": "scalekit.judge.comparison",
    "Decision": "scalekit.judge.decision",
    "Protocol": "scalekit.judge.protocol.protocol",
    "Report": "scalekit.judge.report",
    "DataReport": "scalekit.checks.report",
    "check": "scalekit.checks.check",
    "compare": "scalekit.judge.compare",
    "cross_validate": "scalekit.learn.cross_validation",
    "evaluate": "scalekit.judge.evaluate",
    "explain_fit": "scalekit.learn.explain",
    "fit": "scalekit.learn.fit",
    "from_dask": "scalekit.io.distributed",
    "from_ray": "scalekit.io.distributed",
    "predict": "scalekit.learn.predict",
    "rolling_origin": "scalekit.judge.forecast.origins",
    "row_hash": "scalekit.kernels.hash_function",
    "row_share": "scalekit.kernels.hash_function",
    "scan_csv": "scalekit.io.files",
    "scan_database": "scalekit.io.tables",
    "scan_delta": "scalekit.io.tables",
    "scan_ipc": "scalekit.io.files",
    "scan_ndjson": "scalekit.io.files",
    "scan_parquet": "scalekit.io.files",
    "split": "scalekit.learn.split",
    "leaderboard": "scalekit.judge.leaderboard",
    "load_model": "scalekit.tracking.loading",
    "models": "scalekit.tracking.listing",
    "open_run": "scalekit.tracking.loading",
    "promote": "scalekit.tracking.promotion",
    "rollback": "scalekit.tracking.promotion",
    "runs": "scalekit.tracking.listing",
    "track": "scalekit.tracking.track",
    "suggest_checks": "scalekit.checks.suggest",
}
"""Names that bring NumPy, PyArrow or many modules: loaded when first asked for, so that the import stays quick."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        if name in _OTHER_NAMES:
            raise AttributeError(f"scalekit has no {name!r}: use {_OTHER_NAMES[name]}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(_LATER[name]), name)
    except ModuleNotFoundError as error:
        return _unavailable(name, error)
    globals()[name] = value
    return value


def _unavailable(name: str, error: ModuleNotFoundError) -> Callable[..., Any]:
    """A stand-in that fails when it is called, so that looking at a name (as completion does) never does."""
    if error.name != "numpy":
        raise error

    def unavailable(*_: Any, **__: Any) -> Any:
        raise exceptions.MissingDependencyError.for_extra("numpy", "ml", purpose=f"sk.{name}()")

    return unavailable


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
