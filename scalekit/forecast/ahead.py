"""Forecasts: read a sample, run the plan on it and on both halves of it, and tell what all rows would take."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit import run
from scalekit.config import Config
from scalekit.display.text import amount
from scalekit.expr.analysis import is_elementwise
from scalekit.forecast.leaves import Apart, taken_apart
from scalekit.forecast.memory import peak
from scalekit.forecast.outcome import Forecast, Step
from scalekit.forecast.rows import Sizes, full_sizes
from scalekit.forecast.timing import computing, reading
from scalekit.kernels.compile import to_lazy
from scalekit.plan.explain import detail, line, title
from scalekit.plan.nodes import Filter, Input, Join, Plan, Scan
from scalekit.sampling import in_short
from scalekit.sampling.setting import sampling_of
from scalekit.tree import walk

ENOUGH = 100_000
"""Rows of the largest source that a sample has where nobody names its share."""

LEAST, MOST = 0.01, 0.25
"""Between which that share is."""

FEW = 10
"""Rows of the sample below which a step tells little of all rows."""

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
    apart = taken_apart(optimized, cuts, config.sample or 1.0)
    whole = config.given("forecast", sample=1.0)
    decision = run.decide(plan, whole)
    read = [reading(leaf) for leaf in apart.leaves]
    tables = [to_lazy(leaf.plan).collect(engine="streaming") for leaf in apart.leaves]
    sample, full = full_sizes(apart, tables, [one.rows for one in read])
    here = decision.backend if decision.backend in HERE else "polars"
    seconds = computing(apart, tables, whole.given("forecast", backend=here))
    spent = sum(one.seconds for one in read)
    return Forecast(
        rows=full[apart.rest].rows,
        bytes=full[apart.rest].bytes,
        seconds=spent + seconds,
        reading=spent,
        memory=peak(plan, whole, decision.chosen, full[apart.rest].bytes),
        backend=decision.backend,
        reason=decision.reason,
        share=config.sample or 1.0,
        sample="all rows" if not cuts or sampling is None else in_short(sampling),
        steps=_steps(apart, sample, full),
        doubts=() if sampling is None else (*sampling.notes, *_doubts(apart, sample)),
    )


def _with_share(plan: Plan, config: Config) -> Config:
    if config.sample is not None and config.sample < 1:
        return config
    rows = [n.source.statistics().rows for n in walk(plan) if isinstance(n, Scan)]
    if any(known is None for known in rows):
        share = LEAST
    else:
        most = max([1, *(n for n in rows if n is not None)])
        share = float(f"{max(LEAST, min(MOST, ENOUGH / most)):.1g}")
    return config.given("forecast", sample=share)


def _doubts(apart: Apart, sample: Sizes) -> Iterator[str]:
    """Conditions that compare with what other rows give, of which there are some only, and steps of few rows."""
    for node in (node for node in walk(apart.rest) if node in sample):
        shown = apart.leaves[node.index].plan if isinstance(node, Input) else node
        if isinstance(node, Filter) and not is_elementwise(node.predicate):
            yield f"{line(node)}: what it compares with depends on how many rows there are"
        is_cut = isinstance(node, Input) and apart.leaves[node.index].cut is not None
        if (is_cut or isinstance(node, Filter | Join)) and sample[node].rows < FEW:
            yield f"{line(shown)}: {amount(sample[node].rows, 'row')} of the sample, too few to tell"
            return


def _steps(apart: Apart, sample: Sizes, full: Sizes) -> tuple[Step, ...]:
    found = []
    for node in (node for node in walk(apart.rest) if node in full):
        shown = apart.leaves[node.index].whole if isinstance(node, Input) else node
        told = full[node]
        found.append(Step(title(shown), detail(shown), sample[node].rows, told.rows, told.bytes))
    return tuple(found)
