"""Checks SKL01 to SKL16 of a model and its data: leaks, drift, calibration, and what else spoils a judgement.

``findings(evidence)`` asks every check of the table ``FINDINGS`` and gives a ``Finding`` of each, in the order of
their codes. :class:`~scalekit.judge.findings.evidence.Evidence` says what they look at: who judges fills in
what there is, and a check whose evidence is not there says ``"n/a"`` and why.
"""

from __future__ import annotations
