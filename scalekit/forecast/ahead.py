"""Forecasts: read a sample, run the plan on it and on both halves of it, and tell what all rows would take."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit import run
from scalekit.config import Config
from scalekit.forecast.leaves import Leaf, taken_apart
from scalekit.forecast.memory import peak
from scalekit.forecast.outcome import Forecast, Step
from scalekit.forecast.rows import Sizes, full_sizes
from scalekit.forecast.timing import computing, reading
from scalekit.kernels.compile import to_lazy
from scalekit.plan.explain import detail, title
from scalekit.plan.nodes import Input, Plan, Scan
from scalekit.sampling import in_short
from scalekit.sampling.setting import sampling_of
from scalekit.tree import walk

ENOUGH = 100_000
"""Rows of the largest source that a sample has where nobody names its share."""

LEAST, MOST = 0.01, 0.25
"""Between which that share is."""

HERE = ("polars", "pandas", "serial")
"""Backends whose time is measured by running them; that of clusters is told by what Polars takes here."""


def forecast(plan: Plan, config: Config) -> Forecast:
    """Tell what ``plan`` takes and gives at full size.

    Parameters
    ----------
    plan
        The plan as it was written.
    config
        Settings; without ``sample`` a share is chosen by the rows of the sources.
    """
    config = _with_share(plan, config)
    sampling = sampling_of(plan, config)
    optimized = run.optimized_plan(plan, config)
    cuts = () if sampling is None else sampling.cuts
    rest, leaves = taken_apart(optimized, cuts, config.sample or 1.0)
    whole = config.given("forecast", sample=1.0)
    decision = run.decide(plan, whole)
    read = [reading(leaf) for leaf in leaves]
    tables = [to_lazy(leaf.plan).collect(engine="streaming") for leaf in leaves]
    sample, full = full_sizes(rest, leaves, tables, [one.rows for one in read])
    here = decision.backend if decision.backend in HERE else "polars"
    seconds = computing(rest, leaves, tables, whole.given("forecast", backend=here))
    spent = sum(one.seconds for one in read)
    return Forecast(
        rows=full[rest].rows,
        bytes=full[rest].bytes,
        seconds=spent + seconds,
        reading=spent,
        memory=peak(plan, whole, decision.backend),
        backend=decision.backend,
        reason=decision.reason,
        share=config.sample or 1.0,
        sample="all rows" if not cuts or sampling is None else in_short(sampling),
        steps=_steps(rest, leaves, sample, full),
    )


def _with_share(plan: Plan, config: Config) -> Config:
    if config.sample is not None and config.sample < 1:
        return config
    rows = [n.source.statistics().rows for n in walk(plan) if isinstance(n, Scan)]
    if any(known is None for known in rows):
        share = LEAST
    else:
        share = max(LEAST, min(MOST, ENOUGH / max([1, *(n for n in rows if n is not None)])))
    return config.given("forecast", sample=share)


def _steps(rest: Plan, leaves: Sequence[Leaf], sample: Sizes, full: Sizes) -> tuple[Step, ...]:
    found = []
    for node in walk(rest):
        if node in full:
            shown = leaves[node.index].whole if isinstance(node, Input) else node
            found.append(
                Step(
                    title(shown),
                    detail(shown),
                    sample[node].rows,
                    full[node].rows,
                    full[node].bytes,
                )
            )
    return tuple(found)
