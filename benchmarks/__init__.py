"""Benchmarks of scalekit: ``python -m benchmarks --help`` lists them."""

from __future__ import annotations
