"""Functions of text, through Narwhals, where pandas reads them as the contract does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from scalekit.backends.pandas.native import (
    Datum,
    Elementwise,
    Refusal,
    Site,
    both,
    by_arrow,
    is_string,
    of,
    plain,
    through,
)

_SAFE_PATTERN = re.compile(
    r"\^?(?:(?:[A-Za-z0-9 _,;:'\"@#%=<>/!~`-]|\.|\[\^?(?:[A-Za-z0-9 _](?:-[A-Za-z0-9])?)+\])[*+?]?)*\$?"
)
"""Patterns that Arrow's RE2 and Rust's regex read alike: no classes such as ``\\d``, no flags, no groups."""


def _pattern(site: Site) -> str | None:
    pattern = site.constant(1)
    if site.options.get("literal") or (
        isinstance(pattern, str) and _SAFE_PATTERN.fullmatch(pattern)
    ):
        return None
    return f"the pattern {pattern!r}, which Rust's regex may read otherwise,"


def _replacement(site: Site) -> str | None:
    """A replacement refers to groups with a dollar in Rust and with a backslash in Arrow."""
    value = site.constant(2)
    if not isinstance(value, str) or (
        not site.options.get("literal") and re.search(r"[$\\]", value)
    ):
        return f"the replacement {value!r}"
    return None if site.options.get("n", 1) == 1 else f"replace(n={site.options['n']})"


def _given(*positions: int) -> Refusal:
    """Refuse null where a constant is needed."""

    def refuses(site: Site) -> str | None:
        missing = [p for p in positions if p < len(site.call.args) and site.constant(p) is None]
        return f"{site.call.function} with null" if missing else None

    return refuses


def _not_negative(site: Site) -> str | None:
    number = site.constant(1)
    return (
        None if isinstance(number, int) and number >= 0 else f"{site.call.function} with {number!r}"
    )


def _not_zero(site: Site) -> str | None:
    return f"{site.call.function} with 0" if site.constant(1) == 0 else None  # Narwhals gives all


def _slices(site: Site) -> str | None:
    """From the end, a length counts from a start that may lie before the text: Arrow clips it elsewhere."""
    offset, length = site.constant(1), dict(site.call.options).get("length")
    if isinstance(offset, int) and (offset >= 0 or length is None):
        return None
    return f"str.slice from {offset!r}"


def _text(method: Any, *refusals: Refusal) -> Elementwise:
    return Elementwise(through(method), both(of(is_string), _given(1, 2), *refusals), columns=1)


def _strip(
    of_characters: Callable[..., Datum], of_whitespace: Callable[..., Datum]
) -> Callable[..., Datum]:
    def run(_: pa.DataType, x: Datum, characters: Datum = None) -> Datum:
        given = plain(characters)
        return of_whitespace(x) if given is None else of_characters(x, characters=given)

    return run


def _cased(
    ascii_kernel: Callable[..., Datum], python: Callable[[str], str]
) -> Callable[..., Datum]:
    """Arrow maps ASCII; it knows no mapping to several characters, as of ß, so that Python maps the rest.

    Each distinct text is mapped once.
    """

    def run(to: pa.DataType, x: Datum) -> Datum:
        if isinstance(x, pa.Scalar):
            return pa.scalar(python(x.as_py()) if x.is_valid else None, to)
        is_ascii = pc.string_is_ascii(x)
        if pc.all(is_ascii).as_py() is not False:
            return ascii_kernel(x)
        others = pc.unique(x.filter(pc.invert(is_ascii)))
        mapped = pa.array([python(text) for text in others.to_pylist()], to)
        return pc.coalesce(mapped.take(pc.index_in(x, value_set=others)), ascii_kernel(x))

    return run


def _count(_: pa.DataType, x: Datum, pattern: Datum, *, literal: bool = False) -> Datum:  # noqa: ARG001 - refused unless literal
    return pc.count_substring(x, pattern=plain(pattern))


def _counted(site: Site) -> str | None:
    counted = site.options["literal"] and site.constant(1)
    return None if counted else "str.count_matches of a pattern"


TEXT: Mapping[str, Elementwise] = {
    "str.len_chars": _text(lambda s: s.str.len_chars()),
    "str.len_bytes": Elementwise(by_arrow(pc.binary_length), of(is_string)),
    "str.starts_with": _text(lambda s, prefix: s.str.starts_with(prefix)),
    "str.ends_with": _text(lambda s, suffix: s.str.ends_with(suffix)),
    "str.contains": _text(
        lambda s, pattern, literal, strict: s.str.contains(pattern, literal=literal),  # noqa: ARG005
        _pattern,
    ),
    "str.slice": _text(lambda s, offset, length=None: s.str.slice(offset, length), _slices),
    "str.head": _text(lambda s, n: s.str.head(n), _not_negative),
    "str.tail": _text(lambda s, n: s.str.tail(n), _not_negative, _not_zero),
    "str.replace": _text(
        lambda s, pattern, value, literal, n: s.str.replace(pattern, value, literal=literal, n=n),
        _pattern,
        _replacement,
    ),
    "str.replace_all": _text(
        lambda s, pattern, value, literal: s.str.replace_all(pattern, value, literal=literal),
        _pattern,
        _replacement,
    ),
    "str.zfill": _text(lambda s, length: s.str.zfill(length)),
    "str.pad_start": _text(lambda s, length, fill_char: s.str.pad_start(length, fill_char)),
    "str.pad_end": _text(lambda s, length, fill_char: s.str.pad_end(length, fill_char)),
    "str.split": _text(
        lambda s, by, **_: s.str.split(by),
        lambda site: "str.split(inclusive=True)" if site.options["inclusive"] else None,
        lambda site: None if site.options["literal"] else "str.split(literal=False)",
        lambda site: None if site.constant(1) else "str.split by nothing",
    ),
    "str.strip_chars": Elementwise(
        through(lambda s, characters=None: s.str.strip_chars(characters)),
        of(is_string),
        columns=1,
    ),
    "str.strip_chars_start": Elementwise(
        _strip(pc.utf8_ltrim, pc.utf8_ltrim_whitespace), of(is_string), columns=1
    ),
    "str.strip_chars_end": Elementwise(
        _strip(pc.utf8_rtrim, pc.utf8_rtrim_whitespace), of(is_string), columns=1
    ),
    "str.to_uppercase": Elementwise(_cased(pc.ascii_upper, str.upper), of(is_string)),
    "str.to_lowercase": Elementwise(_cased(pc.ascii_lower, str.lower), of(is_string)),
    "str.count_matches": Elementwise(_count, both(of(is_string), _given(1), _counted), columns=1),
}
"""By the name in the function table."""
