"""Narwhals' lazy frame and functions over scalekit: every call adds a step to a plan, and nothing runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, Self

import polars as pl
from narwhals._polars.utils import narwhals_to_native_dtype, native_to_narwhals_dtype
from narwhals.utils import Implementation, Version

from scalekit import selectors
from scalekit.errors import UnsupportedError
from scalekit.expr import builders, correlation, horizontal, joining, shortcuts
from scalekit.frame.frame import Frame
from scalekit.frame.grouping import GroupBy
from scalekit.interop.eager import DeferredDataFrame
from scalekit.interop.expression import ScalekitExpr, forward, narwhals_errors, native
from scalekit.io import combine, files


class ScalekitLazyFrame:
    """A frame of scalekit behind Narwhals' interface.

    Parameters
    ----------
    frame
        The frame.
    version
        The version of Narwhals' interface that asks.
    """

    _implementation = Implementation.UNKNOWN

    def __init__(self, frame: Frame, *, version: Version) -> None:
        self._native_frame = frame
        self._version = version

    @property
    def native(self) -> Frame:
        """The frame of scalekit."""
        return self._native_frame

    def _with_version(self, version: Version) -> Self:
        return type(self)(self.native, version=version)

    def _wrap(self, frame: Frame) -> Self:
        return type(self)(frame, version=self._version)

    def __narwhals_lazyframe__(self) -> Self:
        return self

    def __narwhals_namespace__(self) -> ScalekitNamespace:
        return ScalekitNamespace(version=self._version)

    def to_narwhals(self) -> Any:
        """Narwhals' own lazy frame over this one."""
        return self._version.lazyframe(self, level="lazy")

    def __native_namespace__(self) -> ModuleType:
        return sys.modules["scalekit"]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return forward(self.native, name, self._wrap)

    def _do(self, method: str, *args: Any, **kwargs: Any) -> Self:
        result: Self = forward(self.native, method, self._wrap)(*args, **kwargs)
        return result

    @property
    def columns(self) -> list[str]:
        """Names of the columns; nothing runs."""
        return self.native.columns

    @property
    def schema(self) -> dict[str, Any]:
        """Names and Narwhals' types of the columns; nothing runs."""
        return self.collect_schema()

    def collect_schema(self) -> dict[str, Any]:
        """Names and Narwhals' types of the columns; nothing runs."""
        schema = self.native.collect_schema()
        return {n: native_to_narwhals_dtype(t, self._version) for n, t in schema.items()}

    def simple_select(self, *column_names: str) -> Self:
        """Keep columns by name."""
        return self._do("select", *column_names)

    def aggregate(self, *exprs: ScalekitExpr) -> Self:
        """One row of aggregates."""
        return self._do("select", *exprs)

    def cast(self, dtypes: Mapping[str, Any]) -> Self:
        """Change types of columns."""
        return self._do(
            "cast", {n: narwhals_to_native_dtype(t, self._version) for n, t in dtypes.items()}
        )

    def drop(self, columns: Sequence[str], *, strict: bool) -> Self:
        """Leave columns out."""
        return self._do("drop", *columns, strict=strict)

    def explode(
        self, columns: Sequence[str], *, empty_as_null: bool = True, keep_nulls: bool = True
    ) -> Self:
        """A row for each element of lists."""
        return self._do("explode", *columns, empty_as_null=empty_as_null, keep_nulls=keep_nulls)

    def unique(
        self, subset: Sequence[str] | None, *, keep: str, order_by: Any = None, **_: Any
    ) -> Self:
        """Distinct rows; the first or last in an order."""
        ordered = self._do("sort", order_by) if order_by else self
        return ordered._do("unique", subset, keep=keep)

    def with_row_index(self, name: str, order_by: Sequence[str]) -> Self:
        """Number the rows in an order."""
        return self._do("sort", *order_by)._do("with_row_index", name)

    def group_by(
        self, keys: Sequence[str] | Sequence[ScalekitExpr], *, drop_null_keys: bool
    ) -> Groups:
        """Group rows by keys."""
        frame = self._do("drop_nulls", list(keys)) if drop_null_keys else self
        with narwhals_errors():
            return Groups(frame, frame.native.group_by(*map(native, keys)))

    def collect(self, backend: Any, **settings: Any) -> Any:
        """Run the plan; Narwhals' frame over Polars (the default), pandas or PyArrow."""
        with narwhals_errors():
            match backend:
                case None | Implementation.POLARS:
                    rows: Any = self.native.collect(**settings)
                case Implementation.PANDAS:
                    rows = self.native.to_pandas(**settings)
                case Implementation.PYARROW:
                    rows = self.native.to_arrow(**settings)
                case _:
                    raise UnsupportedError(
                        f"collect({backend}): a scalekit Frame gives a polars, pandas or pyarrow frame"
                    )
        return self._version.namespace.from_native_object(rows).compliant.from_native(rows)

    def sink_parquet(self, file: Any) -> None:
        """Run the plan and write it; a file that exists already is an error, as everywhere in scalekit."""
        with narwhals_errors():
            self.native.write_parquet(file)


class Groups:
    """Groups of rows, waiting to be aggregated."""

    def __init__(self, compliant: ScalekitLazyFrame, groups: GroupBy[Frame]) -> None:
        self.compliant, self._groups = compliant, groups

    def agg(self, *aggs: ScalekitExpr) -> ScalekitLazyFrame:
        """One row for each group."""
        with narwhals_errors():
            return self.compliant._wrap(self._groups.agg(*map(native, aggs)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": shortcuts.all,
    "coalesce": joining.coalesce,
    "col": builders.col,
    "concat_str": joining.concat_str,
    "corr": correlation.corr,
    "cov": correlation.cov,
    "exclude": shortcuts.exclude,
    "len": shortcuts.len,
    "max_horizontal": horizontal.max_horizontal,
    "mean_horizontal": horizontal.mean_horizontal,
    "min_horizontal": horizontal.min_horizontal,
    "struct": joining.struct,
    "sum_horizontal": horizontal.sum_horizontal,
}
"""Functions that take what Narwhals gives."""


class ScalekitNamespace:
    """Functions that start expressions and frames.

    Parameters
    ----------
    version
        The version of Narwhals' interface that asks.
    """

    _implementation = Implementation.UNKNOWN
    _expr = ScalekitExpr

    def __init__(self, *, version: Version) -> None:
        self._version = version

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in FUNCTIONS:
            raise UnsupportedError(f"Narwhals' {name}() has no counterpart in scalekit")
        return lambda *args, **kwargs: self._call(FUNCTIONS[name], *map(native, args), **kwargs)

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> ScalekitExpr:
        with narwhals_errors():
            return ScalekitExpr(function(*args, **kwargs), version=self._version)

    def is_native(self, obj: object) -> bool:
        """Whether ``obj`` is a frame of scalekit."""
        return isinstance(obj, Frame)

    def from_native(self, data: Frame) -> ScalekitLazyFrame | DeferredDataFrame:
        """Wrap a frame.

        Narwhals' first version, which libraries that draw are built on, knows lazy frames only as something
        to refuse; there a frame is a DataFrame that runs its plan when its values are first looked at.
        """
        if self._version is Version.V1:
            return DeferredDataFrame(data, version=self._version)
        return ScalekitLazyFrame(data, version=self._version)

    def nth(self, indices: Sequence[int]) -> ScalekitExpr:
        """Columns by place."""
        return self._call(shortcuts.nth, *indices)

    def lit(self, value: Any, dtype: Any) -> ScalekitExpr:
        """A constant."""
        return self._call(
            builders.lit, value, dtype and narwhals_to_native_dtype(dtype, self._version)
        )

    def when_then(
        self, when: ScalekitExpr, then: ScalekitExpr, otherwise: ScalekitExpr | None = None
    ) -> ScalekitExpr:
        """A choice."""
        chosen = builders.when(when.native).then(then.native)
        return self._call(chosen.otherwise, None if otherwise is None else otherwise.native)

    def all_horizontal(self, *exprs: ScalekitExpr, ignore_nulls: bool) -> ScalekitExpr:
        """Whether all are true."""
        filled = [e.fill_null(value=True) if ignore_nulls else e for e in exprs]
        return self._call(horizontal.all_horizontal, *map(native, filled))

    def any_horizontal(self, *exprs: ScalekitExpr, ignore_nulls: bool) -> ScalekitExpr:
        """Whether any is true."""
        filled = [e.fill_null(value=False) if ignore_nulls else e for e in exprs]
        return self._call(horizontal.any_horizontal, *map(native, filled))

    def concat(self, items: Iterable[Any], *, how: str) -> ScalekitLazyFrame:
        """One frame from several."""
        frames = [item.native for item in items]
        with narwhals_errors():
            return ScalekitLazyFrame(combine.concat(frames, how=how), version=self._version)

    def scan_csv(self, source: Any, *, separator: str = ",", **options: Any) -> ScalekitLazyFrame:
        """A frame over CSV files."""
        frame = files.scan_csv(source, separator=separator, **options)
        return ScalekitLazyFrame(frame, version=self._version)

    def scan_parquet(self, source: Any, **options: Any) -> ScalekitLazyFrame:
        """A frame over Parquet files."""
        return ScalekitLazyFrame(files.scan_parquet(source, **options), version=self._version)

    @property
    def selectors(self) -> Selectors:
        """Columns by name and type."""
        return Selectors(self._version)


class Selectors:
    """Columns by name and type."""

    def __init__(self, version: Version) -> None:
        self._version = version

    def __getattr__(self, name: str) -> Any:
        return forward(selectors, name, self._wrap)

    def by_dtype(self, dtypes: Iterable[Any]) -> ScalekitExpr:
        """Columns of some types; a class such as ``Datetime`` stands for all of its units."""
        return self._wrap(selectors.by_dtype([self._native(dtype) for dtype in dtypes]))

    def _native(self, dtype: Any) -> Any:
        if isinstance(dtype, type):
            return getattr(pl, dtype.__name__)  # Narwhals' classes are named as Polars'
        return narwhals_to_native_dtype(dtype, self._version)

    def _wrap(self, selector: Any) -> ScalekitExpr:
        return ScalekitExpr(selector, version=self._version)
