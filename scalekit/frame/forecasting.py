"""The method that tells what a plan takes at full size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scalekit import forecast
from scalekit.config import resolve
from scalekit.frame.base import FrameBase

if TYPE_CHECKING:
    from scalekit.forecast import Forecast


class ForecastMethods(FrameBase):
    """Look ahead."""

    __slots__ = ()

    def forecast(self, **settings: Any) -> Forecast:
        """Run the plan on a sample, and tell what it would take and give on all rows.

        The sources are read once as they are, or as much of them as tells how long that takes; everything after
        that runs on the sample, on either half of it, and on nothing. Rows that belong to one key each
        grow with the share; how many groups there are is told by how many of them both halves have.

        Parameters
        ----------
        settings
            As in :meth:`collect`; ``sample=`` and ``sample_on=`` say which sample, and without them a share of
            some 100,000 rows of the largest source is taken.

        Returns
        -------
        Forecast
            ``rows`` and ``bytes`` of the result, ``seconds``, ``memory``, ``backend``; ``frame()`` has the rows and
            bytes of every step.

        Examples
        --------
        >>> import scalekit as sk
        >>> frame = sk.from_dict({"k": [1, 2, 2, 3], "x": [1, 2, 3, 4]})
        >>> found = frame.group_by("k").agg(sk.col("x").sum()).forecast()
        >>> found.rows, found.backend
        (3, 'polars')
        """
        return forecast.forecast(self._plan, resolve(**settings))
