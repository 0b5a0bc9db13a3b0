"""Runs a plan in several ways on a bounded part of its input, and says whether they agree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

import polars as pl

from scalekit.config import Config
from scalekit.errors import InvalidOperationError, ScalekitError, UnsupportedError
from scalekit.optimize import label_note
from scalekit.plan.explain import detail, line, title
from scalekit.plan.nodes import Plan, Scan
from scalekit.proof.difference import Difference
from scalekit.proof.sample import Bound, Sampled, sampled
from scalekit.proof.shrink import shrunk
from scalekit.proof.terms import ULPS, Terms, terms_of
from scalekit.proof.trial import Deadline, Trial, judged
from scalekit.proof.ways import Execute, Way
from scalekit.tree import children, walk


@dataclass(frozen=True)
class Limits:
    """How much is run, how far floats may differ, and how long a difference is made smaller."""

    bound: Bound = field(default_factory=Bound)
    ulps: int = ULPS
    seconds: float = 20.0
    total_seconds: float = float("inf")


@dataclass(frozen=True)
class Verified:
    """What was run, and what differed.

    Attributes
    ----------
    ways
        Those that answered; the first one is the reference.
    rows
        Rows of the reference's answer.
    differences
        For each way that differs, how.
    refused
        For each way that refused the plan before it ran, why.
    ties
        Ways that differ only in which of several rows that tie they took, which the plan leaves open.
    terms
        How answers were compared.
    ulps
        The largest distance of floats that did not count as a difference.
    sample
        Which part of the input was run.
    labels
        Steps that are not exact.
    fingerprint, versions, at
        Of what, by what and when.
    """

    ways: tuple[Way, ...]
    rows: int
    differences: Mapping[Way, Difference]
    refused: Mapping[Way, str]
    ties: tuple[Way, ...]
    terms: Terms
    ulps: int
    sample: Sampled
    labels: tuple[str, ...] = ()
    fingerprint: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def verify(
    plan: Plan, config: Config, found: Sequence[Way], execute: Execute, limits: Limits
) -> Verified:
    """Run ``plan`` in every way and compare each with the first one that does not refuse it.

    Raises
    ------
    ScalekitError
        What the reference raises.
    """
    deadline = Deadline(limits.total_seconds)
    reader = found[0]
    sample = sampled(plan, limits.bound, lambda p: execute(p, reader.config(config)))
    refused: dict[Way, str] = {}
    reference, expected = _reference(sample.plan, config, found, execute, refused)
    run = _Run(sample, config, execute, limits, reference, terms_of(sample.plan, limits.ulps))
    others = [way for way in found if way is not reference and way not in refused]
    answered = [reference]
    for way in others:
        if not deadline:
            break
        run.compare(way, expected, refused)
        answered += [way] if way not in refused else []
    if len(answered) < 2 and deadline:
        texts = "; ".join(f"{way}: {text}" for way, text in refused.items())
        raise InvalidOperationError(f"there is nothing to compare {reference} with: {texts}")
    return run.result(plan, expected, tuple(answered), refused)


def _reference(
    plan: Plan, config: Config, found: Sequence[Way], execute: Execute, refused: dict[Way, str]
) -> tuple[Way, pl.DataFrame]:
    """The first way that takes the plan, and its answer."""
    for way in found:
        try:
            return way, execute(plan, way.config(config))
        except UnsupportedError as error:
            refused[way] = str(error)
    raise UnsupportedError("; ".join(f"{way}: {text}" for way, text in refused.items()))


@dataclass
class _Run:
    """One verification, and what it found so far."""

    sample: Sampled
    config: Config
    execute: Execute
    limits: Limits
    reference: Way
    terms: Terms
    differences: dict[Way, Difference] = field(default_factory=dict)
    ties: list[Way] = field(default_factory=list)
    ulps: int = 0

    def compare(self, way: Way, expected: pl.DataFrame, refused: dict[Way, str]) -> None:
        """Run the plan one way and keep what differs."""
        trial = Trial(self.execute, self.config, self.reference, way, self.limits.ulps)
        answer = trial.run(self.sample.plan, way)
        if isinstance(answer, UnsupportedError):
            refused[way] = str(answer)
            return
        compared = judged(answer, expected, self.terms)
        self.ulps = max(self.ulps, compared.ulps)
        if compared.mismatch is None:
            return
        if not isinstance(answer, ScalekitError) and trial.is_tie(self.sample.plan):
            self.ties.append(way)
            return
        same = [d for d in self.differences.values() if d.text == compared.mismatch.text]
        seconds = self.limits.seconds / (4 if same else 1)
        self.differences[way] = shrunk(
            self.sample.plan, compared.mismatch, trial, self.sample.rows, seconds
        )

    def result(
        self, plan: Plan, expected: pl.DataFrame, ways: tuple[Way, ...], refused: dict[Way, str]
    ) -> Verified:
        """What was found, with what it holds for."""
        notes = ((line(step), label_note(step)) for step in walk(plan))
        return Verified(
            ways=ways,
            rows=expected.height,
            differences=self.differences,
            refused=refused,
            ties=tuple(self.ties),
            terms=self.terms,
            ulps=self.ulps,
            sample=self.sample,
            labels=tuple(f"{step}{note}" for step, note in notes if note),
            fingerprint=fingerprint(plan),
            versions=versions(way.backend for way in ways),
        )


def fingerprint(plan: Plan) -> str:
    """A name for a plan: the same for the same steps over sources of the same description."""
    places = {step: place for place, step in enumerate(walk(plan))}
    digest = hashlib.blake2b(digest_size=6)
    for step in places:
        below = [places[child] for child in children(step)]
        types = tuple(step.source.schema.items()) if isinstance(step, Scan) else ()
        digest.update(f"{title(step)} {detail(step)} {below} {types}\n".encode())
    return digest.hexdigest()


_PACKAGES = {"pandas": ("pandas",), "dask": ("dask", "distributed"), "ray": ("ray",)}


def versions(backends: Iterable[str]) -> dict[str, str]:
    """Versions of what ran: Python, scalekit, Polars, and the packages of the backends."""
    names = [
        "scalekit",
        "polars",
        *(p for b in dict.fromkeys(backends) for p in _PACKAGES.get(b, ())),
    ]
    found = {"python": python_version()}
    for name in names:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
