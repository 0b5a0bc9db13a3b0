"""What the keys of a protocol accept: each value is checked and brought into one form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from math import isfinite
from reprlib import Repr
from typing import Any

from scalekit.errors import ConfigError

_SHORT = Repr()  # of a file's values: however long or deep, the message is short
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlevel = 2
_DURATION = re.compile(r"(\d+(ns|us|ms|mo|[smhdwqy]))+")


def refused(key: str, value: object, wanted: str) -> ConfigError:
    """The error for a value that a key does not accept."""
    return ConfigError(f"{key}={_SHORT.repr(value)}: {wanted}")


def one_of(key: str, value: object, known: Iterable[str]) -> str:
    """One of the values of a closed list.

    Raises
    ------
    ConfigError
        That lists them, and names the nearest.
    """
    names = tuple(known)
    if isinstance(value, str) and value in names:
        return value
    raise refused(key, value, f"{nearest(value, names)}one of {', '.join(map(repr, names))}")


def known_keys(given: Mapping[Any, Any], known: Sequence[str], prefix: str = "") -> None:
    """Raise where a mapping has a key that does not exist.

    Raises
    ------
    ConfigError
        That lists the keys that exist, and names the nearest.
    """
    for key in given:
        if key not in known:
            shown = _SHORT.repr(f"{prefix}{key}" if isinstance(key, str) else key)
            raise ConfigError(
                f"unknown key {shown}: {nearest(key, known)}known keys: {', '.join(known)}"
            )


def nearest(value: object, known: Iterable[str]) -> str:
    """``"did you mean 'hash'? "``, or nothing."""
    close = get_close_matches(str(value)[:100].lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}? " if close else ""


def name(key: str, value: object) -> str:
    """The name of one column.

    Raises
    ------
    ConfigError
        Where it is something else; YAML reads ``yes``, ``no``, ``on`` and ``off`` as true and false.
    """
    if isinstance(value, str) and value:
        return value
    quoted = "; write it in quotes, for YAML reads yes, no, on and off as true and false"
    wanted = "the name of a column" + quoted * isinstance(value, bool)
    raise refused(key, value, wanted)


def optional_name(key: str, value: object) -> str | None:
    """The name of one column, or None."""
    return None if value is None else name(key, value)


def names(key: str, value: object) -> tuple[str, ...]:
    """One name or several; no name twice."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (name(key, value),)
    if not isinstance(value, list | tuple):
        raise refused(key, value, "a name, or a list of names")
    found = tuple(name(f"{key}[{place}]", item) for place, item in enumerate(value))
    twice = sorted({item for item in found if found.count(item) > 1})
    if twice:
        raise refused(key, value, f"{twice[0]!r} stands there twice")
    return found


def number(key: str, value: object, low: float, high: float, wanted: str) -> float:
    """A number strictly between two others."""
    if not is_number(value) or not low < value < high:  # type: ignore[operator]
        raise refused(key, value, wanted)
    return float(value)  # type: ignore[arg-type]


def count(key: str, value: object, least: int) -> int:
    """A whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise refused(key, value, f"a whole number, {least} or more")
    return value


def optional_count(key: str, value: object, least: int) -> int | None:
    """A whole number of at least ``least``, or None."""
    return None if value is None else count(key, value, least)


def is_number(value: object) -> bool:
    """Whether it is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def scalar(key: str, value: object) -> str | int | float | bool | None:
    """A text, a number, true or false."""
    if value is None or isinstance(value, str | bool) or is_number(value):
        return value  # type: ignore[return-value]
    raise refused(key, value, "a text, a number, true or false")


def duration(key: str, value: object) -> str | int | float | None:
    """A length of time: a text such as ``"1mo"``, or a number on a numeric time."""
    if value is None:
        return None
    if isinstance(value, timedelta):
        return _duration_text(key, value)
    if isinstance(value, str) and _DURATION.fullmatch(value):
        return value
    if is_number(value) and value >= 0:  # type: ignore[operator]
        return value  # type: ignore[return-value]
    raise refused(
        key, value, "a length of time such as '7d', '1mo' or '12h', or a number where time is one"
    )


def _duration_text(key: str, value: timedelta) -> str:
    if value < timedelta(0):
        raise refused(key, value, "a length of time is not negative")
    parts = {"d": value.days, "s": value.seconds, "us": value.microseconds}
    return "".join(f"{size}{unit}" for unit, size in parts.items() if size) or "0d"


def moment(key: str, value: object) -> str | int | float | None:
    """A point in time as ISO text (a date where it is midnight), or a number where time is one."""
    if value is None or is_number(value):
        return value  # type: ignore[return-value]
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise refused(
                key, value, "a date such as '2024-03-01', or a time such as '2024-03-01T12:00:00'"
            ) from None
    if isinstance(value, datetime):
        is_day = value.tzinfo is None and value.time() == datetime.min.time()
        return value.date().isoformat() if is_day else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise refused(key, value, "a date, a time, or a number where time is one")
