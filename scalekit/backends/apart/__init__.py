"""Queries that may not fit run in a process of their own: its end is an error here, and the session goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from scalekit.backends.apart.failures import too_large
from scalekit.backends.apart.folder import private_folder
from scalekit.backends.apart.leftovers import nothing_staged
from scalekit.backends.apart.messages import Job, result_of
from scalekit.backends.apart.parcel import cannot_go, mapped, pack
from scalekit.backends.apart.process import Process, is_possible
from scalekit.backends.base import Backend, WriteRequest
from scalekit.backends.budget import Budget
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.errors import MemoryBudgetError
from scalekit.kernels.schema import schema_of
from scalekit.plan.nodes import Plan
from scalekit.targets.base import WriteResult

__all__ = ["Apart", "Program", "is_possible"]


@dataclass(frozen=True)
class Program:
    """The plan, which goes to the other process, and what this one would run."""

    plan: Plan
    inside: Any


class Apart(Backend):
    """A backend of this machine, which runs in a process of its own under a limit.

    Parameters
    ----------
    inside
        The backend that runs there.
    budget
        What it may use.
    fits
        Whether it most likely fits: it then runs here where it cannot go anywhere.
    """

    def __init__(self, inside: Backend, budget: Budget, *, fits: bool) -> None:
        self.name = inside.name
        self._inside, self._budget, self._fits = inside, budget, fits

    def lower(self, plan: Plan, config: Config) -> Program:
        """Let the backend look at the plan here already: what it cannot run is refused before anything starts."""
        return Program(plan, self._inside.lower(plan, config))

    def execute(self, program: Program, config: Config, watch: Watch = UNWATCHED) -> pl.DataFrame:
        """Run the query there and map its result, whose file has no name any more."""
        with ExitStack() as stack:
            folder = stack.enter_context(private_folder())
            process = self._begun(self._job(program, config), folder, stack)
            if process is None:
                return self._inside.execute(program.inside, config, watch)
            for _ in process.listen(watch):
                pass
            return self._result(result_of(folder))

    def _result(self, path: Path) -> pl.DataFrame:
        size = path.stat().st_size
        if size > self._budget.bytes:
            raise too_large(self._budget, size)
        rows = mapped(path)
        path.unlink()
        return rows

    def batches(
        self, program: Program, config: Config, rows: int, watch: Watch = UNWATCHED
    ) -> Iterator[pl.DataFrame]:
        """Run the query there and have its rows sent, a batch at a time."""
        with ExitStack() as stack:
            folder = stack.enter_context(private_folder())
            process = self._begun(self._job(program, config, rows=rows), folder, stack)
            if process is None:
                yield from self._inside.batches(program.inside, config, rows, watch)
                return
            for sent in process.listen(watch):
                if sent is not None:
                    yield pl.read_ipc_stream(sent)

    def write(
        self, program: Program, request: WriteRequest, config: Config, watch: Watch
    ) -> WriteResult:
        """Run the query there and write its rows from there, all or nothing."""
        with ExitStack() as stack:
            folder = stack.enter_context(private_folder())
            stack.enter_context(nothing_staged(request.target))
            process = self._begun(self._job(program, config, request=request), folder, stack)
            if process is None:
                return self._inside.write(program.inside, request, config, watch)
            (written,) = process.listen(watch)
            assert isinstance(written, WriteResult)
            return written

    def show(self, program: Program) -> str:
        """What the backend shows, and where it runs."""
        return f"in a process of its own, limited to {self._budget}\n{self._inside.show(program.inside)}"

    def _job(self, program: Program, config: Config, **what: Any) -> Job:
        schema = tuple(schema_of(program.plan).items())
        return Job(program.plan, self._inside.name, config, schema, **what)

    def _begun(self, job: Job, folder: Path, stack: ExitStack) -> Process | None:
        """The process, at work on the job; None where the job cannot leave this one and most likely fits here."""
        process = stack.enter_context(
            Process(folder, self._budget)
        )  # it starts while the job is packed
        packed = cannot_go(partial(pack, job, job.plan, folder))
        if isinstance(packed, bytes):
            process.begin(packed)
            return process
        if self._fits:
            return None
        raise MemoryBudgetError.over(
            f"the query may pass the budget and cannot run in a process of its own, which could be stopped ({packed})",
            str(self._budget),
        )
