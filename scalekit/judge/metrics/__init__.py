"""Metrics: each a value made of statistics that add up, so that one pass over any number of parts finds them all.

``METRICS`` maps a name to its :class:`~scalekit.judge.metrics.metric.Metric`; ``default_metrics(task)``
gives the names that are computed where a protocol says nothing (LEARN §4.1), the primary one first.
Undefined values (the AUC of one class, the precision of what is never said) are NaN here and null in tables.
"""

from __future__ import annotations

from scalekit.judge.metrics.catalogue import METRICS, default_metrics, metric_named, tasks
from scalekit.judge.metrics.metric import Metric, Pooled

__all__ = ["METRICS", "Metric", "Pooled", "default_metrics", "metric_named", "tasks"]
