"""The three stages of one program side by side, and what changes from each to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from .metrics import Unit
from .reading import Reading

StageName = Literal["traced", "lowered", "compiled"]

ROWS: Mapping[str, tuple[str, Unit]] = MappingProxyType(
    {
        "instructions": ("eqns, instructions", "count"),
        "flops": ("flops", "flop"),
        "transcendentals": ("transcendentals", "transcendentals"),
        "bytes_accessed": ("bytes accessed", "bytes"),
        "argument_bytes": ("argument bytes", "bytes"),
        "output_bytes": ("output bytes", "bytes"),
        "temp_bytes": ("temp bytes", "bytes"),
        "peak_bytes": ("peak bytes", "bytes"),
    }
)
"""The amounts of a stage with their headings and units."""

CHANGING = ("instructions", "flops", "transcendentals", "bytes_accessed")
"""The amounts that the changes of a step add up."""

MEMORY = ("argument_bytes", "output_bytes", "temp_bytes", "peak_bytes")

OTHER = "other"
"""The operation of the change that sums up all small ones, and what names no primitive."""

_EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a program is at one stage.

    ``instructions`` are equations of the inlined program where the stage is ``traced``, later
    those of HLO, each computation's once. An amount that the stage does not tell is ``None`` and
    ``reasons`` says why; those in ``bounds`` are lower bounds, for the reasons in ``caveats``.
    """

    name: StageName
    instructions: int | None = None
    flops: int | None = None
    transcendentals: int | None = None
    bytes_accessed: int | None = None
    argument_bytes: int | None = None
    output_bytes: int | None = None
    temp_bytes: int | None = None
    peak_bytes: int | None = None
    bounds: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    caveats: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """``False`` where a count is a lower bound, or nothing is known of the stage."""
        return self.flops is not None and not self.bounds & frozenset(CHANGING)

    def reading(self, row: str) -> Reading:
        """The amount of a row, whether it is exact, and the reason where it is not known."""
        value: int | None = getattr(self, row)
        reason = self.reasons.get(row, "") if value is None else ""
        return Reading(value=value, exact=row not in self.bounds, reason=reason)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            **{row: getattr(self, row) for row in ROWS},
            "exact": self.exact,
            "bounds": sorted(self.bounds),
            "reasons": dict(self.reasons),
            "caveats": list(self.caveats),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much an operation's amounts differ between two stages.

    ``what`` says how often it is in both: ``dot_general 4 -> dot 3``.
    """

    operation: str
    what: str
    instructions: int = 0
    flops: int = 0
    transcendentals: int = 0
    bytes_accessed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one stage to the next: changes by primitive or by opcode, the biggest first.

    With the last one, ``other``, they add up to the difference of the stages.
    """

    before: StageName
    after: StageName
    changes: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        changes = [asdict(each) for each in self.changes]
        return {"before": self.before, "after": self.after, "changes": changes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """One program as it is traced, lowered and compiled, and the steps between them."""

    name: str
    environment: Mapping[str, str]
    traced: Stage
    lowered: Stage
    compiled: Stage
    steps: tuple[Step, ...] = ()

    @property
    def columns(self) -> tuple[Stage, Stage, Stage]:
        """The three stages in order."""
        return self.traced, self.lowered, self.compiled

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "name": self.name,
            "environment": dict(self.environment),
            **{stage.name: stage.to_dict() for stage in self.columns},
            "steps": [step.to_dict() for step in self.steps],
        }

    def __str__(self) -> str:
        from .stage_table import stage_table

        return stage_table(self.to_dict())

    def _repr_html_(self) -> str:
        from .html import stages_html

        return stages_html(self)


def unknown_stages(name: str, environment: Mapping[str, str], reason: str) -> Stages:
    """The stages of a program of which nothing is known."""
    reasons = dict.fromkeys(ROWS, reason)
    return Stages(
        name=name,
        environment=environment,
        traced=Stage(name="traced", reasons=reasons),
        lowered=Stage(name="lowered", reasons=reasons),
        compiled=Stage(name="compiled", reasons=reasons),
    )
