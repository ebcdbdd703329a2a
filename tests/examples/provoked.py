"""What a provoked mistake is: a wasteful function, its healthy twin, and what should be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

Function = Callable[..., Any]
MARK = "# <- waste: "


@dataclass(frozen=True, kw_only=True)
class Provoked:
    """One mistake in one model.

    ``kind`` is the kind of finding that the wasteful function has and the healthy one has not,
    ``functions`` are the functions of which a good first line names one, and ``fix`` is a word that
    a good hint has. The lines to name end in ``# <- waste: `` and ``name``, in the model's file.
    """

    name: str
    wasteful: Function
    healthy: Function
    args: tuple[Any, ...]
    kind: str
    functions: tuple[str, ...]
    fix: str
    has_equal_results: bool = True
    """``False`` where the mistake is in the results: random numbers that should be independent."""
    is_priced: bool = True
    """``False`` where the fix saves no operations, or nobody can count those that it saves."""
    dearer: Function | None = None
    """What costs as much more than the healthy twin as the finding should; by default the wasteful
    function, which does not do where dead work does not run or the trip count is unknown."""

    @cached_property
    def lines(self) -> frozenset[tuple[str, int]]:
        """The marked lines, by the name of the file and the number of the line."""
        path = Path(__file__).with_name(self.name.partition(".")[0] + ".py")
        numbered = enumerate(path.read_text().splitlines(), start=1)
        return frozenset((path.name, n) for n, line in numbered if line.endswith(MARK + self.name))
