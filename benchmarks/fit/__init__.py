"""What fits take over partitions, in time and memory, against scikit-learn in memory and dask-ml."""

from __future__ import annotations
