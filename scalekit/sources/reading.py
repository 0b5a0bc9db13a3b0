"""Errors while a query runs: which of them come from its sources, and which sources changed under it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import polars as pl

from scalekit.errors import ScalekitError, SourceError
from scalekit.sources.base import Source
from scalekit.sources.failures import as_source_error


@contextmanager
def reading_errors(sources: Iterable[Source]) -> Iterator[None]:
    """Raise what reading ``sources`` raises as a source error; a user's own mistakes pass unchanged.

    Parameters
    ----------
    sources
        The sources of the plan that runs inside the block; looked at only when something is raised.

    Raises
    ------
    SourceError
        For a file that was replaced while it was read (run the query again: it sees the new file), and
        for one that turns out to be damaged, gone, or not readable any more.
    """
    try:
        yield
    except ScalekitError:
        raise
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        known = tuple(sources)
        changed = [source.describe() for source in known if source.is_stale()]
        if changed:
            raise SourceError(
                f"{', '.join(changed)}: replaced while it was read; run the query again"
            ) from None
        if isinstance(error, pl.exceptions.PanicException) or not known:
            raise
        found = as_source_error(error, ", ".join(source.describe() for source in known[:3]))
        if found is None:
            raise
        raise found from None
