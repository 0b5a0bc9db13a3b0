"""What work cost on the machine where scalekit was made: two cores, Polars in this process, clusters of two workers."""

from __future__ import annotations

from collections.abc import Mapping

SLOTS = 2
"""Threads of Polars, and workers of one thread on the clusters."""

SHIPPED: Mapping[str, Mapping[str, float]] = {
    "polars": {
        "query": 0.000922, "node": 0.000147, "parquet_value": 7.77e-09,
        "parquet_text": 6.54e-10, "skipped_value": 7.1e-09, "skipped_text": 4.72e-10,
        "csv_byte": 1.64e-09, "csv_value": 7.38e-09, "ndjson_byte": 4.65e-09,
        "arithmetic": 4.06e-10, "text": 1.3e-08, "copied_byte": 1.47e-10,
        "group_row": 5.98e-09, "group_new": 6.19e-08, "join_build": 7.85e-08,
        "join_probe": 6.64e-09, "sort_row": 1.41e-10, "top_row": 6.84e-10,
        "window_row": 5.13e-08, "result_byte": 7.17e-10,
    },
    "memory": {
        "query": 6.6e-05, "node": 0.000131, "parquet_value": 9.18e-09,
        "parquet_text": 8.48e-10, "skipped_value": 5.08e-09, "skipped_text": 3.97e-10,
        "csv_byte": 6.69e-10, "csv_value": 1.94e-08, "ndjson_byte": 4.27e-09,
        "arithmetic": 2.72e-10, "text": 1.47e-08, "copied_byte": 3.85e-11,
        "group_row": 3.12e-09, "key_text": 3.41e-08, "group_new": 1.56e-07,
        "join_build": 8.33e-08, "join_probe": 1.34e-08, "sort_row": 7.12e-09,
        "top_row": 1.62e-08, "window_row": 9.85e-08, "result_byte": 1.51e-10,
    },
    "pandas": {
        "query": 0.00172, "node": 0.000741, "parquet_value": 6.33e-09,
        "parquet_text": 2.95e-09, "skipped_value": 8.95e-09, "skipped_text": 2.19e-10,
        "csv_byte": 1.11e-09, "csv_value": 2.96e-08, "ndjson_byte": 4.29e-09,
        "frame_byte": 7.35e-10, "convert_byte": 4.71e-10, "arithmetic": 9.71e-09,
        "text": 2.08e-09, "copied_byte": 7.13e-10, "group_row": 5.29e-09,
        "group_new": 7.29e-08, "join_build": 2.25e-07, "join_probe": 1.05e-08,
        "sort_row": 1.37e-08, "top_row": 9.55e-09, "window_row": 1.95e-07,
    },
    "dask": {
        "node": 0.00121, "stage": 0.00591, "task": 0.00429,
        "parquet_value": 1.57e-08, "parquet_text": 1.42e-09, "skipped_value": 1.07e-08,
        "skipped_text": 5.41e-10, "csv_byte": 1.51e-09, "csv_value": 4.03e-08,
        "ndjson_byte": 5.74e-09, "frame_byte": 3.5e-08, "arithmetic": 4.36e-10,
        "text": 2.86e-08, "group_row": 1.69e-09, "key_text": 5.66e-08,
        "group_new": 1.77e-07, "join_build": 9.44e-08, "join_probe": 6.65e-09,
        "sort_row": 8.78e-09, "top_row": 2.51e-08, "window_row": 2.02e-07,
        "exchange_byte": 2.99e-08, "result_byte": 3.83e-09,
    },
    "ray": {
        "node": 0.00157, "stage": 0.00904, "task": 0.00421,
        "parquet_value": 1.59e-08, "parquet_text": 2.02e-09, "skipped_value": 1.35e-08,
        "skipped_text": 5.63e-10, "csv_byte": 1.97e-09, "csv_value": 4.99e-08,
        "ndjson_byte": 6.07e-09, "frame_byte": 4.34e-09, "arithmetic": 1.3e-09,
        "text": 2.27e-08, "key_text": 5.16e-08, "group_new": 2.26e-07,
        "join_build": 1.5e-07, "join_probe": 3.2e-08, "sort_row": 9.9e-09,
        "top_row": 2.72e-08, "window_row": 1.5e-07, "exchange_byte": 4.1e-08,
        "result_byte": 1.78e-09,
    },
}  # fmt: skip
"""Seconds, by backend and kind of work; what is not there costs nothing. From ``python -m benchmarks calibrate``."""
