"""Work without rows on the workers: one part for each errand, so that they run at the same time."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from scalekit import parts
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.learn.passes.fused import Failure
from scalekit.learn.passes.requests import Errands
from scalekit.plan.nodes import Scan
from scalekit.sources.memory import memory_source


def run_errands(request: Errands, config: Config, watch: Watch) -> list[Any]:
    """The results, in the order of the payloads."""
    packed = [pickle.dumps(payload, protocol=5) for payload in request.payloads]
    plan = Scan(memory_source(pl.DataFrame({"payload": packed})))
    config = config.given("a fit", partitions=len(packed), partition_bytes=1)
    found = []
    for answers in parts.answers(plan, Ran(request.function), config, watch):
        for answer in answers:
            if isinstance(answer, Failure):
                raise answer.error
            found.append(answer)
    return found


@dataclass(frozen=True, eq=False)
class Ran:
    """From payloads to their results."""

    function: Callable[[Any], Any]

    @property
    def __name__(self) -> str:
        """What a plan shows of it."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __call__(self, rows: pl.DataFrame) -> list[Any]:
        """Run them."""
        return [self._result(payload) for payload in rows["payload"]]

    def _result(self, payload: bytes) -> Any:
        try:
            return self.function(pickle.loads(payload))
        except Exception as error:
            return Failure(error, 0)
