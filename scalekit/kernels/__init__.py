"""Polars on one partition: pure functions, what a worker imports."""
