"""The versions on which answers rest: the same in this process and on every worker, or nothing runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import polars as pl

from scalekit.errors import ExecutionError, MissingDependencyError


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs on one machine; a package that is not installed, or that nobody asked for, has None."""

    python: str
    polars: str | None
    scalekit: str | None
    pyarrow: str | None = None
    cloudpickle: str | None = None


class VersionsDifferError(ExecutionError):
    """Workers on which the same query could mean something else."""


def versions_here() -> Versions:
    """The versions of this process; a worker is asked for its own by running this there.

    Examples
    --------
    >>> from scalekit.backends.tasks.versions import versions_here
    >>> versions_here() == versions_here()
    True
    """
    python = ".".join(map(str, sys.version_info[:3]))
    ours = _installed("scalekit") or "of unknown version"  # a folder that was shipped
    return Versions(python, pl.__version__, ours, _installed("pyarrow"), _installed("cloudpickle"))


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # or without metadata
        return None


def check_versions(engine: str, extra: str, workers: Mapping[str, Versions]) -> None:
    """Refuse workers on which the same query could mean something else.

    Parameters
    ----------
    engine
        As a message names it, such as ``"Dask"``.
    extra
        The extra of scalekit that workers need, such as ``"dask"``.
    workers
        The versions of each worker, by its address.

    Raises
    ------
    MissingDependencyError
        Where workers lack scalekit or Polars: with the command that installs it there.
    VersionsDifferError
        Where they have others than this process: with both sides of each difference.
    """
    here = versions_here()
    bare = [name for name, found in workers.items() if not (found.scalekit and found.polars)]
    install = f"pip install 'scalekit[{extra}]=={here.scalekit}' 'polars=={here.polars}'"
    if bare:
        what = "scalekit" if workers[bare[0]].scalekit is None else "Polars"
        raise MissingDependencyError(
            f"{what} is not installed on {_listed(bare, len(workers))} of {engine}: run  {install}  in the "
            "environment of the workers, or let scalekit ship itself: sk.configure(ship=True)"
        )
    differing = [
        text
        for label, mine, theirs in _compared(here, workers)
        if (text := _difference(label, mine, theirs))
    ]
    if differing:
        raise VersionsDifferError(
            f"this process and the workers of {engine} differ, and answers could with them: {'; '.join(differing)}. "
            f"Run  {install}  on the workers, under Python {_minor(here.python)}, or start a session with theirs"
        )


def other_versions(workers: Mapping[str, Versions]) -> list[str]:
    """Differences that change no answer by themselves, but how values and functions travel."""
    here = versions_here()
    compared = [
        ("PyArrow", here.pyarrow, {w: v.pyarrow for w, v in workers.items() if v.pyarrow}),
        ("cloudpickle", here.cloudpickle, {w: v.cloudpickle for w, v in workers.items() if v.cloudpickle}),
    ]  # fmt: skip
    told = (_difference(label, str(mine), theirs) for label, mine, theirs in compared if theirs)
    return [text for text in told if text]


def _compared(
    here: Versions, workers: Mapping[str, Versions]
) -> list[tuple[str, str, dict[str, str]]]:
    return [
        # Functions travel as byte code, which every minor version of Python has changed.
        ("Python", _minor(here.python), {w: _minor(v.python) for w, v in workers.items()}),
        # Its hash is stable within a version only, and rows are exchanged by it.
        ("Polars", str(here.polars), {w: str(v.polars) for w, v in workers.items()}),
        ("scalekit", str(here.scalekit), {w: str(v.scalekit) for w, v in workers.items()
                                          if "unknown" not in str(v.scalekit)}),
    ]  # fmt: skip


def _difference(label: str, mine: str, theirs: Mapping[str, str]) -> str:
    others = sorted({found for found in theirs.values() if found != mine})
    if not others:
        return ""
    where = [
        f"{found} on {_listed([w for w, v in theirs.items() if v == found], len(theirs))}"
        for found in others
    ]
    return f"{label} {mine} here, {', '.join(where)}"


def _listed(names: list[str], total: int) -> str:
    if len(names) == total and total > 1:
        return f"all {total} workers"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{'worker' if len(names) == 1 else 'workers'} {shown}"


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
