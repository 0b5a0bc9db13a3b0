"""Logical to physical: where data moves between partitions. Empty until the first cluster backend."""
