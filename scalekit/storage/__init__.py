"""Where bytes lie: paths and URIs, the names that scalekit gives files, and what a commit left there.

Sources read with it and targets write with it; it knows neither.
"""

from __future__ import annotations

from scalekit.storage.committed import Committed, DataFile, committed_files
from scalekit.storage.location import Location, parse_location
from scalekit.storage.redaction import redact

__all__ = ["Committed", "DataFile", "Location", "committed_files", "parse_location", "redact"]
