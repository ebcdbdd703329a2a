"""What one run of an equation costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Arithmetic operations, transcendental functions and bytes read and written.

    The three are counted apart, as XLA's ``HloCostAnalysis`` does: a transcendental is no flop.
    """

    flops: int
    transcendentals: int
    bytes_accessed: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            flops=self.flops + other.flops,
            transcendentals=self.transcendentals + other.transcendentals,
            bytes_accessed=self.bytes_accessed + other.bytes_accessed,
        )

    def times(self, n: int) -> Cost:
        """The cost of `n` runs."""
        return Cost(
            flops=self.flops * n,
            transcendentals=self.transcendentals * n,
            bytes_accessed=self.bytes_accessed * n,
        )

    def over(self, n: int) -> Cost:
        """An `n`-th of the cost, rounded down."""
        return Cost(
            flops=self.flops // n,
            transcendentals=self.transcendentals // n,
            bytes_accessed=self.bytes_accessed // n,
        )

    def __sub__(self, other: Cost) -> Cost:
        return Cost(
            flops=self.flops - other.flops,
            transcendentals=self.transcendentals - other.transcendentals,
            bytes_accessed=self.bytes_accessed - other.bytes_accessed,
        )

    @property
    def operations(self) -> int:
        """Flops and transcendentals together."""
        return self.flops + self.transcendentals

    @property
    def is_bookkeeping(self) -> bool:
        """Whether this is no work: neither a flop nor a transcendental, whatever bytes move."""
        return not self.flops and not self.transcendentals


NOTHING = Cost(flops=0, transcendentals=0, bytes_accessed=0)
