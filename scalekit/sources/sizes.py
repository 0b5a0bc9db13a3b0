"""Numbers of things and of bytes, as descriptions of sources show them."""

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


def time_text(seconds: float) -> str:
    """Seconds, or a part of them, with a unit.

    Examples
    --------
    >>> time_text(0.0042), time_text(1.5), time_text(90)
    ('4 ms', '1.5 s', '90 s')
    """
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def counted(number: int, what: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "row"), counted(1234, "row")
    ('1 row', '1,234 rows')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
