"""Results as collections of Dask and Ray, for work that goes on there."""

from __future__ import annotations

from typing import Any

from scalekit import run
from scalekit.config import resolve
from scalekit.display.progress import progress
from scalekit.frame.base import FrameBase
from scalekit.frame.handover import arrow_table, check_types, pandas_frame
from scalekit.kernels.schema import schema_of
from scalekit.sources.base import Source
from scalekit.sources.memory import MemorySource
from scalekit.sources.on_request import check_ray, dask_dataframe, dask_frame, ray_dataset


class DistributedResultMethods(FrameBase):
    """Run a frame, and hand its rows to Dask or Ray."""

    __slots__ = ()

    def to_dask(self, **settings: Any) -> Any:
        """Run the plan and give a Dask DataFrame over its rows, with Arrow-backed dtypes.

        The plan runs now. Where it runs on the cluster of this session's Dask client, its rows stay there as the
        partitions; otherwise they are in this process, in partitions of about 128 MB.

        Parameters
        ----------
        settings
            As in :meth:`collect`.

        Raises
        ------
        SchemaError
            For a type that pandas does not have, such as Int128; nothing runs then.
        MissingDependencyError
            Where Dask is not installed.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, None, 3]}).to_dask()["x"].compute().tolist()
        [1, <NA>, 3]
        """
        check_types(schema_of(self._plan), "Dask", "to_dask()")
        dask_dataframe("to_dask()")
        rows = self._rows(settings)
        if (lent := rows.lend("dask")) is not None:
            return lent
        here = MemorySource(rows.read().collect())
        return dask_frame(pandas_frame(here.frame, "arrow"), len(here.splits()))

    def to_ray(self, **settings: Any) -> Any:
        """Run the plan and give a Ray Dataset over its rows.

        The plan runs now. Where it runs on Ray, its rows stay there as the blocks; otherwise they are put there
        in blocks of about 128 MB. Ray has to be running: start it with ``ray.init`` as fits this machine or
        cluster, since by itself it starts with ports open to the network.

        Parameters
        ----------
        settings
            As in :meth:`collect`.

        Raises
        ------
        SchemaError
            For a type that Arrow does not have, such as Int128; nothing runs then.
        InvalidOperationError
            Where Ray is not running.
        MissingDependencyError
            Where Ray is not installed.

        Notes
        -----
        Ray Data is imported for this, and what its import lets files do is taken back: see :func:`from_ray`.

        Examples
        --------
        >>> import scalekit as sk
        >>> sk.from_dict({"x": [1, 2]}).to_ray().count()  # doctest: +SKIP
        2
        """
        check_types(schema_of(self._plan), "Ray", "to_ray()")
        check_ray("to_ray()")
        rows = self._rows(settings)
        if (lent := rows.lend("ray")) is not None:
            return lent
        here = MemorySource(rows.read().collect())
        parts = [here.frame.slice(split.offset, split.rows) for split in here.splits()]
        return ray_dataset([arrow_table(part) for part in parts])

    def _rows(self, settings: dict[str, Any]) -> Source:
        config = resolve(**settings)
        with progress(config) as watch:
            return run.persist(self._plan, config, watch)
