"""The sections of a report, a module each: from a report to blocks."""
