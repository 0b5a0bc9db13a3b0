"""How a CSV file is written down: separators, quotes, header, what counts as null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from scalekit.errors import InvalidOperationError

NullValues = str | Sequence[str] | Mapping[str, str] | None


@dataclass(frozen=True)
class Dialect:
    """The options of :func:`scalekit.scan_csv` that decide how text becomes fields."""

    has_header: bool = True
    separator: str = ","
    quote_char: str | None = '"'
    comment_prefix: str | None = None
    skip_rows: int = 0
    null_values: str | tuple[str, ...] | tuple[tuple[str, str], ...] | None = None
    encoding: Literal["utf8", "utf8-lossy"] = "utf8"
    decimal_comma: bool = False
    try_parse_dates: bool = False
    ragged: Literal["raise", "null"] = "raise"
    truncate_ragged_lines: bool = False

    @classmethod
    def of(cls, *, null_values: NullValues, **options: Any) -> Self:
        """Check the options and freeze them.

        Raises
        ------
        InvalidOperationError
            For an option that has no meaning, or two that contradict each other.
        """
        frozen = cls(null_values=_frozen(null_values), **options)
        for name in ("separator", "quote_char"):
            char = getattr(frozen, name)
            if char is not None and len(char.encode()) != 1:
                raise InvalidOperationError(f"scan_csv: {name} must be one byte, not {char!r}")
        if frozen.separator == frozen.quote_char or frozen.separator in "\r\n":
            raise InvalidOperationError(
                f"scan_csv: {frozen.separator!r} cannot separate fields: it quotes them or ends lines"
            )
        for name, known in (("encoding", ("utf8", "utf8-lossy")), ("ragged", ("raise", "null"))):
            if getattr(frozen, name) not in known:
                raise InvalidOperationError(
                    f"scan_csv: unknown {name}={getattr(frozen, name)!r}; known: {', '.join(known)}"
                    + ("; convert other encodings first" if name == "encoding" else "")
                )
        if frozen.decimal_comma and frozen.separator == ",":
            raise InvalidOperationError(
                "scan_csv: decimal_comma=True needs another separator, such as ';'"
            )
        if frozen.skip_rows < 0:
            raise InvalidOperationError(
                f"scan_csv: skip_rows must be 0 or more, not {frozen.skip_rows}"
            )
        return frozen

    def polars_null_values(self) -> Any:
        """The null values in the form that Polars takes."""
        if isinstance(self.null_values, tuple):
            pairs = self.null_values and isinstance(self.null_values[0], tuple)
            return dict(self.null_values) if pairs else list(self.null_values)  # type: ignore[arg-type]
        return self.null_values

    def polars_options(self) -> dict[str, Any]:
        """What every scan of such a file passes to Polars, but for the lines to skip."""
        return {
            "has_header": self.has_header,
            "separator": self.separator,
            "quote_char": self.quote_char,
            "comment_prefix": self.comment_prefix,
            "null_values": self.polars_null_values(),
            "encoding": self.encoding,
            "decimal_comma": self.decimal_comma,
            "glob": False,
        }


def _frozen(null_values: NullValues) -> str | tuple[str, ...] | tuple[tuple[str, str], ...] | None:
    if null_values is None or isinstance(null_values, str):
        return null_values
    if isinstance(null_values, Mapping):
        return tuple(null_values.items())
    return tuple(null_values)
