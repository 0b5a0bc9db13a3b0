"""What work cost on the machine where scalekit was made: two cores, Polars in this process, clusters of two workers."""

from __future__ import annotations

from collections.abc import Mapping

SLOTS = 2
"""Threads of Polars, and workers of one thread on the clusters."""

SHIPPED: Mapping[str, Mapping[str, float]] = {
    "polars": {
        "query": 0.000644, "node": 0.000312, "parquet_value": 8.89e-09,
        "parquet_text": 7.03e-10, "skipped_value": 7.74e-09, "skipped_text": 6.65e-10,
        "csv_byte": 2.24e-09, "csv_value": 1.69e-08, "ndjson_byte": 6.05e-09,
        "arithmetic": 6.36e-10, "text": 1.42e-08, "group_row": 9.06e-09,
        "key_text": 2.16e-09, "group_new": 6.01e-08, "join_build": 6.33e-08,
        "join_probe": 1.06e-08, "top_row": 2.44e-10, "window_row": 6.56e-08,
        "result_byte": 1.01e-09,
    },
    "memory": {
        "query": 0.000124, "node": 0.000143, "parquet_value": 1.01e-08,
        "parquet_text": 8.31e-10, "skipped_value": 9e-09, "skipped_text": 6.54e-10,
        "csv_byte": 1.59e-09, "csv_value": 2.48e-08, "ndjson_byte": 6.06e-09,
        "arithmetic": 4.38e-10, "text": 1.98e-08, "group_row": 4.13e-09,
        "key_text": 4.48e-08, "group_new": 1.79e-07, "join_build": 1.12e-07,
        "join_probe": 1.5e-08, "sort_row": 7.86e-09, "top_row": 1.9e-08,
        "window_row": 8.38e-08, "result_byte": 9.81e-11,
    },
    "pandas": {
        "query": 0.00248, "node": 0.000721, "parquet_value": 5.24e-09,
        "parquet_text": 2.62e-09, "skipped_value": 6.34e-09, "skipped_text": 1.1e-09,
        "csv_byte": 1.84e-09, "csv_value": 4.65e-08, "ndjson_byte": 6.15e-09,
        "frame_byte": 2.25e-11, "convert_byte": 4.58e-10, "arithmetic": 1.13e-08,
        "text": 1.59e-08, "copied_byte": 8.05e-10, "group_row": 1.07e-08,
        "group_new": 8.54e-08, "join_build": 2.85e-07, "join_probe": 1.48e-08,
        "sort_row": 7.28e-09, "top_row": 1.3e-08, "window_row": 6.48e-08,
    },
    "dask": {
        "node": 0.000445, "stage": 0.0402, "task": 0.00451,
        "parquet_value": 4.61e-09, "parquet_text": 3.44e-10, "skipped_value": 8.08e-09,
        "skipped_text": 5.77e-10, "csv_byte": 4.11e-10, "csv_value": 2.02e-08,
        "ndjson_byte": 2.25e-10, "frame_byte": 4.42e-08, "arithmetic": 1.04e-09,
        "text": 4.7e-09, "copied_byte": 2.7e-10, "group_row": 4.88e-09,
        "key_text": 2.92e-08, "group_new": 5.88e-09, "sort_row": 3.59e-10,
        "top_row": 8.99e-10, "exchange_byte": 1.45e-08, "result_byte": 1.34e-09,
    },
    "ray": {
        "node": 0.00092, "stage": 0.0194, "task": 0.00468,
        "parquet_value": 1.64e-08, "parquet_text": 1.42e-09, "skipped_value": 3.06e-08,
        "skipped_text": 5.97e-10, "csv_value": 1.31e-07, "ndjson_byte": 1.76e-09,
        "frame_byte": 7.11e-09, "arithmetic": 5.96e-10, "text": 5.3e-08,
        "group_row": 2.94e-08, "key_text": 8.54e-08, "group_new": 8.38e-08,
        "join_probe": 7.08e-09, "sort_row": 2.64e-10, "top_row": 4.99e-09,
        "window_row": 2.43e-08, "exchange_byte": 4.77e-08,
    },
}  # fmt: skip
"""Seconds, by backend and kind of work; what is not there costs nothing. From ``python -m benchmarks calibrate``."""
