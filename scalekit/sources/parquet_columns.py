"""What the footer of a Parquet file says of its columns: bounds, nulls, and the sizes of dictionaries."""

from __future__ import annotations

import math
from typing import Any

from scalekit.sources.column_statistics import BlockStatistics, spread

_SIZES = {"INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8, "BOOLEAN": 1}
_DICTIONARY = {"RLE_DICTIONARY", "PLAIN_DICTIONARY"}
_MOST_GROUPS = 12
"""Row groups of a file that are looked at: all over it, first and last among them."""


def block_statistics(metadata: Any, columns: tuple[str, ...]) -> dict[str, list[BlockStatistics]]:
    """Blocks of some columns of one file, from row groups all over it."""
    places = _places(metadata)
    found: dict[str, list[BlockStatistics]] = {}
    numbers = spread(metadata.num_row_groups, _MOST_GROUPS)
    groups = [metadata.row_group(number) for number in numbers]
    for name in columns:
        place = places.get(name)
        if place is not None:
            found[name] = [_of_chunk(group.column(place)) for group in groups]
    return found


def _places(metadata: Any) -> dict[str, int]:
    """Column to where its values are: of lists those of the elements, of records nothing."""
    paths = [metadata.schema.column(place).path for place in range(metadata.num_columns)]
    places: dict[str, int] = {}
    for place, path in enumerate(paths):
        name, *inner = path.split(".")
        if path.count(".list.") == 1 and inner[-1] in ("element", "item", "array"):
            places.setdefault(name, place)
        places[path] = place
    return places


def _of_chunk(chunk: Any) -> BlockStatistics:
    statistics = chunk.statistics if chunk.is_stats_set else None
    low = high = nulls = None
    if statistics is not None:
        nulls = statistics.null_count if statistics.has_null_count else None
        if statistics.has_min_max:
            low, high = statistics.min, statistics.max
    rows = chunk.num_values - (nulls or 0)
    distinct = _dictionary(chunk, rows, low, high) if _has_dictionary(chunk) else None
    return BlockStatistics(rows, distinct, low, high, nulls)


def _has_dictionary(chunk: Any) -> bool:
    return chunk.has_dictionary_page and not _DICTIONARY.isdisjoint(chunk.encodings)


def _dictionary(chunk: Any, rows: int, low: Any, high: Any) -> float | None:
    """Entries of a dictionary, from the bytes of the chunk: each once, and a number of few bits for each row.

    With ``b`` bits for a number there are at most ``2 ** b`` entries, and more than ``2 ** (b - 1)``.
    """
    size = float(chunk.total_uncompressed_size)
    entry = _SIZES.get(chunk.physical_type) or _text_entry(low, high)
    if rows <= 0:
        return 0.0
    for bits in range(1, 33):
        entries = (size - rows * bits / 8) / entry
        if 2 ** (bits - 1) * 0.9 <= entries <= 2**bits * 1.1:
            return min(entries, float(rows))
    # Runs of one value take less than their bits, headers of pages a little more.
    bits = math.floor(8 * size / rows)
    return max(1.0, min(size / entry, 2.0 ** min(bits, 32), float(rows)))


def _text_entry(low: Any, high: Any) -> float:
    """Bytes of one text in a dictionary: its length, and it."""
    lengths = [len(v) for v in (low, high) if isinstance(v, str | bytes)]
    return 4 + (sum(lengths) / len(lengths) if lengths else 16)
