"""Check the lines of a CSV file before Polars reads it: Polars fills short rows and takes blank lines for rows.

One pass over the lines, at the speed of Polars. A record may span lines where a quoted field holds line
ends: the number of quotes before a line says whether it starts inside such a field.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import polars as pl

from scalekit.errors import CorruptFileError, EmptyInputError, SchemaError
from scalekit.sources.csv_dialect import Dialect
from scalekit.sources.failures import source_errors
from scalekit.sources.redact import StorageOptions
from scalekit.sources.remote import open_file
from scalekit.sources.uri import File, scheme_of

_LINE = pl.col("line")
_HEADER_LINES = 1000
_OTHER_SEPARATORS = ",;\t|"
_LONE_RETURNS = "lines end with lone carriage returns; convert the line ends first"


@dataclass(frozen=True)
class Lines:
    """The shape of a file: its header, the lines before it, its records, and which of them are blank."""

    header: tuple[str, ...]
    skip: int
    records: int
    blanks: tuple[int, ...]
    hint: str | None = None


def check_lines(file: File, dialect: Dialect, options: StorageOptions, *, what: str) -> Lines:
    """Find the header, and refuse what would be read as something that it is not.

    Raises
    ------
    EmptyInputError
        For a file without any content.
    CorruptFileError
        For rows that are too long or too short, an unclosed quote, lone carriage returns, NUL bytes, and
        text that is not UTF-8; the message names the line.
    SchemaError
        For a header that names a column twice.
    """
    with source_errors(what, options=options):
        _check_start(file, options, what)
        lines = _scan_lines(file, dialect, options)
        skip, header = _find_header(lines, dialect, what)
        body = lines.slice(skip)
        if dialect.comment_prefix:
            body = body.filter(~_LINE.str.starts_with(dialect.comment_prefix))
        facts = _facts(body, dialect)
        _check_bytes(facts, what)
        is_quoted = dialect.quote_char is not None and facts["quotes"] > 0
        records, blanks = _check_records(body, header, dialect, what, is_quoted=is_quoted)
        return Lines(header, skip, records, blanks, _separator_hint(header, dialect, what))


def _check_start(file: File, options: StorageOptions, what: str) -> None:
    """Name what the first bytes show; other files would fail later with a puzzle."""
    with open_file(file.uri, options) as opened:
        start = bytes(opened.read(4)) if opened.size() else b""
    if not start:
        raise EmptyInputError(f"{what}: the file is empty; a header line at least is needed")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CorruptFileError(
            f"{what}: the text is UTF-16; convert it to UTF-8, for example with iconv"
        )
    if start == b"PK\x03\x04":
        raise CorruptFileError(f"{what}: this is a zip archive; unpack it first")


def _scan_lines(file: File, dialect: Dialect, options: StorageOptions) -> pl.LazyFrame:
    source: str | bytes = file.uri
    if dialect.encoding == "utf8-lossy":
        with open_file(file.uri, options) as opened:
            source = bytes(opened.read(opened.size())).decode("utf8", errors="replace").encode()
    is_remote = scheme_of(file.uri) is not None
    return pl.scan_lines(
        source, glob=False, storage_options=options.to_dict() or None if is_remote else None
    )


def _find_header(lines: pl.LazyFrame, dialect: Dialect, what: str) -> tuple[int, tuple[str, ...]]:
    """Lines to skip, and the fields of the first record."""
    texts = (
        lines.head(dialect.skip_rows + _HEADER_LINES)
        .collect()["line"]
        .to_list()[dialect.skip_rows :]
    )
    blank = 0
    while blank < len(texts) and texts[blank].lstrip("\ufeff") == "":
        blank += 1
    comment = dialect.comment_prefix
    kept = [text for text in texts[blank:] if not (comment and text.startswith(comment)) and text]
    if not kept:
        raise EmptyInputError(
            f"{what}: no line with content{' after skip_rows' if dialect.skip_rows else ''}"
        )
    kept[0] = kept[0].lstrip("\ufeff")
    reader = csv.reader(
        (f"{text}\n" for text in kept),
        delimiter=dialect.separator,
        quotechar=dialect.quote_char or '"',
        quoting=csv.QUOTE_NONE if dialect.quote_char is None else csv.QUOTE_MINIMAL,
    )
    try:
        first = next(reader)
    except csv.Error:
        raise CorruptFileError(f"{what}: {_LONE_RETURNS}") from None
    if dialect.has_header:
        _check_header(first, what)
    names = first if dialect.has_header else [f"column_{n}" for n in range(len(first))]
    return dialect.skip_rows + (0 if dialect.has_header else blank), tuple(names)


def _check_header(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        shown = ", ".join(map(repr, twice[:5]))
        raise SchemaError(
            f"{what}: the header names {shown} twice; rename, or pass has_header=False and schema="
        )


def _separator_hint(names: tuple[str, ...], dialect: Dialect, what: str) -> str | None:
    """A word to the user where one column with a telling name looks like a wrong separator."""
    others = [sep for sep in _OTHER_SEPARATORS if sep != dialect.separator and sep in names[0]]
    if len(names) > 1 or not others:
        return None
    best = max(others, key=names[0].count)
    return (
        f"{what}: only one column with separator {dialect.separator!r}, but its name {names[0]!r} holds "
        f"{best!r}; did you mean separator={best!r}?"
    )


def _facts(body: pl.LazyFrame, dialect: Dialect) -> dict[str, int]:
    quotes = (
        _LINE.str.count_matches(dialect.quote_char, literal=True).sum()
        if dialect.quote_char
        else pl.lit(0)
    )
    found = body.select(
        quotes=quotes,
        nuls=_LINE.str.contains("\0", literal=True).sum(),
        returns=_LINE.str.contains("\r", literal=True).sum(),
    ).collect()
    return found.row(0, named=True)


def _check_bytes(facts: dict[str, int], what: str) -> None:
    if facts["nuls"]:
        raise CorruptFileError(
            f"{what}: {facts['nuls']} lines hold NUL bytes; is the text UTF-16 or binary? Convert it first"
        )
    if facts["quotes"] % 2:
        raise CorruptFileError(
            f"{what}: a quote is never closed; repair the file, or pass quote_char=None"
        )
    if facts["returns"] and not facts["quotes"]:
        raise CorruptFileError(f"{what}: {_LONE_RETURNS}")


def _records(body: pl.LazyFrame, dialect: Dialect, *, is_quoted: bool) -> pl.LazyFrame:
    """One row for each record: its number, its separators outside of quotes, whether it is blank."""
    if not is_quoted:
        separators = _LINE.str.count_matches(dialect.separator, literal=True)
        return body.select(separators=separators, blank=_LINE == "", lone=False).with_row_index(
            "record"
        )
    quote = re.escape(dialect.quote_char or '"')
    quotes = _LINE.str.count_matches(quote)
    body = body.with_columns(quotes=quotes, inside=((quotes.cum_sum() - quotes) % 2) == 1)
    # The rest of a field that began on a line above gets its opening quote back, and goes with it.
    whole = pl.when("inside").then((dialect.quote_char or "") + _LINE).otherwise(_LINE)
    outside = whole.str.replace_all(rf"{quote}[^{quote}]*({quote}|$)", "")
    body = body.select(
        record=(~pl.col("inside")).cast(pl.UInt32).cum_sum() - 1,
        separators=outside.str.count_matches(dialect.separator, literal=True),
        blank=~pl.col("inside") & (_LINE == ""),
        lone=outside.str.contains("\r", literal=True),
        alone=~pl.col("inside") & (pl.col("quotes") % 2 == 0),
    )
    spread = body.filter(~pl.col("alone")).group_by("record")
    sums = spread.agg(pl.col("separators").sum(), pl.col("blank").any(), pl.col("lone").any())
    return pl.concat([body.filter("alone").drop("alone"), sums])


def _check_records(
    body: pl.LazyFrame, header: tuple[str, ...], dialect: Dialect, what: str, *, is_quoted: bool
) -> tuple[int, tuple[int, ...]]:
    """The number of records below the header, and which of them are blank."""
    records = _records(body, dialect, is_quoted=is_quoted)
    expected = len(header) - 1
    too_long = pl.lit(not dialect.truncate_ragged_lines) & (pl.col("separators") > expected)
    too_short = pl.lit(dialect.ragged == "raise") & (pl.col("separators") < expected)
    wrong = ~pl.col("blank") & (too_long | too_short)
    totals, bad, blanks = pl.collect_all(
        [
            records.select(count=pl.len(), lone=pl.col("lone").any()),
            records.filter(wrong).sort("record").head(1).select("record", "separators"),
            records.filter("blank").select(pl.col("record").sort()),
        ]
    )
    count, lone = totals.row(0)
    if lone:
        raise CorruptFileError(f"{what}: {_LONE_RETURNS}")
    if bad.height:
        record, separators = bad.row(0)
        _refuse_ragged(record, separators, header, what)
    positions = blanks["record"].to_list()
    leading = next((n for n, position in enumerate(positions) if position != n), len(positions))
    # Polars passes over blank lines above the header, and counts those below it as rows.
    shift = leading + 1 if dialect.has_header else 0
    return count - shift, tuple(position - shift for position in positions if position >= shift)


def _refuse_ragged(record: int, separators: int, header: tuple[str, ...], what: str) -> None:
    way_out = (
        "truncate_ragged_lines=True to drop what is too much"
        if separators >= len(header)
        else "ragged='null' to fill with null"
    )
    raise CorruptFileError(
        f"{what}: record {record + 1} (the header is 1) has {separators + 1} fields instead of {len(header)}; "
        f"repair the file, or pass {way_out}"
    )
