"""The compiled stage: XLA's own numbers about the optimized program, normalised."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

_MEMORY = {
    "temp_bytes": "temp_size_in_bytes",
    "argument_bytes": "argument_size_in_bytes",
    "output_bytes": "output_size_in_bytes",
    "alias_bytes": "alias_size_in_bytes",
    "code_bytes": "generated_code_size_in_bytes",
    "peak_bytes": "peak_memory_in_bytes",
}
_COSTS = {
    "flops": "flops",
    "transcendentals": "transcendentals",
    "bytes_accessed": "bytes accessed",
}


class Compiled:
    """What XLA says about one compiled program. A number that it does not tell is None."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self.reasons: dict[str, str] = {}

    @cached_property
    def text(self) -> str:
        """The optimized HLO."""
        return str(self._compiled.as_text())

    @cached_property
    def xla(self) -> Mapping[str, float]:
        """XLA's ``cost_analysis()``: loop bodies counted once, a custom call counted as -1.

        Always a mapping: empty where the compiler has no analysis, and without the entries in
        which only custom calls were left to count.
        """
        analysis = self._compiled.cost_analysis()
        if isinstance(analysis, (list, tuple)):
            analysis = analysis[0] if analysis else None
        found = {key: float(value) for key, value in (analysis or {}).items() if value >= 0}
        return MappingProxyType(found)

    @property
    def optimal_seconds(self) -> float | None:
        """The compiler's own estimate of the run time, where it makes one."""
        return self.xla.get("optimal_seconds")

    def __getattr__(self, name: str) -> int | None:
        if name in _COSTS:
            return self._cost(name)
        if name in _MEMORY:
            return self._memory(name)
        raise AttributeError(f"the compiled stage has no {name!r}")

    def _cost(self, name: str) -> int | None:
        if not self.xla:
            self.reasons[name] = "the compiler has no cost analysis"
            return None
        return int(self.xla.get(_COSTS[name], 0))

    def _memory(self, name: str) -> int | None:
        value = getattr(self._memory_analysis, _MEMORY[name], None)
        if value is None:
            self.reasons[name] = "the compiler's memory analysis does not say"
        return None if value is None else int(value)

    @cached_property
    def _memory_analysis(self) -> Any:
        return self._compiled.memory_analysis()
