"""The figures: the gap from train to test (SKL07), the baselines (SKL08), slices that are worse (SKL12)."""

from __future__ import annotations

from math import hypot, isfinite, sqrt

import numpy as np

from scalekit.judge import statistics
from scalekit.judge.findings.look import Look, Said, fine, not_applicable, raised
from scalekit.judge.metrics.arrays import Array
from scalekit.judge.report import DUMMY, LINEAR
from scalekit.judge.statistics import Tally
from scalekit.judge.statistics.distributions import t_two_sided
from scalekit.judge.statistics.estimates import Estimates

GAP, SHARE = 0.03, 0.10
"""A gap of skill is looked at from the larger of this and of this share of the train skill."""
LARGE = 3.0
"""So many times as large it is a failure."""

LEAST_ROWS, LEAST_EVENTS = 200, 30
"""Rows, and rows of the rarer class, from which a slice is compared."""
WORSE = 0.03
"""The difference of skill from which a slice counts as worse, however many rows show it."""
FALSE = 0.05
"""The share of slices that are raised by chance among those that are raised (Benjamini and Hochberg, 1995)."""
WORSE_THAN_LINEAR = 0.01
"""The level at which a model is worse than the linear baseline."""


def overfit(look: Look) -> Said:
    """SKL07: how much of the skill on the training rows is lost on the test rows, beyond what chance gives."""
    if look.train is None or DUMMY not in look.layout.models:
        return not_applicable("there are no training rows that the model was asked about")
    primary, name, level = look.protocol.primary, look.report.name, look.protocol.ci.level
    train = statistics.skill(look.train, name, DUMMY, primary, level)
    test = statistics.skill(look.test, name, DUMMY, primary, level)
    if not all(map(isfinite, (*train, *test))):
        return not_applicable("the skill of the primary metric does not exist here")
    gap = train[0] - test[0]
    least = max(GAP, SHARE * abs(train[0]))
    by_chance = hypot(train[0] - train[1], test[2] - test[0])
    message = f"skill is {train[0]:.3f} on the training rows and {test[0]:.3f} on the test rows"
    if gap <= least or gap <= by_chance:
        return fine(gap, message)
    fix = "regularize more, or fit on more rows; the figures of the test rows hold, those of the training rows do not"
    return raised(gap, message, fix, fails=gap > LARGE * least)


def baselines(look: Look) -> Said:
    """SKL08: whether the model is better than the best constant, and no worse than the linear baseline."""
    skill = look.report.skill
    if skill is None:
        return not_applicable("there is no dummy to compare with")
    message = f"skill against the dummy is {skill.value:.3f} ({skill.low:.3f} to {skill.high:.3f})"
    fix = "look at the features and at the learning: what it says is not known to be better than a constant"
    if not skill.low > 0:
        return raised(skill.value, message, fix, fails=not skill.value > 0)
    worse = _worse_than_linear(look)
    if worse is not None:
        fix = "take the linear model, which is simpler, or look for what keeps this one from learning as much"
        return raised(skill.value, f"{message}, and {worse}", fix, fails=False)
    return fine(skill.value, message)


def _worse_than_linear(look: Look) -> str | None:
    if LINEAR not in look.layout.models or look.report.name == LINEAR:
        return None
    primary = look.protocol.primary
    paired = statistics.paired(
        look.test, LINEAR, look.report.name, [str(primary)], 1 - WORSE_THAN_LINEAR
    )
    for row in paired.iter_rows(named=True):
        if row["better"] is False:
            return f"{primary} is {row['b']:.4g}, of the linear baseline {row['a']:.4g}"
    return None


def slices(look: Look) -> Said:
    """SKL12: levels of slices in which the skill is lower than in the whole, by one-sided tests of all of them.

    Skill is against the best constant in the same rows, so that a level of rarer events is not worse for it. Levels of
    fewer than 200 rows, or 30 of the rarer class, are left out.
    """
    if not look.layout.levels or DUMMY not in look.layout.models:
        return not_applicable("the protocol has no slices")
    whole = _skill(look, None)
    levels = [place for place in range(len(look.layout.levels)) if _is_large(look, place)]
    if not levels or whole is None:
        return not_applicable(
            f"no slice has {LEAST_ROWS} rows and {LEAST_EVENTS} of the rarer class"
        )
    known = {place: found for place in levels if (found := _skill(look, place)) is not None}
    p = {place: _p_worse(found, whole) for place, found in known.items()}
    adjusted = (
        dict(zip(p, statistics.benjamini_hochberg(list(p.values())), strict=True)) if p else {}
    )
    worse = [
        place for place, q in adjusted.items() if q <= FALSE and whole[0] - known[place][0] >= WORSE
    ]
    if not worse:
        return fine(
            0.0, f"none of {len(known)} slices has less skill than the whole ({whole[0]:.3f})"
        )
    worse.sort(key=lambda place: known[place][0])
    shown = ", ".join(f"{'='.join(look.layout.levels[p])} ({known[p][0]:.3f})" for p in worse[:5])
    message = f"skill is {whole[0]:.3f}, and less in {shown}"
    fix = "look at the rows of these slices: missing features, other definitions, too few training rows"
    return raised(whole[0] - known[worse[0]][0], message, fix, fails=_is_useless(known[worse[0]]))


def _is_large(look: Look, place: int) -> bool:
    cells = look.layout.cells_of(place)
    if int(look.test.arrays["rows"][cells].sum()) < LEAST_ROWS:
        return False
    if not look.layout.is_classification:
        return True
    by_class = look.test.arrays["rows_of_class"][cells].sum(axis=0)
    return int(by_class[by_class > 0].min()) >= LEAST_EVENTS and int((by_class > 0).sum()) > 1


def _skill(look: Look, place: int | None) -> tuple[float, float, int] | None:
    """Skill against the dummy among the rows of a level, its standard error, and its degrees of freedom."""
    value, without = _skills(look.test, look, place)
    known = without[np.isfinite(without)]
    if not isfinite(value) or len(known) < 2:
        return None
    count = len(known)
    error = sqrt((count - 1) / count * float(((known - known.mean()) ** 2).sum()))
    return value, error, count - 1


def _skills(tally: Tally, look: Look, place: int | None) -> tuple[float, Array]:
    metric = look.layout.metric(_loss(look))
    mine, constant = (
        Estimates(tally, look.layout.model(name), place, look.report.threshold)
        for name in (look.report.name, DUMMY)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 1.0 - mine.value(metric) / constant.value(metric)
        without = 1.0 - mine.values_without(metric) / constant.values_without(metric)
    return float(value[0]), without[:, 0]


def _loss(look: Look) -> str:
    """A loss that the dummy has too: the primary metric, or the task's."""
    primary = str(look.protocol.primary)
    is_loss = look.layout.metric(primary).direction == "down"
    return primary if is_loss else LOSSES[look.layout.task]


LOSSES = {
    "binary": "log_loss", "multiclass": "log_loss", "regression": "rmse", "count": "rmse",
    "quantile": "pinball", "forecast": "mae",
}  # fmt: skip
"""What skill is measured by where the primary metric is no loss."""


def _p_worse(found: tuple[float, float, int], whole: tuple[float, float, int]) -> float:
    """The chance of so low a skill in a slice that is no worse than the whole."""
    difference = found[0] - whole[0]
    if not found[1] > 0:
        return 1.0
    two_sided = t_two_sided(difference / found[1], found[2])
    return two_sided / 2 if difference < 0 else 1 - two_sided / 2


def _is_useless(found: tuple[float, float, int]) -> bool:
    """Whether there is surely no skill."""
    return found[0] + 2 * found[1] < 0
