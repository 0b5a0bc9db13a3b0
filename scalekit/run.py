"""The pipeline: optimize, choose, lower, execute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from warnings import warn

import polars as pl

from scalekit import proof
from scalekit.backends.admission import Kind
from scalekit.backends.base import Backend, WriteRequest
from scalekit.backends.choose import choose, remember
from scalekit.backends.decision import Decision
from scalekit.backends.place import backend_of
from scalekit.backends.registry import get_backend
from scalekit.backends.watch import UNWATCHED, Watch
from scalekit.config import Config
from scalekit.errors import InvalidOperationError, ScalekitError, SourceError
from scalekit.estimate import Estimate, Span, estimate
from scalekit.estimate.peak import step_held
from scalekit.estimate.rows import relations
from scalekit.kernels.failures import execution_errors, refuse_after_fork
from scalekit.kernels.pin import pin_schema
from scalekit.kernels.schema import has_user_code, schema_of
from scalekit.optimize import check_sums, label_note, optimize, pin_order, refuse_unsafe
from scalekit.plan.explain import render
from scalekit.plan.nodes import Limit, Plan, Scan, Sql
from scalekit.sampling.setting import (
    sample_head,
    sample_note,
    sampled_plan,
    sampled_scan,
    warn_of_surprises,
)
from scalekit.sources.base import Source
from scalekit.sources.reading import reading_errors
from scalekit.targets.base import Target, WriteResult
from scalekit.tree import children, walk

T = TypeVar("T")

STAGES = ("logical", "optimized", "physical")
"""What :func:`explain` can show."""


def collect(plan: Plan, config: Config, watch: Watch = UNWATCHED) -> pl.DataFrame:
    """Run ``plan`` and give its rows on this machine, with exactly the schema that it promised."""

    def rows() -> pl.DataFrame:
        backend, program = prepare(plan, config, watch)
        with _run_errors(plan):
            return backend.execute(program, config, watch)

    answer = pin_schema(_again_if_replaced(plan, rows), schema_of(plan))
    _shadow(plan, config)
    return answer


def persist_scan(plan: Plan, config: Config, watch: Watch = UNWATCHED) -> Scan:
    """Run ``plan``, keep its rows where it ran, and give the plan that reads them."""
    return sampled_scan(persist(plan, config, watch), plan, config)


def persist(plan: Plan, config: Config, watch: Watch = UNWATCHED) -> Source:
    """Run ``plan`` and keep its rows where it ran."""

    def source() -> Source:
        backend, program = prepare(plan, config, watch, "persist")
        with _run_errors(plan):
            return backend.persist(program, schema_of(plan), config, watch)

    kept = _again_if_replaced(plan, source)
    _shadow(plan, config)
    return kept


def _again_if_replaced(plan: Plan, attempt: Callable[[], T]) -> T:
    """Once more where a file was replaced while it was read: its source looks again."""
    try:
        return attempt()
    except SourceError:
        if not any(source.is_stale() for source in _sources(plan)):
            raise
        return attempt()


def prepare(
    plan: Plan, config: Config, watch: Watch = UNWATCHED, kind: Kind = "collect"
) -> tuple[Backend, Any]:
    """Optimize ``plan``, choose who runs it, and lower it to that backend's program.

    Raises
    ------
    MemoryBudgetError
        Where it would not fit, whoever runs it.
    """
    refuse_after_fork()
    warn_of_surprises(plan, config)
    optimized = optimized_plan(plan, config)
    decision = choose(optimized, config, kind)
    backend = backend_of(decision)
    remember(decision)
    watch.running(" · ".join(filter(None, (backend.name, sample_note(plan, config)))), optimized)
    with _run_errors(plan):
        return backend, backend.lower(optimized, config)


@contextmanager
def _run_errors(plan: Plan) -> Iterator[None]:
    """Turn what a running query raises into errors of its sources, or of its execution."""
    with execution_errors(), reading_errors(_sources(plan)):
        yield


def _sources(plan: Plan) -> list[Source]:
    return [node.source for node in walk(plan) if isinstance(node, Scan)]


def optimized_plan(plan: Plan, config: Config) -> Plan:
    """The plan that is lowered: of the sample, optimized, with what ``strict`` and ``deterministic`` ask for."""
    if (
        config.strict
    ):  # what is refused goes by the plan that was written, not by how its sample is drawn
        refuse_unsafe(_optimized(plan, config), deterministic=config.deterministic)
    return _optimized(sampled_plan(plan, config), config)


def _optimized(plan: Plan, config: Config) -> Plan:
    optimized = optimize(check_sums(plan) if config.strict else plan)
    return pin_order(optimized) if config.deterministic else optimized


def decide(plan: Plan, config: Config) -> Decision:
    """Who would run ``plan``, and why; nothing runs."""
    return choose(optimized_plan(plan, config), config)


def batches(
    plan: Plan, config: Config, rows: int, watch: Watch = UNWATCHED
) -> Iterator[pl.DataFrame]:
    """Run ``plan`` and give its rows in batches of at most ``rows``."""
    backend, program = prepare(plan, config, watch, "batches")
    schema = schema_of(plan)
    with _run_errors(plan):
        for batch in backend.batches(program, config, rows, watch):
            yield pin_schema(batch, schema)


def write(
    plan: Plan, target: Target, config: Config, write_id: str | None, watch: Watch = UNWATCHED
) -> WriteResult:
    """Run ``plan`` and write its rows, all or nothing."""
    inputs = tuple(name for source in _sources(plan) for name in source.inputs())
    request = WriteRequest(target, schema_of(plan), inputs, write_id)
    backend, program = prepare(plan, config, watch, "write")
    note = sample_note(plan, config)
    if note:
        warn(f"what is written to {target.describe()} is {note}", UserWarning, stacklevel=2)
    with _run_errors(plan):
        written = replace(backend.write(program, request, config, watch), sample=note)
    _shadow(plan, config)
    return written


def plan_at(plan: Plan, config: Config, stage: str) -> Plan:
    """The plan as written, or as it is lowered."""
    if stage not in STAGES[:2]:
        raise InvalidOperationError(f"unknown stage {stage!r}; known: {', '.join(STAGES[:2])}")
    return plan if stage == "logical" else optimized_plan(plan, config)


def explain(plan: Plan, config: Config, stage: str, *, all_labels: bool = False) -> str:
    """Show a plan at a stage of the pipeline, and the decision who runs it; nothing runs.

    Steps carry the labels of what their answer depends on; with ``all_labels`` those that are exact say so too.

    Raises
    ------
    InvalidOperationError
        For a stage other than :data:`STAGES`.
    """
    if stage not in STAGES:
        raise InvalidOperationError(f"unknown stage {stage!r}; known: {', '.join(STAGES)}")
    decision = decide(plan, config)
    if stage == "physical":
        backend, program = prepare(plan, config)
        with execution_errors():
            text = backend.show(program)
    else:
        text = render(plan_at(plan, config, stage), lambda step: label_note(step, every=all_labels))
    return f"{sample_head(plan, config)}{text}\n\nbackend: {decision.backend} ({decision.reason}; backend from {config.origin('backend')})"


def profile(plan: Plan, config: Config) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Run ``plan`` and time its steps."""
    backend, program = prepare(plan, config)
    with _run_errors(plan):
        result, timings = backend.profile(program, config)
    return pin_schema(result, schema_of(plan)), timings


def verify(
    plan: Plan,
    config: Config,
    backends: Sequence[str] | None,
    partitions: Sequence[int],
    limits: proof.Limits,
) -> proof.Verified:
    """Run ``plan`` in several ways on a bounded part of its input, and compare the answers."""
    found = proof.choose_ways(backends, partitions, config)
    optimized_plan(plan, config)  # what strict=True refuses
    return proof.verify(*_to_verify(plan, config), found, _answer, limits)


def _to_verify(plan: Plan, config: Config) -> tuple[Plan, Config]:
    """A plan that may be run again, in parts and step by step, with what its settings do to it done once."""
    cut = sampled_plan(plan, config)
    checked = check_sums(cut) if config.strict else cut
    return checked, config.given("verify()", strict=False, sample=None)


def _shadow(plan: Plan, config: Config) -> None:
    """After a run, verify a sample of it, for a share of all runs."""
    if config.shadow:
        backend = decide(plan, config).backend
        proof.shadow(*_to_verify(plan, config), backend, _answer)


def _answer(plan: Plan, config: Config) -> pl.DataFrame:
    """The rows of ``plan`` as its backend has them, before their types are pinned."""
    backend, program = prepare(plan, config)
    with _run_errors(plan):
        return backend.execute(program, config)


def estimates(plan: Plan) -> dict[Plan, Estimate]:
    """Rows and bytes of every node of ``plan``, guessed without running it."""
    return estimate(plan)


def held(plan: Plan) -> dict[Plan, Span]:
    """What each node of ``plan`` holds at once in Polars, for those whose size is known."""
    known = {node: one for node, one in relations(plan).items() if one is not None}
    return {
        node: step_held(node, known)
        for node in known
        if all(child in known for child in children(node))
    }


def result_estimate(plan: Plan, config: Config) -> Estimate:
    """Rows and bytes of what ``plan`` gives under the settings, which may ask for a sample."""
    cut = sampled_plan(plan, config)
    return estimates(cut)[cut]


PREVIEW_BYTES = 64 * 1024**2
"""A preview reads whole sources only where they are in memory and no larger than this."""


def preview(plan: Plan, config: Config) -> tuple[pl.DataFrame | None, str]:
    """The first rows of ``plan`` where they are cheap to have, and a note where they are not.

    A preview runs where every step works row by row, so that the head of the sources is enough, or where
    all sources are small frames in memory. It never runs a user's function.
    """
    if config.preview_rows == 0:
        return None, ""
    head, note = _head(plan, config)
    if not _is_cheap(head):
        return (
            None,
            "no preview: it would need a full computation; .collect() or .head().collect() runs it",
        )
    try:
        rows = get_backend("polars")
        with execution_errors():
            shown = rows.execute(rows.lower(head, config), config)
    except ScalekitError as error:
        return None, f"no preview: {error}"
    return pin_schema(shown, schema_of(plan)), note


def _head(plan: Plan, config: Config) -> tuple[Plan, str]:
    """The first rows of the sample, or of all rows where those are cheap and the sample's are not."""
    heads = [optimize(Limit(p, 0, config.preview_rows)) for p in (sampled_plan(plan, config), plan)]
    is_whole = not _is_cheap(heads[0]) and _has_limits(heads[1])
    note = "the first rows of the whole, not of the sample" if is_whole else ""
    return heads[is_whole], note


def _has_limits(head: Plan) -> bool:
    return all(node.limit is not None for node in walk(head) if isinstance(node, Scan))


def _is_cheap(head: Plan) -> bool:
    nodes = list(walk(head))
    if has_user_code(head) or any(isinstance(node, Sql) for node in nodes):
        return False
    scans = [node for node in nodes if isinstance(node, Scan)]
    if not all(scan.source.has_cheap_head() for scan in scans):
        return False
    if all(scan.limit is not None for scan in scans):
        return True
    found = [scan.source.statistics() for scan in scans]
    in_memory = all(hasattr(scan.source, "frame") for scan in scans)
    return in_memory and sum(s.bytes or 0 for s in found) <= PREVIEW_BYTES
