"""Runs fits: answers what their adapters ask for, with one reading of the rows for all that is asked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import add
from typing import Any, TypeAlias

import polars as pl

from scalekit import parts, run
from scalekit.backends.watch import Watch
from scalekit.config import Config
from scalekit.errors import InvalidOperationError
from scalekit.expr.node import Opaque
from scalekit.kernels.schema import schema_of
from scalekit.learn.passes.batch import HASH, KEPT, POSITION, Batch, read
from scalekit.learn.passes.errands import run_errands
from scalekit.learn.passes.fused import TARGETS, WEIGHT, Failure, Fused, Project, folded
from scalekit.learn.passes.gang import working
from scalekit.learn.passes.gathered import listed, stacked
from scalekit.learn.passes.requests import (
    Errands,
    Gang,
    Gather,
    Joint,
    Keep,
    Pass,
    Request,
    Steps,
    Stream,
)
from scalekit.learn.passes.sharing import Sharing
from scalekit.learn.passes.steps import Unweighted
from scalekit.learn.passes.views import Table, Target, View, Where
from scalekit.learn.roles import Roles
from scalekit.plan.nodes import Limit, MapBatches
from scalekit.sources.footer import width as bytes_of

ROOM = 0.6
"""Share of the memory of those who work that a kept matrix may take."""

FEW, MANY = 20, 1000
"""Rows in which a kept matrix shows what it holds; more where a view leaves none of the first."""

TOPICS = 3
"""What a pass is about, in the progress bar: so many things are named, others counted."""

Single: TypeAlias = Pass | Keep | Gather | Stream | Gang | Errands


class Driver:
    """Reads the rows of one fit as often as its adapters ask, and counts how often.

    Parameters
    ----------
    config
        Settings; its backend is the one that works.
    watch
        Is told which pass is under way.
    """

    def __init__(self, config: Config, watch: Watch) -> None:
        self._config = config
        self._watch = watch
        self.passes = 0
        self.rows = 0
        self._sharing = Sharing()

    def run(self, steps: Steps) -> Any:
        """Run a fit to its end, and give what it returns."""
        answer: Any = None
        while True:
            try:
                request = steps.send(answer)
            except StopIteration as end:
                return end.value
            answer = self.answer(request)

    def answer(self, request: Request) -> Any:
        """What is asked for: passes over one table in one reading, then all else in order."""
        asked = [replace(one, view=self._sharing.view(one.view)) for one in _singles(request)]
        singles = [_gathering(one) if isinstance(one, Gather) else one for one in asked]
        answers: dict[int, Any] = {}
        for table, passes in _by_table(singles):
            answers.update(zip(passes, self._read(table, passes.values()), strict=True))
        for number in (n for n, one in enumerate(asked) if isinstance(one, Gather)):
            answers[number] = stacked(answers[number])
        others = {n: one for n, one in enumerate(singles) if not isinstance(one, Pass)}
        answers.update({number: self._other(one) for number, one in others.items()})
        return _shaped(request, iter(answers[number] for number in range(len(singles))))

    def _other(self, request: Single) -> Any:
        match request:
            case Keep() if _is_kept(request):
                return request.view
            case Keep():
                return self._sharing.kept(request) or self._keep(request)
            case Stream():
                return self._stream(request)
            case Errands():
                return run_errands(request, self._config, self._watch)
            case Gang():
                work = working(request)
                return parts.gang(
                    request.view.table.plan, work, self._config, self._begin(work.name)
                )
        raise TypeError(f"a fit asked for {type(request).__name__}, which nobody answers")

    # passes

    def _read(self, table: Table, asked: Iterable[Pass]) -> list[Any]:
        """One reading of a table; the answers of each pass folded from the left, in the order of the parts."""
        passes = list(asked)
        shared = _unique(passes)
        unique = list(dict.fromkeys(shared))
        watch = self._begin(_topics(passes))
        found: list[Any] = [None] * len(unique)
        rows = 0
        for height, answers in self._answers(table, Fused.of(table.roles, unique), watch):
            rows += height
            for number, answer in enumerate(answers):
                found[number] = folded(unique[number].combine, found[number], answer)
        self.rows = max(self.rows, rows)
        for one, answer in zip(unique, found, strict=True):
            if answer is None:
                raise InvalidOperationError(_NO_ROWS.format(what=one.what or "a step"))
        by_pass = dict(zip(unique, found, strict=True))
        return [by_pass[one] for one in shared]

    def _answers(
        self, table: Table, function: Callable[[pl.DataFrame], Any], watch: Watch
    ) -> Iterator[Any]:
        for answer in parts.answers(table.plan, function, self._config, watch):
            if isinstance(answer, Failure):
                answer.error.add_note(f"while a pass read {answer.rows:,} rows of a part")
                raise answer.error
            yield answer

    def _begin(self, what: str) -> Watch:
        self.passes += 1
        words = f"pass {self.passes}" + (f": {what}" if what else "")
        self._watch.step(words)
        return _Named(self._watch, words, self.passes)

    # rows that stay, and rows that come here

    def _keep(self, request: Keep) -> View:
        project = self._projected(request)
        table = request.view.table
        size = self._size(table, project)
        if not self._fits(size):
            return request.view
        plan = MapBatches(table.plan, Opaque(project), project.schema)
        kept = run.persist_scan(plan, self._config, self._begin(request.what))
        names = [name for name, _ in project.schema]
        targets = tuple(name for name in names if name in TARGETS)
        weight = WEIGHT if WEIGHT in names else None
        found = View(Table(kept, Roles((KEPT,), targets, weight)))
        self._sharing.keep(request, found, size or 0)
        return found

    def _projected(self, request: Keep) -> Project:
        """How the matrix is made; what it holds is seen on the first rows."""
        view = request.view
        batch = self._first(view)
        roles = view.table.roles
        known: list[tuple[str, pl.DataType]] = [(KEPT, pl.Array(pl.Float64, batch.matrix.shape[1]))]
        y = batch.y
        if y is not None:
            columns = [y] if y.ndim == 1 else list(y.T)
            known += [(name, pl.Series(c).dtype) for name, c in zip(TARGETS, columns, strict=False)]
        if batch.weight is not None:
            known.append((WEIGHT, pl.Float64()))
        if POSITION in schema_of(view.table.plan):
            known.append((POSITION, schema_of(view.table.plan)[POSITION]))
        if request.hashed:
            known.append((HASH, pl.UInt64()))
        return Project(roles, view.steps, tuple(known), roles.columns if request.hashed else ())

    def _first(self, view: View) -> Batch:
        """Some rows of a view: the first of the table, unless its steps leave none of these."""
        plan = view.table.plan
        first = _after(read(run.collect(Limit(plan, 0, FEW), self._config), view.table.roles), view)
        if first.height:
            return first
        for batch in self._batches(view, MANY):
            return batch
        raise InvalidOperationError(_NO_ROWS.format(what="a step"))

    def _size(self, table: Table, project: Project) -> int | None:
        """Bytes that the kept table takes, by what is known of the rows."""
        rows = run.estimates(table.plan)[table.plan].rows
        width = sum(bytes_of(dtype) for _, dtype in project.schema)
        return None if rows is None else round(rows.guess * width)

    def _fits(self, size: int | None) -> bool:
        """Whether all kept tables take no more than their share of memory."""
        room = parts.room(self._config)
        return size is None or room is None or self._sharing.bytes + size <= ROOM * room

    def _stream(self, request: Stream) -> Iterator[Batch]:
        self._begin(request.what)
        return self._batches(request.view, request.rows)

    def _batches(self, view: View, rows: int) -> Iterator[Batch]:
        roles = view.table.roles
        for frame in parts.even_batches(view.table.plan, self._config, rows):
            batch = _after(read(frame, roles), view)
            if batch.height:
                yield batch


def _after(batch: Batch, view: View) -> Batch:
    for step in view.steps:
        batch = step(batch) if batch.height else batch
    return batch


_NO_ROWS = "no rows are left for {what}: look at the frame's filters and joins with frame.explain()"


class _Named(Watch):
    """A watch that says of each stage which pass it belongs to."""

    def __init__(self, watch: Watch, what: str, number: int) -> None:
        self._watch = watch
        self._what = what
        self._number = number

    def stage(self, name: str, place: int, done: int, total: int, size: int) -> None:  # noqa: ARG002
        """Tell how many parts of the pass are done."""
        self._watch.stage(self._what, self._number, done, total, 0)


def _gathering(request: Gather) -> Pass:
    """All rows, as a pass: a list of those of each batch, which are put together in the end."""
    return Pass(request.view, listed, add, what=request.what)


def _topics(passes: Sequence[Pass]) -> str:
    """What passes are about, in a line that a person reads."""
    topics = list(dict.fromkeys(one.what for one in passes if one.what))
    more = f" and {len(topics) - TOPICS} more" if len(topics) > TOPICS else ""
    return ", ".join(topics[:TOPICS]) + more


def _unique(passes: list[Pass]) -> list[Pass]:
    """For each pass the first that asks the same of the same view: what several candidates need is computed once."""
    first: dict[Any, Pass] = {}
    return [first.setdefault(_identity(one), one) for one in passes]


def _identity(one: Pass) -> Any:
    parts = (tuple(map(id, one.view.steps)), one.kernel, one.combine)
    try:
        hash(one.broadcast)
    except TypeError:
        return (*parts, tuple(map(id, one.broadcast)))
    return (*parts, one.broadcast)


def _singles(request: Request) -> Iterator[Single]:
    if isinstance(request, Joint):
        for part in request.requests:
            yield from _singles(part)
    else:
        yield request


def _shaped(request: Request, answers: Iterator[Any]) -> Any:
    """The answers in the shape of the request."""
    if isinstance(request, Joint):
        return [_shaped(part, answers) for part in request.requests]
    return next(answers)


def _by_table(singles: Sequence[Single]) -> list[tuple[Table, dict[int, Pass]]]:
    found: dict[int, tuple[Table, dict[int, Pass]]] = {}
    for number, single in enumerate(singles):
        if isinstance(single, Pass):
            table = single.view.table
            found.setdefault(id(table), (table, {}))[1][number] = single
    return list(found.values())


def _is_kept(request: Keep) -> bool:
    """Whether a view chooses rows of a kept table, as folds do: a copy of them for each fold would take its memory."""
    view = request.view
    if view.table.roles.features != (KEPT,):
        return False
    if request.hashed and HASH not in schema_of(view.table.plan):
        return False
    return all(isinstance(step, Where | Target | Unweighted) for step in view.steps)
