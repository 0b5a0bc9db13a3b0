"""Which backend runs a plan, and why: the quickest of the ways that fit this machine or a cluster that is there."""

from __future__ import annotations

from collections.abc import Sequence

from scalekit.backends.admission import Kind
from scalekit.backends.candidates import alone, weighed
from scalekit.backends.decision import Candidate, Decision
from scalekit.backends.registry import find_backend
from scalekit.config import Config
from scalekit.plan.nodes import Plan, Scan
from scalekit.sources.sizes import size_text, time_text
from scalekit.tree import walk

LOYALTY = 1.2
"""How many times as long the way that ran last may take, and is kept: near a border, sessions do not flap."""

RISK = {"in-memory": 1.1}
"""What the seconds of an engine count: in memory, Polars is much slower where it is slower, and little quicker else."""


class _Last:
    """What ran last in this process."""

    name: str = ""


def choose(plan: Plan, config: Config, kind: Kind = "collect") -> Decision:
    """Decide who runs ``plan``: the configured backend, or for ``"auto"`` the quickest way that fits.

    A cluster is never started for ``"auto"``: one that is configured, or that this process is connected to, is a
    way like others, and the one that remains where nothing fits here.

    Parameters
    ----------
    plan
        An optimized plan.
    config
        Settings.
    kind
        What becomes of the rows.

    Raises
    ------
    ConfigError
        For a backend that does not exist.
    """
    if config.backend != "auto":
        find_backend(config.backend, config.origin("backend"))
        found = alone(plan, config, kind)
        return Decision(found, _asked(found), (found,))
    homes = {home for s in _scans(plan) if (home := getattr(s.source, "home", None)) is not None}
    if homes:
        home = min(homes)
        return Decision(Candidate(home, home), f"auto: its input is persisted on {home}")
    ways = weighed(plan, config, kind)
    if config.deterministic:  # streaming adds floats in any order
        ways = tuple(way for way in ways if way.engine != "streaming")
    chosen = _best(ways)
    return Decision(chosen, f"auto: {_words(chosen, ways)}", ways)


def remember(decision: Decision) -> None:
    """Keep in mind what runs now, which the next choice prefers where little speaks against it."""
    if len(decision.candidates) > 1:
        _Last.name = decision.chosen.name


def _scans(plan: Plan) -> list[Scan]:
    return [node for node in walk(plan) if isinstance(node, Scan)]


def _best(ways: Sequence[Candidate]) -> Candidate:
    """The quickest of those that most likely fit; else of those that may; else the first, which says why not."""
    for group in (_fitting(ways), [way for way in ways if way.is_possible]):
        if group:
            best = min(group, key=_weight)
            last = [way for way in group if way.name == _Last.name]
            return last[0] if last and _weight(last[0]) <= LOYALTY * _weight(best) else best
    return ways[0]


def _fitting(ways: Sequence[Candidate]) -> list[Candidate]:
    return [
        way for way in ways if way.is_possible and (way.admission is None or way.admission.fits)
    ]


def _weight(way: Candidate) -> float:
    return way.time * RISK.get(way.engine, 1.0)


def _asked(way: Candidate) -> str:
    """Of a backend that was asked for: that, and where it runs unless that goes without saying."""
    if way.admission is None or way.admission.place == "here":
        return "asked for"
    verb = "does not run" if way.admission.place == "refused" else "runs"
    return f"asked for; {verb} {way.admission.reason}"


def _words(chosen: Candidate, ways: Sequence[Candidate]) -> str:
    """What the way takes, what the next best would, and what does not fit."""
    if not chosen.is_possible:
        assert chosen.admission is not None
        return f"nothing fits: {chosen.admission.reason}"
    parts = [f"{chosen.name} would take about {time_text(chosen.time)}"]
    if chosen.peak is not None and not chosen.origin:
        parts[0] += f" and {size_text(round(chosen.peak.guess))}"
    if chosen.place == "child":
        assert chosen.admission is not None
        parts.append(f"{chosen.admission.reason}")
    others = sorted((way for way in ways if way is not chosen), key=_weight)
    parts += [_against(way) for way in others]
    return "; ".join(parts)


def _against(way: Candidate) -> str:
    if not way.is_possible:
        return f"{way.name} would not fit"
    text = f"{way.name} {time_text(way.time)}"
    return f"{text} in a process of its own" if way.place == "child" else text
