"""``scalekit run``: rows and protocol made ready, data checked, models fitted together, scored in one pass, and shown."""
