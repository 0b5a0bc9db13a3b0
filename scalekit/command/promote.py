"""``scalekit promote``: a run's model becomes the production version of a name, if a decision allows it."""

from __future__ import annotations

from argparse import Namespace

from scalekit.command.exits import Exit
from scalekit.command.output import Output, clean
from scalekit.command.store import store_of
from scalekit.errors import InvalidOperationError, PromotionRefusedError, RunNotFoundError
from scalekit.judge.compare import compare
from scalekit.judge.decision import Decision
from scalekit.judge.first import first_decision
from scalekit.judge.recorded import report_of
from scalekit.tracking.decision import PRODUCTION
from scalekit.tracking.loading import open_run, version_of
from scalekit.tracking.opened import Run
from scalekit.tracking.promotion import promote as promote_model
from scalekit.tracking.registry import ModelVersion
from scalekit.tracking.store import RunStore

PRODUCTION_NAME = "in production"
"""What the version that is in production is called in a comparison; its own name is a baseline's."""


def promote(arguments: Namespace, output: Output) -> int:
    """Compare a run with what is in production, and put its model there where it is better."""
    with store_of(arguments) as root:
        run = open_run(arguments.run, root=root)
        decision = _decision(arguments.name, run, root, is_forced=arguments.force is not None)
        version = promote_model(
            arguments.name, decision, model=f"runs:/{run.id}", force=arguments.force, root=root
        )
    if arguments.json:
        output.json({"version": version, "uri": version.uri, "exit": Exit.GOOD})
    else:
        output.write(_text(version, decision))
    return Exit.GOOD


def _decision(name: str, run: Run, root: str, *, is_forced: bool) -> Decision | None:
    """Of the run against the version in production, or of itself where there is none.

    Raises
    ------
    PromotionRefusedError
        Where the two were not judged alike, and nobody forces it.
    """
    try:
        current = version_of(f"models:/{name}@{PRODUCTION}", RunStore(root)).uri
    except RunNotFoundError:
        current = None
    try:
        if current is None:
            return first_decision(report_of(run))
        return compare({PRODUCTION_NAME: current, run.id: run}).decision
    except InvalidOperationError as error:
        if is_forced:
            return None
        raise PromotionRefusedError(
            f"run {run.id} was not promoted to {name!r}: {error}; --force 'reason' promotes it all the same"
        ) from error


def _text(version: ModelVersion, decision: Decision | None) -> str:
    lines = [f"{version.uri} is in production (run {version.run})"]
    if version.replaced is not None:
        lines.append(
            f"version {version.replaced} was before, and scalekit rollback {version.name} brings it back"
        )
    if version.forced:
        lines.append(f"forced: {version.forced}")
    if decision is not None:
        lines.append(repr(decision))
    return clean("\n".join(lines))
