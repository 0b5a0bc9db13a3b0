"""Runs and models that are kept: immutable files in any store, and aliases that move safely."""
