"""What XGBoost itself holds for a row, in a process that does nothing else: ``python -m benchmarks.fit.booster_memory ROWS``."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import psutil
import xgboost

from benchmarks.fit.models import MODELS
from benchmarks.fit.watching import high_water

BLOCK = 1 << 17
"""Rows that are handed over at one time, as by a member of a gang."""

WIDTH = 20
"""Columns, as the benchmark's."""


class Blocks(xgboost.DataIter):  # type: ignore[misc]
    """The same block again and again, a little higher each time."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows, self._first = rows, 0
        self._block = np.random.default_rng(0).normal(size=(BLOCK, WIDTH))

    def reset(self) -> None:
        """Begin again."""
        self._first = 0

    def next(self, input_data: Any) -> bool:
        """Hand over the next block."""
        count = min(BLOCK, self._rows - self._first)
        if count <= 0:
            return False
        x = self._block[:count] + 1e-9 * self._first
        input_data(data=x, label=(x[:, 0] > 0).astype(np.float64))
        self._first += count
        return True


def main(arguments: list[str]) -> int:
    """Grow three trees on so many rows, and say what that took beside what was there before."""
    rows = int(arguments[0]) if arguments else 10_000_000
    idle = psutil.Process().memory_info().rss
    estimator = MODELS["XGBoost"].make(1)
    matrix = xgboost.QuantileDMatrix(Blocks(rows), max_bin=256, nthread=1)
    parameters = {**estimator.get_xgb_params(), "objective": "binary:logistic"}
    xgboost.train(parameters, matrix, 3)
    print(f"{rows:,} rows of {WIDTH} columns: {(high_water() - idle) / rows:.1f} bytes for each")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
