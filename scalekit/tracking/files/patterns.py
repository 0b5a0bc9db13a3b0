"""Names against patterns of parts, for places that list whole trees."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile


def fits(name: str, pattern: Sequence[str]) -> bool:
    """Whether the parts of a name are those of a pattern; ``*`` stands for any one visible name.

    Examples
    --------
    >>> fits("churn/runs/01A/run.json", ("*", "runs", "*", "run.json"))
    True
    """
    parts = name.split("/")
    return len(parts) == len(pattern) and all(
        part == wanted or (wanted == "*" and not part.startswith("."))
        for part, wanted in zip(parts, pattern, strict=True)
    )


def fixed_part(pattern: Sequence[str]) -> str:
    """The folder above the first ``*``, with ``/`` at its end; nothing where that is the root.

    Examples
    --------
    >>> fixed_part(("registry", "churn", "*"))
    'registry/churn/'
    """
    fixed = list(takewhile(lambda part: part != "*", pattern[:-1]))
    return "".join(f"{part}/" for part in fixed)
