"""What is compared, however it is named: fitted objects, estimators, reports, runs, registered versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scalekit.errors import InvalidOperationError
from scalekit.judge.preparing import check_name
from scalekit.judge.recorded import report_of
from scalekit.judge.report import Report
from scalekit.tracking.loading import run_of, version_of
from scalekit.tracking.opened import Run
from scalekit.tracking.store import RunStore

_REGISTERED = "models:/"


@dataclass(frozen=True, eq=False)
class Entry:
    """One of the models of a comparison.

    Attributes
    ----------
    name
        What it is called there.
    given
        What was given: a model, fitted or not, or a :class:`~scalekit.judge.report.Report`.
    run
        The run that has it.
    uri
        Of the registered version, as ``"models:/churn/3"``.
    """

    name: str
    given: Any = None
    run: Run | None = None
    uri: str | None = None

    @property
    def has_report(self) -> bool:
        """Whether it was judged before, and what was counted then is kept."""
        if self.run is not None:
            return self.run.record.evaluation is not None
        return isinstance(self.given, Report)

    @property
    def candidate(self) -> Any:
        """What ``sk.promote`` puts into production: the run, else the fitted object."""
        if self.run is not None:
            return f"runs:/{self.run.id}"
        run = self.given.provenance.get("run") if isinstance(self.given, Report) else None
        return f"runs:/{run}" if run else self.model()

    def report(self) -> Report:
        """What was found when it was judged before."""
        return self.given if self.run is None else report_of(self.run)

    def model(self) -> Any:
        """The model itself; that of a run is loaded.

        Raises
        ------
        InvalidOperationError
            Where a report has none.
        """
        if self.run is not None:
            return self.run.load_model()
        if not isinstance(self.given, Report):
            return self.given
        if self.given.model is None:
            raise InvalidOperationError(
                f"the report of {self.name!r} has no model, as it comes from a store: give its run instead"
            )
        return self.given.model

    @property
    def training(self) -> Mapping[str, Any] | None:
        """What its run or report says of the rows that it was fitted on."""
        if self.run is not None:
            return (self.run.record.fit or {}).get("training") or None
        if isinstance(self.given, Report):
            return self.given.provenance.get("training")
        return None


def entries_of(models: Mapping[str, Any]) -> dict[str, Entry]:
    """Each of the models by its name, runs opened.

    Raises
    ------
    InvalidOperationError
        Where there are not two at least, or one has the name of a baseline.
    RunNotFoundError
        Where there is no such run, version or alias.
    """
    if not isinstance(models, Mapping) or len(models) < 2:
        raise InvalidOperationError(
            "sk.compare takes two models or more by name, the reference first, as in "
            "{'prod': 'models:/churn@production', 'dev': model}; sk.evaluate judges one"
        )
    for name in models:
        if not isinstance(name, str):
            raise InvalidOperationError(f"the name of a model is a text, not {name!r}")
        check_name(name)
    return {name: entry_of(name, given) for name, given in models.items()}


def entry_of(name: str, given: Any) -> Entry:
    """A model however it is named.

    Raises
    ------
    RunNotFoundError
        Where there is no such run, version or alias.
    """
    if isinstance(given, Run):
        return Entry(name, run=given)
    if not isinstance(given, str):
        return Entry(name, given)
    store = RunStore()
    if given.startswith(_REGISTERED):
        return Entry(name, run=run_of(given, store), uri=version_of(given, store).uri)
    return Entry(name, run=store.open(given.removeprefix("runs:/").removesuffix("/model")))
