"""The method that looks at what would stand in the way of a query before anything is sent."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scalekit import run, targets
from scalekit.config import resolve
from scalekit.frame.base import FrameBase
from scalekit.targets.base import Target

if TYPE_CHECKING:
    from scalekit.display.preflight import Preflight


class PreflightMethods(FrameBase):
    """Look before you leap."""

    __slots__ = ()

    def preflight(
        self, backend: str | None = None, *, target: Any = None, **settings: Any
    ) -> Preflight:
        """Look at what would stand in the way of this plan before anything is sent; nothing runs or is started.

        It looks at whether the backend can run every step, the cluster is there and encrypted, its workers have
        the same versions, the paths, the modules and the credentials that the plan needs, functions can be sent,
        anything depends on an order of rows that is left open, and whether result and parts fit into memory. A
        cluster that is configured or connected is asked, with deadlines; of one that a query would start here,
        everything is looked at that can be without it.

        Parameters
        ----------
        backend
            Who is to run it; as for :meth:`collect` if None.
        target
            Where the rows are to be written, if they do not come here: a path or URI, as for :meth:`write_parquet`.
        settings
            As in :meth:`collect`; with ``storage_options`` for the target.

        Returns
        -------
        Preflight
            True where nothing stands in the way. It tells what was looked at and the ways out; ``.frame()`` has
            it in columns.

        Raises
        ------
        ConfigError
            For a backend that does not exist.

        Examples
        --------
        >>> import scalekit as sk
        >>> import threading
        >>> lock = threading.Lock()
        >>> def guarded(x):
        ...     with lock:
        ...         return x + 1
        >>> frame = sk.from_dict({"x": [1, 2]}).with_columns(y=sk.col("x").map_elements(guarded, sk.Int64))
        >>> bool(frame.preflight("polars"))
        True
        >>> found = frame.preflight("serial")
        >>> bool(found)
        False
        >>> found.errors[0].what
        "the function 'guarded' in map_elements() cannot be sent to a worker: its global variable 'lock' (lock): ..."
        """
        options = settings.pop("storage_options", None)
        config = resolve(backend=backend, **settings)
        decision = run.decide(self._plan, config)
        checks = import_module("scalekit.backends.preflight")  # which only this method needs
        query = checks.Query(
            plan=self._plan,
            optimized=run.optimized_plan(self._plan, config),
            backend=decision.backend,
            config=config,
            target=_as_target(target, options),
        )
        shown = import_module("scalekit.display.preflight").Preflight
        report: Preflight = shown(decision.backend, decision.reason, checks.look(query))
        return report


def _as_target(target: Any, options: Any) -> Target | None:
    if target is None or isinstance(target, Target):
        return target
    return targets.ParquetTarget(path=os.fspath(target), storage_options=options)
