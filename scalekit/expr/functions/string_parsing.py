"""Functions between text and other types: dates and times, numbers, JSON, encodings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError, SchemaError
from scalekit.expr.checks import at_least, choice
from scalekit.expr.dtypes import to_dtype
from scalekit.expr.function import F, IntoExpr, Namespace, Operand, elementwise
from scalekit.expr.notations import json_path, text_of, time_format, time_zone
from scalekit.expr.operands import INTEGER, TEXT, Takes, takes

if TYPE_CHECKING:
    from scalekit.expr.expr import Expr

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_OFFSET = "(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_MOMENT = "%Y-%m-%dT%H:%M:%S%.f"

_REFUSED = "not ISO 8601: "
"""Put before a text of another form: no parser takes it then, and its error says why."""

_UNITS = ("ns", "us", "ms")


def _text(name: str, rest: Takes = TEXT, **spec: Any) -> Callable[[F], F]:
    """Declare ``.str.name`` of a text, its further operands being ``rest``."""
    return elementwise(f"str.{name}", resolve=takes(TEXT, rest), **spec)


def _to_date(
    text: pl.Expr, format: str | None, *, strict: bool, exact: bool, cache: bool
) -> pl.Expr:
    if format is not None:
        return text.str.to_date(format, strict=strict, exact=exact, cache=cache)
    iso = _iso(text, _DAY, lambda day: day, exact=exact)
    return iso.str.to_date("%Y-%m-%d", strict=strict, cache=cache)


def _to_time(text: pl.Expr, format: str | None, *, strict: bool, cache: bool) -> pl.Expr:
    if format is not None:
        return text.str.to_time(format, strict=strict, cache=cache)
    iso = _iso(text, _CLOCK, lambda clock: _filled(clock, "00:00:00"), exact=True)
    return iso.str.to_time("%H:%M:%S%.f", strict=strict, cache=cache)


def _iso(
    text: pl.Expr, form: str, prepare: Callable[[pl.Expr], pl.Expr], *, exact: bool
) -> pl.Expr:
    """A text ready for a parser, if it has an ISO form (somewhere within, unless ``exact``).

    Polars' parsers alone would not do: they take white space, signs and single digits.
    """
    found = text if exact else text.str.extract(f"({form})", 1)
    fits = text.str.contains(f"^{form}$") if exact else found.is_not_null()
    return pl.when(fits).then(prepare(found)).otherwise(pl.lit(_REFUSED) + text)


def _filled(text: pl.Expr, full: str, start: int = 0) -> pl.Expr:
    """Complete a text that breaks off by what the full form has from there on."""
    return text + pl.lit(full).str.slice(text.str.len_bytes().cast(pl.Int64) - start)


def _to_datetime(
    text: pl.Expr,
    format: str | None,
    *,
    time_unit: Any,
    time_zone: str | None,
    strict: bool,
    exact: bool,
    cache: bool,
    ambiguous: pl.Expr,
) -> pl.Expr:
    # Polars takes the unit from the format, and so from what the data look like.
    parse: dict[str, Any] = {"time_unit": time_unit or "us", "strict": strict, "cache": cache}
    if format is not None:
        return text.str.to_datetime(
            format, time_zone=time_zone, exact=exact, ambiguous=ambiguous, **parse
        )
    if time_zone is None:
        form = f"{_DAY}(?:[T ]{_CLOCK})?"
        return _iso(text, form, _moment, exact=exact).str.to_datetime(_MOMENT, **parse)
    form = f"{_DAY}(?:[T ]{_CLOCK}{_OFFSET}?)?"
    offset = text.str.extract(f"{_CLOCK}({_OFFSET})" + "$" * exact, 1)
    iso = _iso(text, form, lambda t: _moment(t.str.strip_suffix(offset.fill_null(""))), exact=exact)
    absolute = pl.when(offset.is_not_null()).then(iso + offset)
    clock = pl.when(offset.is_null()).then(iso).str.to_datetime(_MOMENT, **parse)
    return pl.coalesce(
        absolute.str.to_datetime(f"{_MOMENT}%#z", **parse).dt.convert_time_zone(time_zone),
        clock.dt.replace_time_zone(time_zone, ambiguous=ambiguous),
    )


def _moment(text: pl.Expr) -> pl.Expr:
    """A date, or a date and a time, in the one form that is parsed."""
    return _filled(text.str.replace(" ", "T", literal=True), "T00:00:00", start=10)


def _moment_arguments(**arguments: Any) -> None:
    """Check what ``to_datetime`` is given."""
    time_format()(**arguments)
    time_zone()(**arguments)
    if arguments["time_unit"] not in (None, *_UNITS):
        choice("time_unit", *_UNITS)(**arguments)
    known = text_of(arguments["ambiguous"])
    if known is not None:
        choice("ambiguous", "raise", "earliest", "latest", "null")(ambiguous=known)


class StringParsing(Namespace):
    """Functions between text and other types, behind ``.str``.

    A format is never guessed from the data: it is given, or else ISO 8601, as :meth:`to_datetime` lists.
    """

    @_text("to_date", kernel=_to_date, check=time_format())
    def to_date(
        self,
        format: str | None = None,
        *,
        strict: bool = True,
        exact: bool = True,
        cache: bool = True,
    ) -> Expr:
        """Parse dates.

        Parameters
        ----------
        format
            Such as ``"%d.%m.%Y"``; ISO 8601 (``2024-05-01``), if None. It is never guessed: ``01/02/2024``
            raises without one.
        strict
            Raise where a text is no date; otherwise give null.
        exact
            The whole text must be the date; otherwise it may stand anywhere within.
        cache
            Remember dates that repeat.

        Raises
        ------
        ComputeError
            While running, where a text is no date and ``strict`` is set.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["01.02.2024", "2024-02-01"]})
        >>> frame.select(
        ...     iso=sk.col("s").str.to_date(strict=False),
        ...     other=sk.col("s").str.to_date("%d.%m.%Y", strict=False),
        ... ).collect().rows()
        [(None, datetime.date(2024, 2, 1)), (datetime.date(2024, 2, 1), None)]
        """

    @_text("to_datetime", kernel=_to_datetime, check=_moment_arguments)
    def to_datetime(
        self,
        format: str | None = None,
        *,
        time_unit: str | None = None,
        time_zone: str | None = None,
        strict: bool = True,
        exact: bool = True,
        cache: bool = True,
        ambiguous: Operand = "raise",
    ) -> Expr:
        """Parse datetimes.

        Parameters
        ----------
        format
            Such as ``"%d.%m.%Y %H:%M"``; ISO 8601 (``2024-05-01T09:30``), if None. It is never guessed.
            With ``%z``, which reads an offset, the result is in UTC unless ``time_zone`` names another.
        time_unit
            ``"us"`` (also if None), ``"ms"`` or ``"ns"``.
        time_zone
            The result's zone. Texts with an offset are converted to it, others are taken as its clock.
        strict
            Raise where a text is no datetime; otherwise give null.
        exact
            The whole text must be the datetime; otherwise it may stand anywhere within.
        cache
            Remember datetimes that repeat.
        ambiguous
            What a clock means that shows the same time twice, in autumn: ``"raise"``, ``"earliest"``,
            ``"latest"`` or ``"null"``. A time that the clock skips in spring always raises.

        Raises
        ------
        ComputeError
            While running, where a text is no datetime and ``strict`` is set, and in gaps and folds.

        Notes
        -----
        A format is written in the directives of
        `chrono <https://docs.rs/chrono/latest/chrono/format/strftime>`_. Without one, these are taken:

        ========  ===============================================================================
        Date      ``2024-05-01``
        Time      ``09:30``, ``09:30:15``, ``09:30:15.25`` (one to nine digits)
        Datetime  a date alone (its midnight), or a date, then ``T`` or a space, then a time
        ... zone  the same, and after a time ``Z``, ``+02``, ``+0200`` or ``+02:00``
        ========  ===============================================================================

        A year has four digits and the rest two; there is no white space around, no week or ordinal date,
        no hour 24 and no leap second. Digits of a fraction that the time unit cannot hold are cut off.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["2024-05-01 09:30", "2024-05-01T09:30:15.25"]})
        >>> frame.select(sk.col("s").str.to_datetime()).collect()["s"].to_list()
        [datetime.datetime(2024, 5, 1, 9, 30), datetime.datetime(2024, 5, 1, 9, 30, 15, 250000)]
        """

    @_text("to_time", kernel=_to_time, check=time_format())
    def to_time(
        self, format: str | None = None, *, strict: bool = True, cache: bool = True
    ) -> Expr:
        """Parse times of day.

        Parameters
        ----------
        format
            Such as ``"%I:%M %p"``; ISO 8601 (``09:30``, ``09:30:15.25``), if None. It is never guessed.
        strict
            Raise where a text is no time; otherwise give null.
        cache
            Remember times that repeat.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["09:30"]}).select(sk.col("s").str.to_time()).collect().item()
        datetime.time(9, 30)
        """

    def strptime(
        self,
        dtype: Any,
        format: str | None = None,
        *,
        strict: bool = True,
        exact: bool = True,
        cache: bool = True,
        ambiguous: Operand = "raise",
    ) -> Expr:
        """Parse dates, datetimes or times of day: :meth:`to_date` and its like, by type.

        Parameters
        ----------
        dtype
            ``sk.Date``, ``sk.Datetime``, ``sk.Datetime("ms", "Europe/Vienna")`` or ``sk.Time``.
        format
            ISO 8601, if None. It is never guessed.
        strict
            Raise where a text has another form; otherwise give null.
        exact
            The whole text must have the form; otherwise it may stand anywhere within.
        cache
            Remember texts that repeat.
        ambiguous
            See :meth:`to_datetime`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["1/5/24"]}).select(sk.col("s").str.strptime(sk.Date, "%d/%m/%y")).collect().item()
        datetime.date(2024, 5, 1)
        """
        wanted = to_dtype(dtype)
        if wanted == pl.Date:
            return self.to_date(format, strict=strict, exact=exact, cache=cache)
        if wanted == pl.Time:
            return self.to_time(format, strict=strict, cache=cache)
        if isinstance(wanted, pl.Datetime):
            return self.to_datetime(
                format,
                time_unit=wanted.time_unit,
                time_zone=wanted.time_zone,
                strict=strict,
                exact=exact,
                cache=cache,
                ambiguous=ambiguous,
            )
        raise SchemaError(f"strptime() parses Date, Datetime and Time, not {wanted}: use .cast()")

    def to_integer(
        self, *, base: IntoExpr = 10, dtype: Any = pl.Int64, strict: bool = True
    ) -> Expr:
        """Parse integers.

        Parameters
        ----------
        base
            2 to 36; a string names a column.
        dtype
            The type of integer.
        strict
            Raise where a text is no such integer; otherwise give null. White space, underscores and
            prefixes as in ``0x10`` are not part of one.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["ff", "zz"]})
        >>> frame.select(sk.col("s").str.to_integer(base=16, strict=False)).collect()["s"].to_list()
        [255, None]
        """
        wanted = to_dtype(dtype)
        if not wanted.is_integer():
            raise SchemaError(f"to_integer() gives a type of integer, not {wanted}: use .cast()")
        if isinstance(base, int) and not 2 <= base <= 36:
            raise InvalidOperationError(f"base must lie between 2 and 36, got {base}")
        return self._to_integer(base=base, dtype=wanted, strict=strict)

    @_text("to_integer", rest=INTEGER)
    def _to_integer(self, *, dtype: pl.DataType, base: IntoExpr = 10, strict: bool = True) -> Expr:
        """Parse integers."""

    @_text("to_decimal", check=at_least("scale", 0))
    def to_decimal(self, *, scale: int) -> Expr:
        """Parse decimals, with precision 38; null where a text is none.

        ``.cast(sk.Decimal(38, scale))`` does the same and raises there.

        Parameters
        ----------
        scale
            Digits behind the point; further ones are rounded, half to even.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ["1.25", "x"]})
        >>> frame.select(sk.col("s").str.to_decimal(scale=1)).collect()["s"].to_list()
        [Decimal('1.2'), None]
        """

    def json_decode(self, dtype: Any) -> Expr:
        """Parse JSON into a type.

        Parameters
        ----------
        dtype
            The type, such as ``sk.Struct({"a": sk.Int64})``; keys that it does not name are left out.

        Raises
        ------
        ComputeError
            While running, where a text is no JSON, or a value is of another type.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ['{"a": 1, "b": 2}', None]})
        >>> frame.select(sk.col("s").str.json_decode(sk.Struct({"a": sk.Int64}))).collect()["s"].to_list()
        [{'a': 1}, None]
        """
        return self._json_decode(to_dtype(dtype))

    @_text("json_decode", raises=True)
    def _json_decode(self, dtype: pl.DataType) -> Expr:
        """Parse JSON into a type."""

    @_text("json_path_match", check=json_path)
    def json_path_match(self, json_path: Operand) -> Expr:
        """Take what a path points at in JSON, as text; null where there is nothing, or no JSON.

        Parameters
        ----------
        json_path
            Such as ``"$.a.b[0]"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"s": ['{"a": {"b": 1.5}}', "[]"]})
        >>> frame.select(sk.col("s").str.json_path_match("$.a.b")).collect()["s"].to_list()
        ['1.5', None]
        """

    @_text("encode", check=choice("encoding", "hex", "base64"))
    def encode(self, encoding: str) -> Expr:
        """Write the text's bytes in hexadecimal or base 64.

        Parameters
        ----------
        encoding
            ``"hex"`` or ``"base64"``.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["ab"]}).select(sk.col("s").str.encode("hex")).collect().item()
        '6162'
        """

    @_text("decode", check=choice("encoding", "hex", "base64"))
    def decode(self, encoding: str, *, strict: bool = True) -> Expr:
        """Read bytes that are written in hexadecimal or base 64.

        Parameters
        ----------
        encoding
            ``"hex"`` or ``"base64"``.
        strict
            Raise where a text is not so written; otherwise give null.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"s": ["6162"]}).select(sk.col("s").str.decode("hex")).collect().item()
        b'ab'
        """
