"""Ranks in ever finer bins: few passes, whatever the scores are, and the areas of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from scalekit.judge.metrics.ranking import average_precision, roc_auc
from scalekit.judge.statistics import Layout, tally
from scalekit.judge.statistics.ranks import (
    RanksFilling,
    block_cuts,
    counted,
    finer_edges,
    first_ranks,
    is_fine_by_block,
    score_bits,
)

RNG = np.random.default_rng(0)
N = 60_000
SIGNAL = RNG.normal(size=N)
Y = (SIGNAL + 2 * RNG.normal(size=N) > 2.0).astype(np.int64)
SHARE = 1 / (1 + np.exp(-SIGNAL))

SCORES = {
    "spread": SHARE,
    "one bin": 0.5 + 1e-6 * SHARE,
    "one bin and two far away": np.r_[0.0, 1.0, (0.5 + 1e-14 * SHARE)[2:]],
    "crowds in crowds": 0.5 + 10.0 ** -(2 + 12 * SHARE),
    "float32": SHARE.astype(np.float32),
    "near 1": 1 - 1e-12 * SHARE,
    "powers down to 1e-300": 10.0 ** (-300 * SHARE),
}


@pytest.mark.parametrize("room", [1 << 20, 500])
@pytest.mark.parametrize("kind", SCORES)
def test_passes_end_at_the_areas_of_the_rows(kind: str, room: int):
    score = SCORES[kind]
    layout = Layout("binary", ("m",), classes=(0, 1))
    ranks = first_ranks(tally(layout, Y, {"m": score}, np.arange(N) % 200), 0, 0)
    bits = score_bits(score)
    passes, most = 0, 3 if room > 1000 else 60
    while not ranks.is_exact and passes < most:
        edges = finer_edges(ranks, room)
        assert len(edges) <= len(ranks.low) + max(room, 2 * len(ranks.low))
        filling = RanksFilling(len(edges))
        for part in np.array_split(RNG.permutation(N), 3):
            filling.add(counted(edges, bits[part], Y[part] == 1, None))
        ranks = filling.ranks()
        passes += 1
    assert ranks.is_exact
    assert ranks.counts.sum() == N
    assert float(roc_auc(ranks.pooled)[0]) == pytest.approx(roc_auc_score(Y, score), abs=1e-6)
    wanted = average_precision_score(Y, score)
    assert float(average_precision(ranks.pooled)[0]) == pytest.approx(wanted, abs=1e-6)
    assert is_fine_by_block(ranks, block_cuts(ranks))


def test_ranks_of_one_kind_of_rows_or_of_none_leave_nothing_open():
    layout = Layout("binary", ("m",), classes=(0, 1))
    for y in (np.zeros(9, dtype=np.int64), np.ones(9, dtype=np.int64)):
        ranks = first_ranks(tally(layout, y, {"m": SHARE[:9]}, np.arange(9)), 0, 0)
        assert ranks.is_exact
    none = np.zeros(0, dtype=np.int64)
    assert first_ranks(tally(layout, none, {"m": SHARE[:0]}, none), 0, 0).is_exact
