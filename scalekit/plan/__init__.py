"""The logical plan and what can be read off it without running."""
