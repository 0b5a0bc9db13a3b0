"""The public frame, as a package of method groups (docs/decisions/0001)."""
