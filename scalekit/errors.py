"""The exception tree: one branch for each stage of a query's life.

::

    ScalekitError
    ├── ConfigError                a setting has no meaning             (raised when it is set)
    ├── MissingDependencyError     an optional package is not installed (also an ImportError)
    ├── PlanError                  the query is wrong                   (raised while building)
    │   ├── ColumnNotFoundError    a column that does not exist
    │   ├── SchemaError            types that do not go together
    │   ├── DuplicateError         two columns of one name
    │   └── InvalidOperationError  an operation that has no meaning here
    ├── UnsupportedError           the backend cannot run it            (raised while lowering)
    │   └── NotDistributableError  an estimator that has no distributed fit
    ├── MemoryBudgetError          it would not fit, or did not         (raised before it starts, or when it is stopped)
    ├── ExecutionError             the backend failed                   (raised while running)
    │   ├── ComputeError           a value could not be computed
    │   └── ShapeError             lengths that do not go together
    ├── DataCheckError             data that break a rule               (raised by report.raise_for())
    ├── SourceError                data that cannot be read
    │   ├── PathNotFoundError      nothing there                        (also a FileNotFoundError)
    │   ├── AccessError            not allowed, expired or unreachable
    │   ├── CorruptFileError       not what its name or footer says
    │   ├── EmptyInputError        a file without any content
    │   ├── SchemaMismatchError    files of one source that differ
    │   └── SecurityError          content that asks to be executed
    ├── TargetError                a target that cannot be written
    │   ├── TargetExistsError      something is there already           (also a FileExistsError)
    │   └── WriteConflictError     another writer committed first
    └── TrackingError              a run or a model that cannot be used
        ├── RunNotFoundError       no run, model or alias of that name
        ├── ModelVersionError      a model that was saved under other versions
        ├── PromotionRefusedError  a promotion without a decision that allows it
        └── AliasConflictError     somebody else moved the alias first

A message names the thing, lists what exists and says the way out. ``hint`` builders are classmethods,
so that the wording of one mistake stands in one place.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self


class ScalekitError(Exception):
    """Base class of every error that scalekit raises on purpose."""


class ConfigError(ScalekitError, ValueError):
    """A setting has no meaning; raised when it is set or read."""

    @classmethod
    def unknown_choice(cls, what: str, given: object, known: Iterable[str], *, origin: str) -> Self:
        """Build the error for a value outside a closed list.

        Parameters
        ----------
        what
            The setting, such as ``"backend"``.
        given
            The value that was found.
        known
            The values that exist.
        origin
            Where the value came from, such as ``"SCALEKIT_BACKEND"``.
        """
        names = sorted(known)
        return cls(
            f"unknown {what} {given!r} (from {origin}){_nearest(str(given), names)}; "
            f"known: {', '.join(names)}"
        )


class MissingDependencyError(ScalekitError, ImportError):
    """An optional package is needed and not installed."""

    @classmethod
    def for_extra(cls, package: str, extra: str, *, purpose: str) -> Self:
        """Build the error that names the extra to install."""
        return cls(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'scalekit[{extra}]'"
        )


class PlanError(ScalekitError):
    """The query itself is wrong; raised by the method that the user called."""


class ColumnNotFoundError(PlanError):
    """A column that is referred to does not exist."""

    @classmethod
    def missing(
        cls, missing: Iterable[str], available: Iterable[str], *, what: str = "column"
    ) -> Self:
        """Build the error that lists the columns (or fields) that exist and names the nearest match."""
        known = list(available)
        names = list(missing)
        hints = "".join(_nearest(name, known) for name in names[:3])
        plural = "s" * (len(names) != 1)
        listed = ", ".join(map(repr, names))
        shown = ", ".join(map(repr, known[:40])) + (", ..." if len(known) > 40 else "")
        return cls(
            f"{what}{plural} {listed} not found{hints}; available: {shown or f'no {what}s at all'}"
        )


class SchemaError(PlanError):
    """Types that do not go together."""


class DuplicateError(PlanError):
    """Two output columns would have the same name."""

    @classmethod
    def columns(cls, names: Iterable[str], *, way_out: str = "rename one with .alias(...)") -> Self:
        """Build the error that lists the names that occur twice."""
        return cls(f"duplicate column names {', '.join(map(repr, names))}: {way_out}")


class InvalidOperationError(PlanError):
    """An operation that has no meaning for these types or in this place."""


class UnsupportedError(ScalekitError):
    """The chosen backend cannot keep the contract for this query; raised before any data moves."""


class NotDistributableError(UnsupportedError):
    """An estimator has no fit over partitions."""


class MemoryBudgetError(ScalekitError):
    """A query would pass the memory budget, or was stopped when it did; the session goes on."""

    @classmethod
    def over(cls, what: str, budget: str, *, holder: str = "", result: bool = False) -> Self:
        """Build the error that says what does not fit, who holds most of it, and the three ways out.

        Parameters
        ----------
        what
            The query and its size, such as ``"the query would hold at least 3.0 GiB"``.
        budget
            The budget and where it comes from.
        holder
            The operator that holds most.
        result
            Whether it is the rows of the result that do not fit, rather than what the query holds meanwhile.
        """
        most = f", most of it in {holder}" if holder else ""
        fewer = (
            "write it with write_parquet(), look at head() or sample(), or go through collect_batches()"
            if result
            else "take fewer rows or columns: filter(), select(), head(), sample(), and write_parquet() between steps"
        )
        return cls(
            f"{what}{most}, and the memory budget is {budget}. Ways out: a larger budget (memory_budget=, or "
            f"SCALEKIT_MEMORY_BUDGET); a cluster (backend='dask' or 'ray', or an address for 'auto'); or {fewer}"
        )


class ExecutionError(ScalekitError):
    """A backend failed while running a valid plan."""


class ComputeError(ExecutionError):
    """A value could not be computed, such as a strict cast that does not fit."""


class ShapeError(ExecutionError):
    """Lengths that do not go together."""


class DataCheckError(ScalekitError):
    """Data break a rule at a level that the caller does not accept; see :func:`scalekit.check`."""


class SourceError(ScalekitError):
    """Data that cannot be read."""


class PathNotFoundError(SourceError, FileNotFoundError):
    """A path, glob or folder that holds nothing to read."""


class AccessError(SourceError, PermissionError):
    """A source that may not be read: permissions, credentials, or an unreachable host."""


class CorruptFileError(SourceError):
    """A file that is not what its name or footer says."""


class EmptyInputError(SourceError):
    """A file without any content where a header at least is needed."""


class SchemaMismatchError(SourceError):
    """Files of one source whose schemas cannot be aligned."""


class SecurityError(SourceError):
    """A file whose content asks to be executed."""


class TargetError(ScalekitError):
    """A target that cannot be written."""


class TargetExistsError(TargetError, FileExistsError):
    """The target exists and ``mode="error"`` was asked for, which is the default."""


class WriteConflictError(TargetError):
    """Another writer committed first; nothing of this write is visible."""


class TrackingError(ScalekitError):
    """A run, a model or an alias that cannot be used."""


class RunNotFoundError(TrackingError):
    """No run, registered model, version or alias of that name."""

    @classmethod
    def missing(cls, what: str, given: str, known: Iterable[str], *, place: str) -> Self:
        """Build the error that lists what exists there and names the nearest match."""
        names = list(known)
        shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        return cls(
            f"no {what} {given!r} in {place}{_nearest(given, names)}; there: {shown or 'nothing'}"
        )


class ModelVersionError(TrackingError):
    """A saved model needs other versions of packages than those that are installed."""


class PromotionRefusedError(TrackingError):
    """A model was to be promoted without a decision that allows it; the message has the reasons."""


class AliasConflictError(TrackingError):
    """Somebody else moved the alias first; nothing was changed."""


class TrackingWarning(UserWarning):
    """A run could not be kept, or not mirrored; what was computed is not lost by it."""


class VerificationWarning(UserWarning):
    """A sample of a run has another answer on another backend, or could not be compared; see ``shadow=``."""


def _nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion such as ``" (did you mean 'carrier'?)"``, or nothing."""
    by_case = {k.lower(): k for k in known}
    close = get_close_matches(name.lower(), by_case, n=1, cutoff=0.6)
    return f" (did you mean {by_case[close[0]]!r}?)" if close else ""
