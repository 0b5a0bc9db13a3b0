"""Where rows come from: memory, files, object stores, tables and databases; no knowledge of plans."""

from __future__ import annotations
