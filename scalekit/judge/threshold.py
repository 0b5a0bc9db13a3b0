"""From which probability on a row is called positive: chosen on the valid rows, applied to the test rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scalekit.judge.metrics.bins import score_edges
from scalekit.judge.statistics import Tally

HALF = 0.5


def choose_threshold(
    tallies: Mapping[str, Tally], model: str, *, in_folds: bool = False
) -> tuple[float | None, str]:
    """The threshold with the largest F1 among the valid rows, and where it comes from.

    Parameters
    ----------
    tallies
        By role.
    model
        Its name in the layout.
    in_folds
        Whether the test rows were each predicted by a model that had not seen them: the threshold is then chosen on
        them too, as there are no others.

    Returns
    -------
    threshold, origin
        An edge of a bin, at which counts are exact; None and no origin for other tasks than binary.

    Examples
    --------
    >>> import numpy as np
    >>> from scalekit.judge.statistics import Layout, tally
    >>> layout = Layout("binary", ("m",), classes=(0, 1))
    >>> score = np.array([0.1, 0.2, 0.3, 0.4])
    >>> valid = tally(layout, np.array([0, 0, 1, 1]), {"m": score}, np.arange(4))
    >>> threshold, origin = choose_threshold({"valid": valid, "test": valid}, "m")
    >>> 0.2 < threshold <= 0.3, origin
    (True, 'largest F1 among 4 valid rows')
    """
    if tallies["test"].layout.task != "binary":
        return None, ""
    role = "test" if in_folds else "valid"
    if role not in tallies:
        return HALF, "0.5, for there are no valid rows to choose it on"
    tally = tallies[role]
    found = _best(tally, model)
    if found is None:
        return HALF, f"0.5, for there is no positive among {tally.rows:,} {role} rows"
    same = " themselves, so that precision, recall and F1 are somewhat too good" * in_folds
    return found, f"largest F1 among {tally.rows:,} {role} rows{same}"


def _best(tally: Tally, model: str) -> float | None:
    """The edge of the bin from which on F1 is largest."""
    layout = tally.layout
    negatives, positives = tally.arrays["scores"][layout.model(model), 0].astype(np.float64)
    if not positives.sum():
        return None
    hits = positives[::-1].cumsum()[::-1]
    said = hits + negatives[::-1].cumsum()[::-1]
    has_rows = (positives + negatives) > 0
    f1 = np.where(has_rows, 2.0 * hits / (said + positives.sum()), -1.0)
    return float(score_edges(layout.fine_bins)[int(np.argmax(f1))])
