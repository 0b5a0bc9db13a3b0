"""A dry run: what an experiment would do, as far as can be said without reading rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scalekit.command.exits import Exit
from scalekit.command.output import Output, table
from scalekit.command.run.fits import outlines
from scalekit.command.run.ready import Ready
from scalekit.config import Config
from scalekit.display.text import amount
from scalekit.learn.outline import FitOutline


def dry_run(ready: Ready, config: Config, output: Output, *, as_json: bool) -> int:
    """Say what would be done; 1 where a model cannot be fitted."""
    plans = outlines(ready)
    if as_json:
        output.json(_report(ready, plans, config))
    else:
        output.write("\n".join(_lines(ready, plans, config, output)))
    return Exit.GOOD if all(plans.values()) else Exit.NEGATIVE


def _report(ready: Ready, plans: dict[str, FitOutline], config: Config) -> dict[str, Any]:
    return {
        "experiment": ready.experiment.name,
        "settings": {name: getattr(config, name) for name, _ in config.origins},
        "protocol": ready.protocol.to_dict(),
        "protocol_id": ready.protocol.id,
        "columns": {name: str(dtype) for name, dtype in ready.train.schema.items()},
        "models": [
            {
                "name": model.name,
                "estimator": repr(model.estimator),
                "features": ready.features[model.name],
                "fits": bool(plans[model.name]),
                "backend": plans[model.name].backend,
                "reason": plans[model.name].reason,
                "steps": plans[model.name].frame().to_dicts(),
            }
            for model in ready.experiment.models
        ],
    }


def _lines(
    ready: Ready, plans: dict[str, FitOutline], config: Config, output: Output
) -> Iterator[str]:
    protocol = ready.protocol
    yield output.styled(f"{ready.experiment.name} ({ready.experiment.path})", "bold")
    target = f"{protocol.task} · target {protocol.target} · split {protocol.split.kind}"
    yield output.styled(f"protocol {protocol.id}: {target} · by {protocol.primary}", "dim")
    yield output.styled(f"backend {config.backend} ({config.origin('backend')})", "dim")
    yield output.styled(
        f"{amount(len(ready.train.columns), 'column')}, of which models learn from:", "dim"
    )
    yield ""
    rows = [
        [
            name,
            "yes" if plan else "no",
            str(len(ready.features[name])),
            plan.backend,
            plan.reason,
        ]
        for name, plan in plans.items()
    ]
    yield table(rows, ["model", "fits", "features", "backend", "why there"])
    for name, plan in plans.items():
        if not plan:
            yield ""
            yield f"{output.mark('bad')} {output.styled(name, 'bold')}: {output.styled(_refusal(plan), 'dim')}"


def _refusal(plan: FitOutline) -> str:
    return next((step.refusal for step in plan.steps if step.refusal), "")
