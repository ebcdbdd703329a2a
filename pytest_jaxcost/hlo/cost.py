"""What one execution of something costs."""

from __future__ import annotations

from typing import NamedTuple


class Cost(NamedTuple):
    """Flops; transcendental functions, which are no flops; bytes read from and written to memory.

    What a rule returns is work alone and has no bytes.
    """

    flops: int = 0
    transcendentals: int = 0
    bytes_accessed: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """What branches are compared by: all operations first, bytes among equals."""
        return self.flops + self.transcendentals, self.bytes_accessed

    def times(self, count: int) -> Cost:
        """The cost of `count` executions."""
        return Cost(self.flops * count, self.transcendentals * count, self.bytes_accessed * count)

    def plus(self, other: Cost) -> Cost:
        """The cost of both."""
        return Cost(
            self.flops + other.flops,
            self.transcendentals + other.transcendentals,
            self.bytes_accessed + other.bytes_accessed,
        )


FREE = Cost()
