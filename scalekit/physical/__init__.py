"""Logical to physical: where data moves between partitions, and what runs between two moves."""
