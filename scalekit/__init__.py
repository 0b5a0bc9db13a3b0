"""scalekit: one dataframe API from a sample on a laptop to the full data on a cluster."""

from __future__ import annotations

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
    Schema,
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

from scalekit import errors as exceptions
from scalekit.config import Config, config, configure
from scalekit.expr.builders import col, lit, when
from scalekit.expr.expr import Expr
from scalekit.expr.shortcuts import all, len
from scalekit.frame.frame import Frame
from scalekit.io import (
    concat,
    from_arrow,
    from_dict,
    from_dicts,
    from_numpy,
    from_pandas,
    from_polars,
    scan_csv,
    scan_parquet,
    sql,
)
from scalekit.kernels.hash_function import row_hash, row_share
from scalekit.learn.fit import fit
from scalekit.learn.predict import predict
from scalekit.learn.split import split

__version__ = "0.1.0"

__all__ = [
    "all",
    "Array",
    "Binary",
    "Boolean",
    "Categorical",
    "col",
    "concat",
    "Config",
    "config",
    "configure",
    "Date",
    "Datetime",
    "Decimal",
    "Duration",
    "Enum",
    "exceptions",
    "Expr",
    "fit",
    "Float16",
    "Float32",
    "Float64",
    "Frame",
    "from_arrow",
    "from_dict",
    "from_dicts",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "Int128",
    "Int16",
    "Int32",
    "Int64",
    "Int8",
    "len",
    "List",
    "lit",
    "Map",
    "Null",
    "Object",
    "predict",
    "row_hash",
    "row_share",
    "scan_csv",
    "scan_parquet",
    "Schema",
    "split",
    "sql",
    "String",
    "Struct",
    "Time",
    "UInt128",
    "UInt16",
    "UInt32",
    "UInt64",
    "UInt8",
    "Unknown",
    "when",
]
