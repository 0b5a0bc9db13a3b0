"""Passes over rows: what an estimator's adapter asks for, and who reads the rows for it."""
