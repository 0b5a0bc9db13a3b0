"""What one pass over rows keeps of several models, and every number with its interval that is made of it.

1. :class:`Layout` says what is kept; it is fixed before the pass and sent to every worker.
2. :func:`tally` counts the rows of a part, for all models at once; :func:`joined` puts tallies together, in
   any order; :func:`empty` is the tally of an empty part.
3. ``results`` is a table of every metric, model and slice with intervals; ``paired`` one of
   differences on the same rows; curves come from the same tally. None of them reads a row again, so that they
   cost the same for a thousand rows and for a billion.
"""

from __future__ import annotations

from scalekit.judge.statistics.checked import positions
from scalekit.judge.statistics.counting import tally
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.tally import Tally, empty, joined

__all__ = ["Layout", "Tally", "empty", "joined", "positions", "tally"]
