"""Runs a plan in two ways and compares them: what everything that looks for a difference asks again and again."""

from __future__ import annotations

import time
from dataclasses import dataclass

import polars as pl

from scalekit.config import Config
from scalekit.errors import ScalekitError, UnsupportedError
from scalekit.plan.nodes import Plan
from scalekit.proof.compare import Compared, Mismatch, compare
from scalekit.proof.terms import Terms, leaves_ties_open, terms_of, without_ties
from scalekit.proof.ways import Execute, Way


class Deadline:
    """A point in time after which nothing more is tried."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def __bool__(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self._end


@dataclass(frozen=True)
class Trial:
    """Two ways of running plans, and how they are compared.

    Attributes
    ----------
    execute
        What runs a plan.
    config
        Settings of both ways.
    reference, way
        The two.
    ulps
        Steps that inexact floats may differ by.
    """

    execute: Execute
    config: Config
    reference: Way
    way: Way
    ulps: int

    def run(self, plan: Plan, way: Way) -> pl.DataFrame | ScalekitError:
        """The answer of one way, or the error that it raises."""
        try:
            return self.execute(plan, way.config(self.config))
        except ScalekitError as error:
            return error

    def mismatch(self, plan: Plan) -> Mismatch | None:
        """How the two differ on a plan; None too where the reference has no answer."""
        expected = self.run(plan, self.reference)
        if isinstance(expected, ScalekitError):
            return None
        answer = self.run(plan, self.way)
        return judged(answer, expected, terms_of(plan, self.ulps)).mismatch

    def is_tie(self, plan: Plan) -> bool:
        """Whether the two agree once every sort decides which row is first where rows tie."""
        return leaves_ties_open(plan) and self.mismatch(without_ties(plan)) is None


def judged(answer: pl.DataFrame | ScalekitError, expected: pl.DataFrame, terms: Terms) -> Compared:
    """Compare an answer; an error differs where there is an answer, and a refusal before it ran does not."""
    if isinstance(answer, UnsupportedError):
        return Compared(None)
    if isinstance(answer, ScalekitError):
        return Compared(
            Mismatch(f"it raised {type(answer).__name__}: {answer}", tuple(terms.schema))
        )
    return compare(answer, expected, terms)
