"""Section 10: where the figures come from, so that somebody else can make them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scalekit.display.text import duration_text
from scalekit.judge.pages.blocks import Block, Facts, Section, Sentence
from scalekit.judge.pages.figures import count_text, figure_text

if TYPE_CHECKING:
    from scalekit.judge.report import Report

_NAMES = {
    "protocol_id": "Protocol",
    "fingerprints": "Fingerprint of rows",
    "schema": "Fingerprint of the schema",
    "rows": "Rows",
    "rows_from": "Rows got their roles by",
    "threshold_from": "Threshold from",
    "backend": "Backend",
    "exactness": "Exactness",
    "training": "Training of the model",
    "latency": "Seconds a row",
    "sizes": "Bytes of the model",
    "versions": "Versions",
    "git_commit": "Git commit",
    "seconds": "Took",
    "passes": "Passes over the rows",
    "at": "At (UTC)",
    "run": "Run",
}
"""Keys of a report's provenance that are shown, in this order; ``notes`` stand in the verdict."""
_ELSEWHERE = frozenset({"notes", "features", "feature_types"})


def section(report: Report) -> Section:
    """Everything that identifies the rows, the model and the code.

    Parameters
    ----------
    report
        The report.
    """
    return Section(
        "provenance",
        "10. Provenance",
        (*provenance(report.provenance), *_protocol(report.protocol.to_dict())),
    )


def provenance(given: Mapping[str, Any]) -> Iterator[Block]:
    """The facts that are known; those of unknown keys last, by their own names."""
    others = {key: key for key in given if key not in _NAMES and key not in _ELSEWHERE}
    names = {**_NAMES, **others}
    pairs = tuple(
        (name, _value(key, given[key]))
        for key, name in names.items()
        if given.get(key) not in (None, "", {}, ())
    )
    features = given.get("features") or ()
    listed = (
        (("Features", f"{len(features)}: {', '.join(map(str, features))}"),) if features else ()
    )
    yield (
        Facts(pairs + listed)
        if pairs or listed
        else Sentence("Nothing is known of where the figures come from.")
    )


def _value(key: str, value: Any) -> str:
    if key == "seconds" and isinstance(value, int | float):
        return duration_text(value)
    return _text(value)


def _text(value: Any) -> str:
    """Values within each other, in one line."""
    match value:
        case Mapping():
            return "; ".join(f"{key} {_text(one)}" for key, one in value.items())
        case list() | tuple():
            return ", ".join(map(_text, value))
        case bool():
            return "yes" if value else "no"
        case int():
            return count_text(value)
        case float():
            return figure_text(value)
    return str(value)


def _protocol(given: Mapping[str, Any]) -> Iterator[Block]:
    """The protocol, key by key, so that it can be written down again."""
    known = tuple(
        (key, _text(value)) for key, value in given.items() if value not in (None, "", {}, [], ())
    )
    yield Sentence("The protocol, by which others can judge in the same way:")
    yield Facts(known)
