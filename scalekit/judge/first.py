"""Whether a model may be the first of its name in production: there is none to compare it with."""

from __future__ import annotations

from scalekit.judge.deciding import Case, Terms, decide
from scalekit.judge.decision import Decision
from scalekit.judge.report import Report


def first_decision(report: Report) -> Decision:
    """Decide by a report alone: better than the dummy, on rows that it was not fitted on, and no check failed.

    Parameters
    ----------
    report
        Of the model; of an evaluation, or read from a run.

    Returns
    -------
    Decision
        With every condition, met or not; it replaces no model.

    Examples
    --------
    >>> import scalekit as sk
    >>> from scalekit.judge.first import first_decision
    >>> from sklearn.linear_model import Ridge
    >>> frame = sk.from_dict({"id": list(range(900)), "x": [i % 7 for i in range(900)]})
    >>> frame = frame.with_columns(y=sk.col("x") * 2.0 + sk.col("id") % 3)
    >>> report = sk.evaluate(Ridge(), frame, target="y", key="id", task="regression")
    >>> bool(first_decision(report))
    True
    """
    about = report.provenance
    known = about.get("independence") or {}
    fingerprint = about.get("fingerprints", {}).get("test")
    run = about.get("run")
    return decide(
        Case(
            name=report.name,
            reference=None,
            protocol=report.protocol,
            fingerprints=(fingerprint, fingerprint),
            independent=(bool(known.get("is_known")), str(known.get("why") or _UNKNOWN)),
            differences=report.results.clear(),
            skill=report.skill,
            findings=report.findings,
            checks=report.checks,
            candidate=f"runs:/{run}" if run else report.model,
        ),
        Terms(),
    )


_UNKNOWN = "nothing is known of the rows that it was fitted on: test rows may be among them"
