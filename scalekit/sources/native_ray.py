"""Ray Datasets as sources: what Ray knows of their types, and blocks read in order."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from scalekit.errors import InvalidOperationError, SchemaError, SourceError
from scalekit.sources.align import Types, declared_types
from scalekit.sources.announced_types import conformed, types_of_pandas, with_declared
from scalekit.sources.arrow_data import check_extension_types, unsliced
from scalekit.sources.base import Statistics
from scalekit.sources.failures import source_errors
from scalekit.sources.native import CollectionSource
from scalekit.sources.on_request import check_ray, ray_data

if TYPE_CHECKING:
    import pyarrow as pa

_UNKNOWN = Statistics()


@dataclass(frozen=True, eq=False, repr=False)
class RaySource(CollectionSource):
    """A ``ray.data.Dataset``; its splits are its blocks, where they exist already."""

    known: Statistics = _UNKNOWN
    blocks: int = 0
    job: str = ""

    @property
    def origin(self) -> str:
        """Always ``"ray"``."""
        return "ray"

    def splits(self) -> tuple[int | None, ...]:
        """Numbers of the blocks; one split for a dataset that is not materialized."""
        return tuple(range(self.blocks)) or (None,)

    def has_cheap_head(self) -> bool:
        """Whether the blocks exist already."""
        return self.blocks > 0

    def statistics(self) -> Statistics:
        """Rows and bytes of a materialized dataset."""
        return self.known

    def describe(self) -> str:
        """Blocks and columns."""
        state = f"{self.blocks} blocks" if self.blocks else "lazy"
        return f"Ray Dataset ({state}, {len(self.fields)} columns)"

    def _pieces(
        self, splits: tuple[Any, ...], names: list[str], limit: int | None
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        self.check_session()
        whole = splits == self.splits()
        tables = self._batches(names, limit) if whole else self._blocks(splits)
        while True:
            with source_errors(self.describe()):
                table = next(tables, None)
                if table is None:
                    return
                table = table.select(names)
                _check_ray_types(table.schema, what=self.describe())
                rows = pl.DataFrame(unsliced(table))
            yield f"a block of the {self.describe()}", rows

    def _batches(self, names: list[str], limit: int | None) -> Iterator[pa.Table]:
        """All rows, in the order of the dataset."""
        data = self.in_order(names)
        data = data if limit is None else data.limit(limit)
        yield from data.iter_batches(batch_size=None, batch_format="pyarrow")

    def in_order(self, names: list[str]) -> Any:
        """The dataset with these columns, and with the order of its rows, which Ray keeps on request only."""
        data = type(self.data).copy(self.data, _deep_copy=True)
        data.context.execution_options.preserve_order = True
        data.context.enable_progress_bars = False
        return data.select_columns(names) if len(names) < len(self.fields) else data

    def check_session(self) -> None:
        """Refuse blocks of a Ray that is gone.

        Raises
        ------
        SourceError
            Where Ray was started anew since.
        """
        if check_ray("reading a Ray Dataset") != self.job:
            raise SourceError(
                f"{self.describe()}: Ray was started anew since, and its blocks are gone; "
                "build the dataset again, and the frame with sk.from_ray"
            )

    def _blocks(self, splits: tuple[Any, ...]) -> Iterator[pa.Table]:
        import ray
        from ray.data.block import BlockAccessor

        entries = [e for bundle in self.data.iter_internal_ref_bundles() for e in bundle.blocks]
        for number in splits:
            yield BlockAccessor.for_block(ray.get(entries[number].ref)).to_arrow()


def ray_source(data: Any, *, schema_overrides: Mapping[str, Any] | None = None) -> RaySource:
    """A source over a ``ray.data.Dataset``; Ray may compute its first rows to learn its types.

    Raises
    ------
    InvalidOperationError
        For another object, and where Ray is not running.
    SchemaError
        For a column of Python objects or tensors, and for a dataset without rows or types.
    """
    import pyarrow as pa

    declared = declared_types(schema_overrides, what="from_ray")
    with ray_data("from_ray()") as module:
        if not isinstance(data, module.Dataset):
            raise InvalidOperationError(
                f"from_ray needs a ray.data.Dataset, not {type(data).__name__}"
            )
        job = check_ray("from_ray()")
        with source_errors("from_ray"):
            found = getattr(data.schema(), "base_schema", None)
    if found is None:
        raise SchemaError("from_ray: the dataset has no rows, and so no types; nothing to read")
    if isinstance(found, pa.Schema):
        _check_ray_types(found, what="from_ray")
        fields = with_declared(pl.DataFrame(found.empty_table()).schema, declared, what="from_ray")
    else:
        pandas = sys.modules["pandas"]
        columns = zip(found.names, found.types, strict=True)
        meta = pandas.DataFrame({name: pandas.Series(dtype=dtype) for name, dtype in columns})
        fields = types_of_pandas(meta, declared, what="from_ray")
    names, known, blocks = tuple(name for name, _ in declared), Statistics(), 0
    if isinstance(data, module.dataset.MaterializedDataset):
        known = Statistics(rows=data.count(), bytes=data.size_bytes(), exact=True)
        blocks = data.num_blocks()
    return RaySource(data, fields, names, known=known, blocks=blocks, job=job)


def block_refs(source: RaySource, names: list[str]) -> list[Any]:
    """References to the blocks of a dataset, in order; it is computed where it is not yet."""
    source.check_session()
    with ray_data("reading a Ray Dataset"), source_errors(source.describe()):
        data = source.data if source.blocks else source.in_order(names).materialize()
        return [e.ref for bundle in data.iter_internal_ref_bundles() for e in bundle.blocks]


def block_rows(
    block: Any, fields: Types, columns: tuple[str, ...], declared: tuple[str, ...], what: str
) -> pl.DataFrame:
    """The rows of a block, an Arrow table or a pandas frame, with the types that its dataset announced."""
    import pyarrow as pa

    table = (
        block if isinstance(block, pa.Table) else pa.Table.from_pandas(block, preserve_index=False)
    )
    if not table.num_columns and not table.num_rows:
        return pl.DataFrame(schema=dict(fields)).select(columns)
    table = table.select([name for name, _ in fields])
    _check_ray_types(table.schema, what=what)
    return conformed(pl.DataFrame(unsliced(table)), fields, declared, what=what).select(columns)


def _check_ray_types(schema: pa.Schema, *, what: str) -> None:
    for column in schema:
        name = getattr(column.type, "extension_name", "")
        if name.startswith("ray.data."):
            raise SchemaError(
                f"{what}: column {column.name!r} holds {'Python objects' if 'pickled' in name else 'tensors'}, which "
                "no column type can hold; leave it out with data.drop_columns, or convert it with data.map_batches"
            )
    check_extension_types(schema.serialize().to_pybytes(), what=what)
