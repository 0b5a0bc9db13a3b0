"""Elements of SVG and HTML as text: attributes, escaping, paths."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from html import escape

Points = Iterable[tuple[float, float]]
"""Places in the plane, in units of the picture."""


def element(tag: str, content: str = "", /, **attributes: object) -> str:
    """One element; ``content`` is markup and is taken as it is, values of attributes are escaped.

    Parameters
    ----------
    tag
        Its name.
    content
        Markup inside.
    **attributes
        ``class_`` stands for ``class``, an underscore for a hyphen; ``None`` leaves an attribute out.

    Examples
    --------
    >>> element("rect", x=1.26, stroke_width=2, class_="f0", rx=None)
    '<rect x="1.3" stroke-width="2" class="f0"/>'
    >>> element("b", words('<script>'), title='"')
    '<b title="&quot;">&lt;script&gt;</b>'
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{given}>{content}</{tag}>" if content or tag in _PAIRED else f"<{tag}{given}/>"


_PAIRED = frozenset({"div", "p", "span", "table", "td", "th", "tr", "tbody", "thead", "section"})
"""Elements of HTML that have an end even where nothing is inside."""


def words(text: str) -> str:
    r"""Text as markup, without characters that XML forbids.

    Examples
    --------
    >>> words("a < 'b'"), words("\x00")
    ('a &lt; &#x27;b&#x27;', '�')
    """
    return escape("".join("\ufffd" if is_forbidden(c) else c for c in text), quote=True)


def is_forbidden(character: str) -> bool:
    """Whether XML has no place for a character: controls, halves of pairs, and what is no character at all."""
    category = unicodedata.category(character)
    return (category in ("Cc", "Cs") and character not in "\t\n\r") or (
        ord(character) & 0xFFFE
    ) == 0xFFFE


def number(value: float) -> str:
    """A coordinate, to a tenth of a unit.

    Examples
    --------
    >>> number(3.0), number(2.149), number(-0.01)
    ('3', '2.1', '0')
    """
    rounded = round(value, 1)
    return f"{rounded:g}" if abs(rounded) < 1e5 and rounded else f"{rounded:.0f}".replace("-0", "0")


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else words(str(value))


def path(points: Points, *, closed: bool = False) -> str:
    """The ``d`` of a line through places; it is interrupted where a coordinate is not a number.

    Examples
    --------
    >>> path([(0, 0), (1, 2.5), (math.nan, 0), (3, 3), (4, 4)])
    'M0 0L1 2.5M3 3L4 4'
    """
    parts, pen = [], "M"
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            pen = "M"
            continue
        parts.append(f"{pen}{number(x)} {number(y)}")
        pen = "L"
    return "".join(parts) + ("Z" if closed and parts else "")


def boxes(places: Iterable[tuple[float, float, float, float]]) -> str:
    """The ``d`` of many rectangles (x, y, width, height), which takes a third of the text of as many elements.

    Examples
    --------
    >>> boxes([(0, 0, 2, 1)])
    'M0 0h2v1h-2z'
    """
    return "".join(
        f"M{number(x)} {number(y)}h{number(wide)}v{number(high)}h{number(-wide)}z"
        for x, y, wide, high in places
    )
