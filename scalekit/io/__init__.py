"""Where frames begin: data in memory, files, databases, and several frames made one."""

from __future__ import annotations

from scalekit.io.combine import concat, sql
from scalekit.io.files import scan_csv, scan_ipc, scan_ndjson, scan_parquet
from scalekit.io.memory import (
    from_arrow,
    from_dict,
    from_dicts,
    from_numpy,
    from_pandas,
    from_polars,
)
from scalekit.io.tables import scan_database, scan_delta

__all__ = [
    "concat",
    "from_arrow",
    "from_dict",
    "from_dicts",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "scan_csv",
    "scan_database",
    "scan_delta",
    "scan_ipc",
    "scan_ndjson",
    "scan_parquet",
    "sql",
]
