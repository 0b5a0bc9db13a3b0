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

__version__ = "0.1.0"

__all__ = [
    "Array",
    "Binary",
    "Boolean",
    "Categorical",
    "Config",
    "Date",
    "Datetime",
    "Decimal",
    "Duration",
    "Enum",
    "Expr",
    "Float16",
    "Float32",
    "Float64",
    "Frame",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Int128",
    "List",
    "Map",
    "Null",
    "Object",
    "Schema",
    "String",
    "Struct",
    "Time",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "UInt128",
    "Unknown",
    "all",
    "col",
    "config",
    "configure",
    "exceptions",
    "len",
    "lit",
    "when",
]
