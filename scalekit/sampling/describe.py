"""A sample in words: in short for reprs and reports, in full for explain."""

from __future__ import annotations

from collections.abc import Iterator

from scalekit.plan.nodes import Scan
from scalekit.sampling.candidates import size
from scalekit.sampling.cuts import Cut
from scalekit.sampling.search import Sampling
from scalekit.sources.sizes import size_text

LARGE = 64 * 1024**2
"""Bytes above which a table that stays whole is a surprise."""
_LONGEST = 60


def share_text(share: float) -> str:
    """A share in per cent.

    Examples
    --------
    >>> share_text(0.01), share_text(0.125)
    ('1 %', '12.5 %')
    """
    return f"{share * 100:.4g} %"


def in_short(sampling: Sampling) -> str:
    """The sample in a few words."""
    if not sampling.cuts:
        return f"a sample of {share_text(sampling.share)} leaves every table whole"
    if all(cut.is_done for cut in sampling.cuts):
        return " and ".join(sorted({cut.scan.sampled.text for cut in sampling.cuts}))
    names = dict.fromkeys(_by(cut) for cut in sampling.cuts)
    return f"a sample of {share_text(sampling.share)} by {' = '.join(names)}"


def _by(cut: Cut) -> str:
    return "place" if cut.column is None else cut.column


def in_full(sampling: Sampling) -> str:
    """The sample in some lines: what is cut and by what, what stays whole, and what that means."""
    return "\n".join(_lines(sampling))


def _lines(sampling: Sampling) -> Iterator[str]:
    chosen = "; chosen from the plan, sample_on= names another key" if sampling.is_chosen else ""
    yield f"sample: {in_short(sampling)}{chosen}"
    for cut in sampling.cuts:
        done = ", as it was persisted" if cut.is_done else ""
        yield f"  {label(cut.scan)}: by {_by(cut)}{done}"
    for scan in sampling.whole:
        yield f"  {label(scan)}: whole, {size_text(size(scan))}"
    for group in sampling.thinned:
        yield f"  {group}: groups have about {share_text(sampling.share)} of their rows"
    for note in sampling.notes:
        yield f"  beware: {note}"


def label(scan: Scan) -> str:
    """What a source is called, its end first of all."""
    text: str = scan.source.describe()
    return text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"


def surprises(sampling: Sampling) -> str:
    """What nobody expects of a sample: large tables that stay whole; empty where there are none."""
    large = [f"{label(s)} ({size_text(size(s))})" for s in sampling.whole if size(s) > LARGE]
    if not large:
        return ""
    has_no_key = (
        "has no join key that could be cut" if sampling.is_chosen else "has none of its keys"
    )
    return (
        f"{in_short(sampling)}, but {', '.join(large)} stays whole, as it {has_no_key}: name a column of it in "
        "sample_on=, or take it as it is"
    )
