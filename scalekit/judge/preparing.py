"""What comes before a pass: rows with roles, what the target is, and models that are fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scalekit.config import resolve
from scalekit.errors import InvalidOperationError
from scalekit.frame.frame import Frame
from scalekit.judge.census import Census, census_of
from scalekit.judge.fitting import default_features, fitted_on, fitted_without, is_fitted, name_of
from scalekit.judge.judged import FOLD
from scalekit.judge.judging import Folded, Ground, classes_for, decided
from scalekit.judge.protocol.protocol import Protocol
from scalekit.judge.report import BASELINES
from scalekit.judge.rows import Rows, check_has_test, in_folds, is_small, rows_of
from scalekit.learn.arguments import column_names, schema


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that a pass is made of.

    Attributes
    ----------
    ground
        Rows, protocol, target.
    models
        By name, fitted: what is asked in the pass, one for each fold where there are folds.
    final
        By name, fitted: what the report hands on.
    fitted_here
        Names of those that were fitted by the evaluation.
    is_fitted_on_train
        Whether those were fitted on the protocol's train rows, rather than on all.
    """

    ground: Ground
    models: Mapping[str, Any]
    final: Mapping[str, Any]
    fitted_here: tuple[str, ...] = ()
    is_fitted_on_train: bool = True


def one_model(model: Any, name: str | None) -> dict[str, Any]:
    """A model under its name: the one given, that of ``{"name": model}``, or its class.

    Raises
    ------
    InvalidOperationError
        Where there are several models.
    """
    if isinstance(model, Mapping) and all(isinstance(key, str) for key in model):
        if len(model) != 1:
            raise InvalidOperationError(
                f"sk.evaluate judges one model, and got {len(model)}: {', '.join(map(repr, model))}; "
                "sk.compare takes several"
            )
        ((given, model),) = model.items()
        name = name or given
    found = name or name_of(model)
    check_name(found)
    return {found: model}


def check_name(name: str) -> None:
    """Raise ``InvalidOperationError`` for a model of a baseline's name."""
    if name in BASELINES:
        raise InvalidOperationError(
            f"{name!r} is the name of a baseline: give the model another one"
        )


def features_of(frame: Frame, protocol: Protocol, features: Any) -> tuple[str, ...]:
    """The columns that a model reads which does not say which.

    Raises
    ------
    ColumnNotFoundError
        Where one that was named is not there.
    InvalidOperationError
        Where the target is among them, or none is left.
    """
    if features is None:
        found = default_features(tuple(schema(frame)), protocol)
    else:
        found = column_names(frame, features, "features")
    if protocol.target in found:
        raise InvalidOperationError(f"the target {protocol.target!r} cannot be a feature")
    return found


def prepare(
    named: Mapping[str, Any],
    frame: Frame,
    protocol: Protocol,
    *,
    train: Frame | None = None,
    valid: Frame | None = None,
    features: Any = None,
) -> Prepared:
    """Give each row its role, count the target, and fit what is not fitted.

    Parameters
    ----------
    named
        Models by name, fitted or not.
    frame, protocol, train, valid, features
        As for :func:`scalekit.evaluate`.

    Raises
    ------
    InvalidOperationError
        Where there are no test rows, or no train rows to fit on.
    """
    chosen = features_of(frame, protocol, features)
    rows = rows_of(frame, protocol, train, valid)
    census = census_of(rows.frame, protocol)
    unfitted = tuple(name for name, model in named.items() if not is_fitted(model))
    is_given = train is not None or valid is not None
    if len(unfitted) == len(named) and not is_given and _is_to_fold(census, protocol):
        return _in_folds(named, frame, protocol, chosen, (rows, census))
    check_has_test(census, rows)
    if unfitted and not census.rows.get("train"):
        raise InvalidOperationError(
            f"{', '.join(unfitted)}: not fitted, and there are no rows to fit on ({rows.origin}); give train=, "
            "or a key= by which the rows are split"
        )
    fitted = {
        name: fitted_on(model, rows.of("train"), protocol, chosen) if name in unfitted else model
        for name, model in named.items()
    }
    ground = _ground(rows, protocol, census, chosen, list(fitted.values()))
    return Prepared(ground, fitted, fitted, unfitted)


def _is_to_fold(census: Census, protocol: Protocol) -> bool:
    """Whether to cross-validate: few test rows, or none to fit on; never across time."""
    if protocol.split.kind == "time" or protocol.task == "forecast":
        return False
    return is_small(census, protocol) or not census.rows.get("train")


def _in_folds(
    named: Mapping[str, Any],
    frame: Frame,
    protocol: Protocol,
    features: tuple[str, ...],
    split: tuple[Rows, Census],
) -> Prepared:
    folded = in_folds(frame, protocol)
    census = census_of(folded.frame, protocol, FOLD)
    _check_folds(census, folded)
    models = {
        name: Folded(fitted_without(model, folded.frame, protocol, features, folded.folds))
        for name, model in named.items()
    }
    rows, by_role = split
    has_train = bool(by_role.rows.get("train"))
    learned = rows.of("train") if has_train else frame
    final = {name: fitted_on(model, learned, protocol, features) for name, model in named.items()}
    ground = _ground(folded, protocol, census, features, list(models.values()))
    return Prepared(ground, models, final, tuple(named), is_fitted_on_train=has_train)


def _check_folds(census: Census, rows: Rows) -> None:
    if len(census.rows) < rows.folds:
        raise InvalidOperationError(
            f"{sum(census.rows.values())} rows in {len(census.rows)} of {rows.folds} folds are too few to "
            "cross-validate: give more rows, or more values of the group or key"
        )


def _ground(
    rows: Rows, protocol: Protocol, census: Census, features: tuple[str, ...], models: Sequence[Any]
) -> Ground:
    classes = classes_for(protocol, census, models)
    config = decided(rows.frame._plan, resolve())
    return Ground(rows, protocol, census, features, classes, config)
