"""Suggested rules as text: Python and YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any


class SuggestedChecks(dict[str, Any]):
    """Rules for :func:`scalekit.check`: a dict that prints as Python, a line for each column.

    Examples
    --------
    >>> rules = SuggestedChecks({"age": {"nulls": False, "between": [0, 120]}})
    >>> rules
    {
        "age": {"nulls": False, "between": [0, 120]},
    }
    >>> print(rules.to_yaml())
    age:
      nulls: false
      between: [0, 120]
    """

    def __repr__(self) -> str:
        return self.to_python()

    def to_python(self) -> str:
        """The rules as code; dates and times as the ISO texts that rules take too."""
        lines = [f"    {_python(key)}: {_python(rules)}," for key, rules in self.items()]
        return "\n".join(["{", *lines, "}"])

    def to_yaml(self) -> str:
        """The rules as YAML, for a file that :func:`scalekit.check` reads."""
        return "\n".join(_yaml(self))


def _python(value: Any) -> str:
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_python(k)}: {_python(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return f"[{', '.join(map(_python, value))}]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case None | bool() | int() | float():
            return repr(value)
    return json.dumps(_iso(value))


def _iso(value: Any) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()


def _yaml(rules: Mapping[str, Any]) -> Iterator[str]:
    for column, kinds in rules.items():
        yield f"{_scalar(column)}:"
        for kind, given in kinds.items():
            yield f"  {_scalar(kind)}: {_flow(given)}"


def _flow(value: Any) -> str:
    match value:
        case Mapping():
            return "{" + ", ".join(f"{_scalar(k)}: {_flow(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A scalar of YAML: names as they are, all other texts in quotes, which JSON's are."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _float(value)
        case int():
            return str(value)
        case str():
            return value if _is_plain(value) else _quoted(value)
        case date():
            return json.dumps(_iso(value))
    return json.dumps(_iso(value))


def _quoted(text: str) -> str:
    """A text in quotes; what cannot be printed as its number, which YAML asks for."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def _float(value: float) -> str:
    text = repr(value)
    if "e" in text and "." not in text:  # YAML 1.1 reads 1e-05 as a text
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa}.0e{exponent}"
    return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)


_READ_AS_VALUES = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def _is_plain(text: str) -> bool:
    """Whether a text is a name that YAML reads as text."""
    return text.isidentifier() and text.isascii() and text.lower() not in _READ_AS_VALUES
