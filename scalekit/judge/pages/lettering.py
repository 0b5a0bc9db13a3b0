"""Texts of users in pictures and pages: what is left out of them, how wide they are, and how they are shortened."""

from __future__ import annotations

import math
import unicodedata

from scalekit.judge.pages.svg import is_forbidden

_NARROW = frozenset("iljtfrI.,:;|!'`()[]{} /\\")
_WIDE = frozenset("mwMW@%")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_JOINS = frozenset({"Mn", "Me", "Cf"})
"""Categories of characters that belong to the one before."""
_ISOLATE, _END = "\u2068", "\u2069"
_SUFFIXES = ((1e6, "M"), (1e3, "k"))


def shown(text: object) -> str:
    r"""A user's text without characters that XML forbids or that reorder what stands around them; on one line.

    Examples
    --------
    >>> shown("a\x00b\n c"), shown("exe\u202egnp")
    ('a\ufffdb c', 'exegnp')
    """
    given = str(text)
    kept = "".join(map(_kept, given if _is_balanced(given) else given.translate(_NO_ISOLATES)))
    return " ".join(kept.split())


def _kept(character: str) -> str:
    code = ord(character)
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2067 or code in (0x200E, 0x200F, 0x061C):
        return ""
    if character.isspace():
        return " "
    return "\ufffd" if is_forbidden(character) else character


def _is_balanced(text: str) -> bool:
    """Whether each isolate ends within the text, as those of :func:`isolated` do."""
    depth = 0
    for character in text:
        depth += (character == _ISOLATE) - (character == _END)
        if depth < 0:
            return False
    return depth == 0


_NO_ISOLATES = {ord(_ISOLATE): None, ord(_END): None}


def isolated(text: object) -> str:
    """A user's text that stands within a sentence: one that runs from right to left does not reorder the sentence.

    Examples
    --------
    >>> isolated("north"), len(isolated("\u05d0"))
    ('north', 3)
    """
    kept = shown(text)
    reverses = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in kept)
    return f"{_ISOLATE}{kept}{_END}" if reverses else kept


def width(text: str, size: float) -> float:
    """About how wide a text is, in units of its font's size: fonts are the reader's, so it is an upper guess.

    Examples
    --------
    >>> round(width("recall", 10)), round(width("WWW", 10))
    (30, 29)
    """
    return size * sum(map(_advance, text))


def _advance(character: str) -> float:
    if unicodedata.category(character) in _JOINS:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.25
    if character in _NARROW:
        return 0.38
    if character in _WIDE:
        return 0.98
    return 0.72 if character.isupper() else 0.62


def fitted(text: str, room: float, size: float) -> str:
    """The text, its middle left out where it is wider than ``room``: names differ at both ends.

    Examples
    --------
    >>> fitted("customers_of_the_northern_region_2024", 100, 10)
    'custome…on_2024'
    """
    if width(text, size) <= room:
        return text
    head, tail = _taken(text, room * 0.5, size), _taken(text[::-1], room * 0.5, size)[::-1]
    return f"{_whole(head)}…{tail.lstrip(_MARKS)}"


_MARKS = "\u200d\ufe0f\ufe0e"


def _whole(text: str) -> str:
    """Without an end that joins a character which is left out."""
    return text.rstrip(_MARKS)


def _taken(text: str, room: float, size: float) -> str:
    used = width("…", size) / 2
    for place, character in enumerate(text):
        used += size * _advance(character)
        if used > room:
            return text[:place]
    return text


def compact(value: float) -> str:
    """A number in as few characters as an axis needs.

    Examples
    --------
    >>> compact(0.25), compact(15000), compact(2_000_000), compact(3e9), compact(0.00001), compact(0)
    ('0.25', '15k', '2M', '3e9', '1e-5', '0')
    """
    size = abs(value)
    if not math.isfinite(value):
        return "—"
    if size >= 1e9 or 0 < size < 1e-4:
        digits, _, power = (f"{value:.2e}").partition("e")
        return f"{float(digits):g}e{int(power)}"
    for unit, suffix in _SUFFIXES:
        if size >= unit:
            scaled = value / unit
            return f"{scaled:.0f}{suffix}" if abs(scaled) >= 100 else f"{scaled:.3g}{suffix}"
    return f"{value:.4g}"
