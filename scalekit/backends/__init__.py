"""Who runs a query."""
