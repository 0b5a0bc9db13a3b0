"""What one pass over rows keeps of several models, and every number with its interval that is made of it.

1. :class:`Layout` says what is kept; it is fixed before the pass and sent to every worker.
2. :func:`tally` counts the rows of a part, for all models at once; :func:`joined` puts tallies together, in
   any order; :func:`empty` is the tally of an empty part. :func:`positions` makes targets of labels.
3. :func:`results` is a table of every metric, model and slice with intervals; :func:`paired` one of
   differences on the same rows, of one tally or of two; :func:`skill` compares with a baseline;
   :func:`agreement` says how alike two models are; :func:`holm` and :func:`benjamini_hochberg` are for many
   p values at once.
4. ``scalekit.judge.statistics.curves`` (ROC, precision and recall, gain, reliability), ``.thresholds`` (thresholds,
   costs, confusion) and ``.residuals`` (errors, bias by prediction, predicted against actual) are what pictures are
   made of, with bands.
5. :func:`to_tables` and :func:`from_tables` store a tally as Arrow tables.

Nothing after the pass reads a row again, so that it costs the same for a thousand rows and for a billion.
"""

from __future__ import annotations

from scalekit.judge.statistics.agreeing import Agreement, agreement
from scalekit.judge.statistics.checked import positions
from scalekit.judge.statistics.counting import tally
from scalekit.judge.statistics.layout import Layout
from scalekit.judge.statistics.multiple import benjamini_hochberg, holm
from scalekit.judge.statistics.pairing import paired, skill
from scalekit.judge.statistics.results import results
from scalekit.judge.statistics.tables import from_tables, to_tables
from scalekit.judge.statistics.tally import Tally, absorbed, empty, joined

__all__ = [
    "absorbed",
    "Agreement",
    "Layout",
    "Tally",
    "agreement",
    "benjamini_hochberg",
    "empty",
    "from_tables",
    "holm",
    "joined",
    "paired",
    "positions",
    "results",
    "skill",
    "tally",
    "to_tables",
]
