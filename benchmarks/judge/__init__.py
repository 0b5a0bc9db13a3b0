"""What judging models costs over asking them alone: seconds, passes, memory and the size of a report."""

from __future__ import annotations
