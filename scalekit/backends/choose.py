"""Which backend runs a plan, and why: a decision as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from scalekit.config import Config
from scalekit.plan.nodes import Plan, Scan
from scalekit.tree import walk

SMALL_PANDAS = 64 * 1024**2
"""Bytes up to which pandas input stays with pandas: below it, conversion costs more than it saves."""


@dataclass(frozen=True)
class Decision:
    """A backend and the reason for it, in words."""

    backend: str
    reason: str


def choose(plan: Plan, config: Config) -> Decision:
    """Decide who runs ``plan``: the configured backend, or for ``"auto"`` the one that fits its input."""
    if config.backend != "auto":
        return Decision(config.backend, "asked for")
    sources = [node.source for node in walk(plan) if isinstance(node, Scan)]
    homes = {home for source in sources if (home := getattr(source, "home", None)) is not None}
    if homes:
        home = min(homes)
        return Decision(home, f"auto: its input is persisted on {home}")
    origins = {getattr(source, "origin", "") for source in sources}
    if origins != {"pandas"}:
        return Decision("polars", "auto: input other than pandas frames runs on Polars")
    size = sum(source.statistics().bytes or 0 for source in sources)
    if size <= SMALL_PANDAS:
        return Decision(
            "pandas", f"auto: all input is pandas frames, {size:,} bytes, which is small"
        )
    return Decision("polars", f"auto: pandas input of {size:,} bytes is more than {SMALL_PANDAS:,}")
