"""The sample that the settings ask for, of a plan: what it does, the plan over it, and what is said of it."""

from __future__ import annotations

from warnings import warn

from scalekit import sampling
from scalekit.config import Config
from scalekit.plan.nodes import Plan, Scan
from scalekit.sources.base import Source
from scalekit.tree import memo, walk


def sampling_of(plan: Plan, config: Config) -> sampling.Sampling | None:
    """What the settings' sample does to a plan; None where they ask for all rows."""
    share, on = config.sample, config.sample_on or ()
    if share is None or share == 1:
        return None
    return memo(plan, f"_sampling {share!r} {on!r}", lambda: sampling.decide(plan, share, on))


def sampled_plan(plan: Plan, config: Config) -> Plan:
    """The plan over the sample that the settings ask for."""
    found = sampling_of(plan, config)
    return plan if found is None else sampling.sampled(plan, found)


def sample_note(plan: Plan, config: Config) -> str:
    """What the rows of a plan are a sample of, in a few words; empty where they are all there."""
    found = sampling_of(plan, config)
    return _marks(plan) if found is None else sampling.in_short(found)


def sample_head(plan: Plan, config: Config) -> str:
    """The same in some lines, and a blank one, to stand above an explanation; empty where rows are all there."""
    found = sampling_of(plan, config)
    if found is not None:
        return f"{sampling.in_full(found)}\n  (from {config.origin('sample')})\n\n"
    text = _marks(plan)
    return f"sample: the plan reads {text}, which was persisted\n\n" if text else ""


def sampled_scan(source: Source, plan: Plan, config: Config) -> Scan:
    """A scan of the rows that a plan gave, which says so where they are a sample."""
    found = sampling_of(plan, config)
    if found is None and _marks(plan):
        found = sampling.decide(plan, 1, ())
    scan = Scan(source)
    return scan if found is None else sampling.marked_scan(scan, plan, found)


def warn_of_surprises(plan: Plan, config: Config) -> None:
    """Warn where a sample leaves a large table whole.

    Warns
    -----
    UserWarning
        Naming the table.
    """
    found = sampling_of(plan, config)
    text = "" if found is None else sampling.surprises(found)
    if text:
        warn(text, UserWarning, stacklevel=2)


def _marks(plan: Plan) -> str:
    """What the persisted rows that a plan reads are a sample of; empty where they are none."""
    texts = {n.sampled.text for n in walk(plan) if isinstance(n, Scan) and n.sampled is not None}
    return " and ".join(sorted(texts))
