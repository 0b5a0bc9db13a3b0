"""The fits of an experiment: all of its models on the same train rows, over shared readings."""

from __future__ import annotations

from typing import Any

from scalekit.command.experiment.section import Section
from scalekit.command.run.ready import Ready
from scalekit.learn.asked import ON_UNSUPPORTED, SOLVERS
from scalekit.learn.explain import explain_fit
from scalekit.learn.fit_all import fit_all
from scalekit.learn.outline import FitOutline

_KEYS = ("solver", "on_unsupported", "max_rows")


def ways_of(section: Section) -> dict[str, Any]:
    """Read ``[fit]``: how models are fitted, as arguments of :func:`scalekit.fit`.

    Raises
    ------
    ConfigError
        For keys and values that are not known.
    """
    section.only(*_KEYS)
    found = {
        "solver": section.choice("solver", SOLVERS),
        "on_unsupported": section.choice("on_unsupported", ON_UNSUPPORTED),
        "max_rows": section.count("max_rows", 100_000),
    }
    return {key: value for key, value in found.items() if value is not None}


def fit_models(ready: Ready) -> dict[str, Any]:
    """Fit all models; each is what :func:`scalekit.fit` makes of it."""
    return fit_all(
        {model.name: model.estimator for model in ready.experiment.models},
        ready.train,
        target=ready.protocol.target,
        features={name: list(columns) for name, columns in ready.features.items()},
        sample_weight=ready.protocol.weight,
        **ways_of(ready.experiment.sections["fit"]),
    )


def outlines(ready: Ready) -> dict[str, FitOutline]:
    """How each model would be fitted; nothing is fitted."""
    ways = ways_of(ready.experiment.sections["fit"])
    return {
        model.name: explain_fit(
            model.estimator,
            ready.train,
            target=ready.protocol.target,
            features=list(ready.features[model.name]),
            sample_weight=ready.protocol.weight,
            **ways,
        )
        for model in ready.experiment.models
    }
