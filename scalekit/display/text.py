"""Numbers in words: sizes in bytes, counts, durations."""

from __future__ import annotations

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def size_text(size: int) -> str:
    """Bytes with a unit.

    Examples
    --------
    >>> size_text(512), size_text(3 * 1024**2)
    ('512 bytes', '3.0 MiB')
    """
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    return f"{size} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def amount(number: int, noun: str) -> str:
    """A count with its noun.

    Examples
    --------
    >>> amount(1, "row"), amount(12345, "row")
    ('1 row', '12,345 rows')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration_text(seconds: float) -> str:
    """Seconds as people say them.

    Examples
    --------
    >>> duration_text(0.25), duration_text(75)
    ('0.2 s', '1 min 15 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
