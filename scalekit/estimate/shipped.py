"""What work cost on the machine where scalekit was made: two cores, Polars in this process, clusters of two workers."""

from __future__ import annotations

from collections.abc import Mapping

SLOTS = 2
"""Threads of Polars, and workers of one thread on the clusters."""

SHIPPED: Mapping[str, Mapping[str, float]] = {
    "polars": {
        "query": 0.00202, "node": 6.18e-05, "parquet_value": 4.32e-09, "parquet_text": 3.45e-10,
        "skipped_value": 3.02e-09, "skipped_text": 2.27e-10, "csv_byte": 7.28e-10,
        "csv_value": 1.22e-09, "ndjson_byte": 1.5e-09, "arithmetic": 1.47e-11, "text": 5.52e-09,
        "copied_byte": 3.21e-11, "group_row": 1.31e-09, "group_new": 3.48e-08,
        "join_build": 3.42e-08, "join_probe": 9.01e-09, "sort_row": 1.68e-10, "top_row": 2.16e-10,
        "window_row": 2.03e-08, "result_byte": 1.62e-10,
    },
    "memory": {
        "query": 0.000208, "node": 0.000116, "parquet_value": 5.36e-09, "parquet_text": 4.72e-10,
        "skipped_value": 3.3e-09, "skipped_text": 2.7e-10, "csv_byte": 4.94e-10,
        "csv_value": 4.94e-09, "ndjson_byte": 1.51e-09, "arithmetic": 2.09e-10, "text": 1.22e-08,
        "copied_byte": 3.15e-11, "group_row": 3.18e-09, "key_text": 2.1e-08,
        "group_new": 7.47e-08, "join_build": 5.36e-08, "join_probe": 8.79e-09,
        "sort_row": 3.17e-09, "top_row": 1.41e-09, "window_row": 3.69e-08,
        "result_byte": 6.23e-11,
    },
    "pandas": {
        "query": 0.00353, "node": 0.000597, "parquet_value": 3.1e-09, "parquet_text": 2.21e-09,
        "skipped_value": 3.15e-09, "skipped_text": 5.79e-11, "csv_byte": 5.13e-10,
        "csv_value": 6.24e-09, "ndjson_byte": 1.58e-09, "frame_byte": 3.14e-10,
        "convert_byte": 4e-10, "arithmetic": 4.6e-09, "copied_byte": 1.36e-10,
        "group_row": 7.91e-09, "group_new": 5.41e-08, "join_build": 8.72e-08,
        "join_probe": 3.41e-08, "sort_row": 4.66e-09, "top_row": 5.02e-09, "window_row": 7.56e-08,
    },
    "dask": {
        "node": 0.000926, "stage": 0.00788, "task": 0.00215, "parquet_value": 6.9e-09,
        "parquet_text": 6.52e-10, "skipped_value": 5.64e-09, "skipped_text": 3.89e-10,
        "csv_byte": 8.58e-10, "csv_value": 9.06e-09, "ndjson_byte": 1.93e-09,
        "frame_byte": 1.91e-08, "arithmetic": 3.8e-10, "text": 1.45e-08, "group_row": 8.86e-09,
        "key_text": 2.86e-08, "group_new": 8.33e-08, "join_build": 6.51e-08,
        "join_probe": 7.66e-09, "sort_row": 3.6e-09, "top_row": 1.23e-09, "window_row": 5.03e-08,
        "exchange_byte": 7.58e-09, "result_byte": 1.37e-09,
    },
    "ray": {
        "node": 0.0011, "stage": 0.00924, "task": 0.00225, "parquet_value": 7.89e-09,
        "parquet_text": 7.25e-10, "skipped_value": 6e-09, "skipped_text": 4.11e-10,
        "csv_byte": 9.31e-10, "csv_value": 8.92e-09, "ndjson_byte": 2.11e-09,
        "frame_byte": 2.09e-09, "arithmetic": 7.14e-10, "text": 1.62e-08, "group_row": 5.01e-09,
        "key_text": 2.58e-08, "group_new": 1.02e-07, "join_build": 6.51e-08,
        "join_probe": 8.8e-09, "sort_row": 4.11e-09, "top_row": 1.67e-09, "window_row": 6.27e-08,
        "exchange_byte": 5.63e-09, "result_byte": 3.93e-10,
    },
}  # fmt: skip
"""Seconds, by backend and kind of work; what is not there costs nothing. From ``python -m benchmarks calibrate``."""
