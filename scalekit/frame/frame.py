"""The public frame: its methods, gathered from where each group of them is written."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Concatenate, ParamSpec, TypeVar

from scalekit.frame.columns import ColumnMethods
from scalekit.frame.distributed import DistributedResultMethods
from scalekit.frame.forecasting import ForecastMethods
from scalekit.frame.grouping import GroupMethods
from scalekit.frame.inspection import InspectionMethods
from scalekit.frame.joins import JoinMethods
from scalekit.frame.preflight import PreflightMethods
from scalekit.frame.reshaping import ReshapeFrameMethods
from scalekit.frame.results import ResultMethods
from scalekit.frame.rows import RowMethods
from scalekit.frame.summaries import SummaryMethods
from scalekit.frame.tracebacks import folded
from scalekit.frame.writing import WriteMethods

P = ParamSpec("P")
T = TypeVar("T")


class Frame(
    ColumnMethods,
    RowMethods,
    GroupMethods,
    JoinMethods,
    ReshapeFrameMethods,
    SummaryMethods,
    InspectionMethods,
    PreflightMethods,
    ForecastMethods,
    WriteMethods,
    ResultMethods,
    DistributedResultMethods,
):
    """A lazy table: every method adds a step to its plan, and nothing runs until a result is asked for.

    Frames come from ``sk.scan_*`` and ``sk.from_*``. They are immutable and cheap.

    Examples
    --------
    >>> import scalekit as sk
    >>> frame = sk.from_dict({"carrier": ["AA", "UA", "AA"], "delay": [10, 20, 30]})
    >>> frame.group_by("carrier").agg(sk.col("delay").mean()).sort("carrier").collect().rows()
    [('AA', 20.0), ('UA', 20.0)]
    """

    __slots__ = ()

    def pipe(
        self, function: Callable[Concatenate[Frame, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Pass this frame to a function, so that steps read from top to bottom."""
        return function(self, *args, **kwargs)


def _called_after_the_frame() -> None:
    """Let Python's own errors say ``Frame.drop()``, whichever file a method is written in."""
    for part in Frame.__mro__:
        for name, method in vars(part).items():
            if isinstance(method, FunctionType) and method.__module__.startswith("scalekit.frame"):
                method.__qualname__ = f"Frame.{name}"
                method.__module__ = Frame.__module__  # where pickle finds it under this name


def _fold_errors() -> None:
    """Let errors of public methods point at the line that called them."""
    for part in Frame.__mro__[1:-1]:
        for name, method in vars(part).items():
            is_public = not name.startswith("_") or name.startswith("__array")
            if isinstance(method, FunctionType) and is_public and name not in vars(Frame):
                setattr(Frame, name, folded(method))


_called_after_the_frame()
_fold_errors()
