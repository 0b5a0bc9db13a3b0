"""Checks SKL01 to SKL16 of a model and its data: leaks, drift, calibration, and what else spoils a judgement."""

from __future__ import annotations
