"""Checks of data: rules compiled to one aggregate query, on any backend.

``sk.check(frame, rules, reference=..., others=..., now=...)`` gives a :class:`~scalekit.checks.report.DataReport`;
``sk.suggest_checks(reference)`` gives rules. What others need of it::

    report.passed                 no rule at "error" or "critical" (warnings pass)
    report.level                  the most severe level that a rule reached: "pass", "warn", "error", "critical"
    report.outcomes               a tuple of Outcome(rule, column, kind, level, failing, rows, value, note)
    report.frame()                the same as a Polars frame
    report.raise_for("error")     DataCheckError where a rule reached that level or a worse one
    report.failing(rule)          the failing rows, as a lazy Frame
    report.to_dict(), DataReport.from_dict()    for stores; failing rows are not kept
"""

from __future__ import annotations
