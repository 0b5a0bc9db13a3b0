"""Scores of an experiment's models, all from one pass, and what they mean for the model to beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from scalekit.checks.report import DataReport
from scalekit.command.experiment.experiment import Experiment
from scalekit.command.experiment.section import Section, nearest
from scalekit.command.output import Output
from scalekit.command.run.ready import Ready
from scalekit.config import resolve
from scalekit.errors import RunNotFoundError
from scalekit.judge.compare import compare
from scalekit.judge.comparison import Comparison
from scalekit.judge.evaluate import evaluate
from scalekit.judge.recorded import recorded
from scalekit.judge.report import Report
from scalekit.tracking.loading import version_of
from scalekit.tracking.store import RunStore

_KEYS = ("reference", "margin", "allow_equal", "require")

REQUIRE = ("any", "all", "none")
"""How many of the models have to be better than the one to beat for exit code 0."""

REGISTERED = "models:/"


@dataclass(frozen=True)
class Judged:
    """What came of the pass.

    Attributes
    ----------
    reports
        By name of the model.
    comparison
        Of all models; None where there is only one.
    checks
        Of the rows, by the name of the split.
    require
        How many have to be better than the reference; ``"none"`` where the experiment names no model to beat.
    """

    reports: Mapping[str, Report]
    comparison: Comparison | None
    checks: Mapping[str, DataReport]
    require: str

    @property
    def runs(self) -> dict[str, str]:
        """By name of the model, the run that it left."""
        found = {name: report.provenance.get("run") for name, report in self.reports.items()}
        return {name: run for name, run in found.items() if run}

    @property
    def is_positive(self) -> bool:
        """Whether as many models as were asked for may take the place of the one to beat."""
        if self.comparison is None or self.require == "none":
            return True
        passed = [bool(decision) for decision in self.comparison.decisions.values()]
        return any(passed) if self.require == "any" else all(passed)

    @property
    def candidate(self) -> str | None:
        """The best of the models that may take the place of the one to beat; None where there is none."""
        if self.comparison is None or self.require == "none":
            return None
        decisions = self.comparison.decisions
        order = [*self.comparison.best, *self.comparison.names]
        return next((name for name in order if decisions.get(name)), None)


def terms_of(experiment: Experiment) -> dict[str, Any]:
    """Read ``[compare]`` but for the reference: arguments of :func:`scalekit.compare`.

    Raises
    ------
    ConfigError
        For keys and values that have no meaning, and a reference that is none of the models.
    """
    section = experiment.sections["compare"]
    section.only(*_KEYS)
    section.choice("require", REQUIRE)
    margin = section.values.get("margin", 0.0)
    if not isinstance(margin, int | float) or isinstance(margin, bool) or not 0 <= margin < 1:
        raise section.unexpected("margin", "a loss of skill that is tolerated, from 0 to below 1")
    _check_reference(section, [model.name for model in experiment.models])
    return {"margin": float(margin), "allow_equal": section.switch("allow_equal", default=False)}


def _check_reference(section: Section, names: list[str]) -> None:
    reference = section.text("reference")
    if reference is None or reference in names or reference.startswith((REGISTERED, "runs:/")):
        return
    raise section.wrong(
        "reference",
        f"there is no model {reference!r}{nearest(reference, names)}; there is {', '.join(names[:40])}, and "
        "'models:/NAME@production' is a registered version",
    )


def judge_models(
    ready: Ready, models: Mapping[str, Any], checks: Mapping[str, DataReport], output: Output
) -> Judged:
    """Score all models in one pass, and keep a run of each where runs are kept."""
    section, began = ready.experiment.sections["compare"], perf_counter()
    named, has_reference = _with_reference(section, models, output)
    given: dict[str, Any] = {**ready.given, "data_checks": next(iter(checks.values()), None)}
    require = (section.text("require") or "any") if has_reference else "none"
    if len(named) == 1:
        ((name, model),) = named.items()
        report = evaluate(model, ready.judged, ready.protocol, name=name, **given)
        return Judged({name: report}, None, checks, "none")
    terms = terms_of(ready.experiment)
    comparison = compare(named, ready.judged, ready.protocol, **given, **terms)
    seconds = perf_counter() - began
    reports = {name: recorded(comparison.reports[name], seconds) for name in models}
    return Judged(reports, comparison, checks, require)


def _with_reference(
    section: Section, models: Mapping[str, Any], output: Output
) -> tuple[dict[str, Any], bool]:
    """The models, the one to beat first; and whether the experiment names one."""
    reference = section.text("reference")
    if reference is None:
        return dict(models), False
    if reference in models:
        return {reference: models[reference], **models}, True
    if not reference.startswith(REGISTERED):
        return {reference: reference, **models}, True
    try:
        version_of(reference, RunStore(resolve().store))
    except RunNotFoundError as error:
        output.note(f"nothing to beat yet: {error}")
        return dict(models), False
    return {reference: reference, **models}, True
