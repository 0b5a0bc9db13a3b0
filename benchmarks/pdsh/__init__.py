"""PDS-H: 22 queries derived from TPC-H, written once in scalekit and checked against DuckDB.

The queries and the data are derived from TPC-H, but neither is run under the TPC's rules, so results
are not comparable to published TPC-H results and are not called by that name.
"""

from __future__ import annotations
