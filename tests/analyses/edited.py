"""Running a program with edits, on its own: what the edits leave unread is not run at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_jaxcost.analyses import Facts
from pytest_jaxcost.analyses.carried_parts import made_by, reads_of, with_bodies
from pytest_jaxcost.analyses.saving import live_with
from pytest_jaxcost.flow.live import is_live
from pytest_jaxcost.ir.equation import Equation, Region
from pytest_jaxcost.rewrite.edits import Known, Replace
from tests.laws.evaluate import _Evaluation, evaluate

Edits = Sequence[Replace | Known]


def run_with(facts: Facts, args: Sequence[Any], edits: Edits) -> tuple[Any, ...]:
    """The results of a program with edits."""
    known = [value for each in edits if isinstance(each, Known) for value in each.values]
    seen = evaluate(facts.program, args).seen if known else {}
    ready = {value: seen[value][frozenset()] for value in known}
    return _Edited(facts, edits, ready).run(args).results


class _Edited(_Evaluation):
    def __init__(self, facts: Facts, edits: Edits, ready: dict[int, Any]) -> None:
        super().__init__(facts.program, frozenset(), lambda equation, context: None)
        self.live = live_with(facts, edits)
        self.replaces = [each for each in edits if isinstance(each, Replace)]
        self.fixed = {v for each in self.replaces for v in each.outputs} | ready.keys()
        self.ready = ready

    def region(self, region: Region) -> None:
        self.env.update(self.ready)
        waiting: list[Equation | Replace] = [e for e in region.equations if is_live(e, self.live)]
        waiting = [e for e in waiting if not set(e.outputs) <= self.fixed]
        here = {v for e in region.equations for v in e.outputs}
        # an equation with a control may make values that are replaced, beside others
        for equation in region.equations:
            for value in made_by(equation) - self.ready.keys():
                self.env.pop(value, None)
        waiting += [e for e in self.replaces if e.region is region and here & set(e.outputs)]
        while waiting:
            ready = [each for each in waiting if self.is_ready(each)]
            if not ready:
                raise LookupError(f"these wait for each other: {waiting}")
            for each in ready:
                self.replace(each) if isinstance(each, Replace) else self.equation(each)
                waiting.remove(each)

    def is_ready(self, each: Equation | Replace) -> bool:
        read = each.inputs if isinstance(each, Replace) else self.reads_of(each)
        known = self.program.constants
        return all(v in self.env or v in known or not self.live[v] for v in read)

    def reads_of(self, equation: Equation) -> set[int]:
        """What an equation and its bodies read, and the replacements that stand in these."""
        bodies = {
            id(region)
            for each in with_bodies(equation)
            for region in (() if each.control is None else each.control.regions)
        }
        inside = [each for each in self.replaces if id(each.region) in bodies]
        read = reads_of(equation).union(*(each.inputs for each in inside))
        return read - made_by(equation)

    def replace(self, each: Replace) -> None:
        made = each.function(*map(self.read, each.inputs))
        for value, array in zip(each.outputs, made, strict=True):
            aval = self.program.avals[value]
            assert (array.shape, array.dtype) == (aval.shape, aval.dtype)
            self.env[value] = array

    def write(self, value: int, array: Any) -> None:
        if value not in self.fixed:
            super().write(value, array)
