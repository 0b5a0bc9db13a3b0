"""Tables in files that are made once: a smaller one is the first files of a larger one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def prepare(
    rows: int, folder: Path, each: int, write: Callable[[Path, int, int, int], None]
) -> list[str]:
    """The paths of files with ``rows`` rows together, of which those are made that are missing.

    ``write(path, number, height, first)`` writes one: its number, how many rows, and how many are before it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, first in enumerate(range(0, rows, each)):
        height = min(each, rows - first)
        path = folder / f"{number:04}-{height}.parquet"
        if not path.exists():
            making = path.with_suffix(".making")
            write(making, number, height, first)
            making.rename(path)
        paths.append(str(path))
    return paths
