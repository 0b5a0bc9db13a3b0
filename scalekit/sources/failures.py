"""Translate what Polars, Arrow and the operating system raise while reading into scalekit's own errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from scalekit.errors import (
    AccessError,
    CorruptFileError,
    EmptyInputError,
    PathNotFoundError,
    ScalekitError,
    SchemaError,
    SchemaMismatchError,
    SourceError,
)
from scalekit.sources.redact import StorageOptions, redact

# What a reader says, in the order in which it is asked; the first match decides.
_SAYINGS: tuple[tuple[re.Pattern[str], type[SourceError], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind, way_out)
    for pattern, kind, way_out in (
        (
            r"access.?denied|forbidden|unauthorized|unauthenticated|expired|invalid.?access.?key|credential"
            r"|signature.?does.?not.?match|\b40[13]\b|permission denied|InvalidToken|authentication",
            AccessError,
            "check the credentials in storage_options or in the environment",
        ),
        (
            r"dns error|resolve host|name or service not known|name resolution|error sending request"
            r"|could not connect|connection (?:refused|reset|timed)|timed? ?out|NETWORK_CONNECTION|unreachable",
            AccessError,
            "check the host name, the endpoint and the network",
        ),
        (
            r"no such (?:file|key|bucket)|NO_SUCH_|NoSuch(?:Key|Bucket)|not found: |\b404\b"
            r"|does not exist|expanded paths were empty",
            PathNotFoundError,
            "check the path; list the folder to see what is there",
        ),
        (
            r"could not parse (?s:.*) as dtype `str`",
            CorruptFileError,
            "text stands behind a closing quote: repair the file, or pass quote_char=None",
        ),
        (r"encrypt|decrypt", CorruptFileError, "the file is encrypted: decrypt it before reading"),
        (
            r"invalid utf-?8|not valid utf-?8",
            CorruptFileError,
            "the text is not UTF-8: convert it (scan_csv can replace what is not, with encoding='utf8-lossy')",
        ),
        (
            r"unexpected end of file|end of (?:file|stream) reached|corrupt|magic (?:number|bytes)|thrift"
            r"|out.of.spec|footer|deflate|gzip|zstd|snappy|lz4|checksum|truncated|not a parquet"
            r"|File must end with PAR1|too small|malformed|InvalidFlatbuffer|invalid compressed"
            r"|failed to fill whole buffer|invalid page|page header|page data",
            CorruptFileError,
            "the file is damaged or not of this format: write or download it again",
        ),
        (
            r"could not parse (?s:.*) at column|data type mismatch|schema names differ|schema lengths differ|not (?:specified|found) in (?:the )?schema"
            r"|extra column|missing column|outside of expected schema",
            SchemaMismatchError,
            "the files of one source must agree: see missing_columns= and extra_columns=",
        ),
    )
)


_READING = (
    OSError,
    EOFError,
    pl.exceptions.ComputeError,
    pl.exceptions.NoDataError,
    pl.exceptions.SchemaError,
    pl.exceptions.SchemaFieldNotFoundError,
)


@contextmanager
def source_errors(what: str, *, options: StorageOptions | None = None) -> Iterator[None]:
    """Raise every failure inside the block as one of scalekit's source errors.

    For blocks that do nothing but read: an unknown failure becomes a plain :class:`SourceError`. Where
    a user's expressions run as well, ask :func:`as_source_error`, which leaves their errors alone.

    Parameters
    ----------
    what
        What is read, as :meth:`Source.describe` gives it.
    options
        Options whose values must not show up in the message.

    Examples
    --------
    >>> with source_errors("CSV 'a.csv'"):
    ...     raise FileNotFoundError("no such file: a.csv")
    Traceback (most recent call last):
    scalekit.errors.PathNotFoundError: CSV 'a.csv': no such file: a.csv; check the path; ...
    """
    try:
        yield
    except ScalekitError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        known: ScalekitError | None = as_source_error(error, what, options=options)
        if isinstance(error, pl.exceptions.DuplicateError):
            known = SchemaError(
                f"{what}: {_first_lines(error, options)}; give each column its own name"
            )
        if known is None:
            known = SourceError(f"{what}: {_first_lines(error, options)}")
        # The original would repeat in the traceback what was hidden in the message.
        hides = redact(str(error), options) != str(error)
        raise known from (None if hides else error)


def as_source_error(
    error: BaseException, what: str, *, options: StorageOptions | None = None
) -> SourceError | None:
    """The source error that ``error`` stands for, or None where it does not come from reading.

    Parameters
    ----------
    error
        What a reader raised; Polars' panics, which are no ``Exception``, included.
    what
        What is read, as :meth:`Source.describe` gives it.
    options
        Options whose values must not show up in the message.
    """
    if isinstance(error, SourceError):
        return error
    text = _first_lines(error, options)
    if isinstance(error, pl.exceptions.PanicException):
        return SourceError(
            f"{what}: the reader failed ({text}); was the file replaced while it was read?"
        )
    is_arrow = type(error).__module__.startswith("pyarrow")
    if not (is_arrow or isinstance(error, _READING)) or str(error).startswith("conversion from"):
        return None
    if isinstance(error, FileNotFoundError):
        return PathNotFoundError(f"{what}: {text}; {_way_out_of(PathNotFoundError)}")
    if isinstance(error, PermissionError):
        return AccessError(f"{what}: {text}; {_way_out_of(AccessError)}")
    if isinstance(error, pl.exceptions.NoDataError):
        return EmptyInputError(f"{what}: nothing in it ({text})")
    for pattern, kind, way_out in _SAYINGS:
        if pattern.search(str(error)):
            return kind(f"{what}: {text}; {way_out}")
    return SourceError(f"{what}: {text}") if isinstance(error, OSError) else None


def _way_out_of(kind: type[SourceError]) -> str:
    return next(way_out for _, known, way_out in _SAYINGS if known is kind)


def _first_lines(error: BaseException, options: StorageOptions | None) -> str:
    """The cause without the reader's advice, which names options that scalekit does not have."""
    text = str(error).split("\n\nYou might want to try")[0].split("\n\nThis error occurred")[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return redact(" ".join(lines)[:500] or type(error).__name__, options)
