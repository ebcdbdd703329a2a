"""The compiled stage: what the optimized program does, read from its HLO, and its memory.

Counts come from the optimized HLO, loop bodies times their trip counts; memory and `xla` are the
compiler's own. It takes what ``jax.stages.Lowered.compile`` returns, whatever the target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from pytest_jaxcost import hlo
from pytest_jaxcost.hlo.custom_calls import counted_custom_calls
from pytest_jaxcost.hlo.program import Attempt, HloProgram

_MEMORY = {
    "temp_bytes": "temp_size_in_bytes",
    "argument_bytes": "argument_size_in_bytes",
    "output_bytes": "output_size_in_bytes",
    "alias_bytes": "alias_size_in_bytes",
    "code_bytes": "generated_code_size_in_bytes",
    "peak_bytes": "peak_memory_in_bytes",
}
_TOGETHER = {"argument_bytes": 1, "output_bytes": 1, "temp_bytes": 1, "alias_bytes": -1}
"""What is allocated before a program runs; outputs that lie in arguments are counted once."""

_COUNTED = frozenset(
    (
        *("flops", "transcendentals", "operations", "bytes_accessed", "opcodes", "executions"),
        *("collectives", "collective_counts", "collective_executions", "collective_bytes"),
        "opaque",
    )
)
_COLLECTIVES: Mapping[str, Callable[[Mapping[str, hlo.Collective]], Any]] = {
    "collective_counts": lambda kinds: {kind: each.count for kind, each in kinds.items()},
    "collective_executions": lambda kinds: {kind: each.executions for kind, each in kinds.items()},
    "collective_bytes": lambda kinds: sum(each.bytes for each in kinds.values()),
}
NO_TEXT = "the compiler does not show the optimized program"
NO_LOWERED = "the program that it was compiled from is not known"
NO_MEMORY = "the compiler's memory analysis does not say"

PEAK = (
    "peak_bytes: arguments, outputs and temporaries, which are allocated together; "
    "the compiler's own figure is smaller and leaves temporaries out"
)

_LESS_CUSTOM_CALLS = {
    "flops": "flops",
    "bytes accessed": "bytes_accessed",
    "optimal_seconds": "flops",
}
"""What XLA adds -1 to for each custom call, and the amount that chooses between branches."""


class Peak(NamedTuple):
    """The most memory in use at once; a lower bound where the compiler's figure cannot be it."""

    value: int | None
    is_bound: bool = False


class Compiled:
    """One compiled program. A number that nothing tells is None, and ``reasons`` says why.

    Attributes, beside the methods: ``flops``, ``transcendentals``, their sum ``operations``,
    ``bytes_accessed``; ``opcodes`` and ``executions`` by opcode; ``collectives`` by kind, and
    ``collective_counts``, ``collective_executions``, ``collective_bytes``; ``opaque`` by library
    function;
    ``temp_bytes``, ``argument_bytes``, ``output_bytes``, ``alias_bytes``, ``code_bytes`` and
    ``peak_bytes``.
    """

    def __init__(
        self,
        compiled: Any,
        find_recomputed: Callable[[hlo.Pricing], Any] | None = None,
        attempt: Attempt | None = None,
    ) -> None:
        self._compiled = compiled
        self._find_recomputed = find_recomputed
        self.program = HloProgram(lambda: _text(compiled), hidden=NO_TEXT, attempt=attempt)
        self.reasons: dict[str, str] = {}
        self._read_bound = False

    @property
    def text(self) -> str | None:
        """The optimized HLO; None where the compiler does not show it."""
        return self.program.text

    @property
    def pricing(self) -> hlo.Pricing | None:
        """The optimized program, read and priced; None without its text.

        Raises:
            HloSyntaxError: the text is not what any known compiler writes.
        """
        return self.program.pricing

    @property
    def totals(self) -> hlo.HloTotals | None:
        """The figures of the whole program."""
        return self.program.totals

    @property
    def exact(self) -> bool:
        """False where a loop of unknown length or an opaque call makes counts lower bounds."""
        return self.program.exact

    @property
    def caveats(self) -> tuple[str, ...]:
        """Why counts are lower bounds, and memory among what was read so far."""
        return (*self.program.caveats, *((PEAK,) if self._read_bound else ()))

    @property
    def bounds(self) -> frozenset[str]:
        """The counts that are lower bounds: all weighted ones, or those of work alone.

        And ``peak_bytes``, once it was read, where it is one.
        """
        return self.program.bounds | ({"peak_bytes"} if self._read_bound else set())

    @cached_property
    def recomputed_by_xla(self) -> Any:
        """Findings: what the compiler computes more often than the lowered program asks for.

        None where one of the two programs is not known.
        """
        found = None
        if self.pricing is not None and self._find_recomputed is not None:
            found = self._find_recomputed(self.pricing)
        if found is None:
            self.reasons["recomputed_by_xla"] = (
                self.program.hidden if self.pricing is None else NO_LOWERED
            )
        return found

    @cached_property
    def xla(self) -> Mapping[str, float]:
        """XLA's ``cost_analysis()``: loop bodies counted once, custom calls not counted.

        Always a mapping, empty where the compiler has no analysis. XLA counts -1 for each custom
        call: that is added again, and what stays below zero is left out.
        """
        analysis = self._compiled.cost_analysis()
        if isinstance(analysis, (list, tuple)):
            analysis = analysis[0] if analysis else None
        found = {key: float(value) for key, value in (analysis or {}).items()}
        for key in _LESS_CUSTOM_CALLS.keys() & found.keys():
            if self.pricing is not None:
                found[key] += counted_custom_calls(self.pricing, _LESS_CUSTOM_CALLS[key])
        return MappingProxyType({key: value for key, value in found.items() if value >= 0})

    @property
    def optimal_seconds(self) -> float | None:
        """The compiler's own estimate of the run time, where it makes one."""
        return self.xla.get("optimal_seconds") or None

    def __getattr__(self, name: str) -> Any:
        if name in _COUNTED:
            return self._counted(name)
        if name in _MEMORY:
            return self._memory(name)
        raise AttributeError(f"the compiled stage has no {name!r}")

    def _counted(self, name: str) -> Any:
        if self.totals is None:
            self.reasons[name] = self.program.hidden
            return None
        if name not in _COLLECTIVES:
            return getattr(self.totals, name)
        return _COLLECTIVES[name](self.totals.collectives)

    def _memory(self, name: str) -> int | None:
        if name == "peak_bytes":
            value, self._read_bound = self._peak
        else:
            value = self._analyzed(name)
        if value is None:
            self.reasons[name] = NO_MEMORY
        return value

    @cached_property
    def _peak(self) -> Peak:
        """The compiler's figure, or what is allocated together where that is more.

        XLA:CPU leaves temporaries out of its figure, but allocates them at once, from 0.8 to 0.12.
        """
        own = self._analyzed("peak_bytes")
        if own is None:
            return Peak(None)
        together = sum(sign * (self._analyzed(name) or 0) for name, sign in _TOGETHER.items())
        return Peak(max(own, together), is_bound=together > own)

    def _analyzed(self, name: str) -> int | None:
        value = getattr(self._memory_analysis, _MEMORY[name], None)
        return None if value is None else int(value)

    @cached_property
    def _memory_analysis(self) -> Any:
        return self._compiled.memory_analysis()


def _text(compiled: Any) -> str | None:
    text = compiled.as_text()
    return None if text is None else str(text)
