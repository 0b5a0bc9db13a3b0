"""How each estimator is fitted over partitions: one adapter each, grouped by what it asks of the rows."""
