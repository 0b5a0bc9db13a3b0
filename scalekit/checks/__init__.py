"""Checks of data: rules about columns and rows, looked at in one pass."""
