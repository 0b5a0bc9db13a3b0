"""A side of a join while it is decided how the two meet: what is known of its size, and what of it has run."""

from __future__ import annotations

from dataclasses import dataclass, field

from scalekit.backends.tasks.parts import Part, Pending, gathered, kept, stored
from scalekit.backends.tasks.placement import carried, placed
from scalekit.backends.tasks.run import Run


@dataclass
class Side:
    """A side of a join: what is known of its size, and the parts that have run."""

    pending: Pending
    guess: int | None
    nulls: str
    ran: list[Part] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Measured where all has run, or scaled up from what has; else guessed."""
        if self.pending.is_stored:
            return self.pending.bytes
        if self.ran:
            return sum(part.bytes for part in self.ran) * self.pending.count // len(self.ran)
        size = self.pending.bytes  # of what its tasks read, of which a filter may leave little
        return size if self.guess is None else min(size, self.guess)

    def go_on(self, count: int, run: Run) -> None:
        """Run the next ``count`` tasks."""
        start = len(self.ran)
        stop = min(self.pending.count, start + count)
        self.ran += run.parts(self.pending, range(start, stop))
        if stop == self.pending.count:
            found = stored(self.ran, self.pending.fragment)
            self.pending, self.ran = placed(found, carried(self.pending)), []

    def look(self, count: int, run: Run) -> None:
        """Run the first ``count`` tasks, such that they may run again."""
        self.ran = run.parts(kept(self.pending), range(count))

    def finish(self, run: Run) -> Pending:
        """Run what has not run."""
        if not self.pending.is_stored:
            self.go_on(self.pending.count, run)
        return self.pending

    def alone(self, run: Run) -> Pending:
        """The table as one part, which has run unless it is one task: then it joins the one that comes after."""
        return self.pending if self.pending.count == 1 else gathered(self.finish(run))

    def resumed(self, run: Run) -> Pending:
        """The table as it is: what runs after it joins its tasks, unless some of them have run."""
        return self.finish(run) if self.ran else self.pending
