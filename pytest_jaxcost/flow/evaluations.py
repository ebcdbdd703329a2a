"""The runs of the user's code that a program's equations come from.

An *evaluation* is one run of one expression of the user's code: the Python frames around it, and
which of the runs with those frames it is, for a Python loop runs one expression again and again.
How often it ran is told by what it bound: the least number of binds over its places in JAX's
functions, since a loop inside one of those repeats some places and not the others.

What an evaluation computes itself is its *primal* work. The rest is made of it by differentiation:
coefficients, tangents and cotangents. JAX binds the primal first, so of several equations that one
bind made in a derivative the first is the primal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise, zip_longest
from typing import NamedTuple

from pytest_jaxcost import _compat
from pytest_jaxcost.flow.axis_rules import ELEMENTWISE
from pytest_jaxcost.flow.frame_tree import FrameTree
from pytest_jaxcost.flow.repeats import Occurrence
from pytest_jaxcost.ir import where
from pytest_jaxcost.ir.equation import Block, Equation, Inlined
from pytest_jaxcost.ir.origins import Origin, Origins

REDUCTIONS = frozenset(
    (
        *("argmax", "argmin", "cumlogsumexp", "cummax", "cummin", "cumprod", "cumsum"),
        *("reduce_and", "reduce_max", "reduce_min", "reduce_or", "reduce_prod", "reduce_sum"),
        "reduce_xor",
    )
)
"""Primitives that cost about a flop an element of their operand."""

FORWARD = (where.PRIMAL, where.JVP, where.UNATTRIBUTED)
DERIVED = (where.JVP, where.RECOMPUTE)

Evaluation = tuple[int, int]
"""A context of `Origins`, and which of its runs."""


class Made(NamedTuple):
    """How an equation came to be."""

    occurrence: Occurrence
    evaluation: Evaluation
    origin: Origin
    phase: str
    is_work: bool
    is_primal: bool
    pull: tuple[int, int]
    """Which of how many equations alike that pulling cotangents back through it made."""


class Way(NamedTuple):
    """The frames that lead to an evaluation, outermost first."""

    outside: tuple[_compat.Frame, ...]
    inside: tuple[_compat.Frame, ...]
    is_repeated: bool
    """Whether what the first frame inside calls is evaluated elsewhere too, at the same point."""
    is_equal: bool
    """Whether all that differentiation makes of it is computed elsewhere too."""


class Evaluations:
    """The evaluations of one program, worked out in one pass over its equations.

    `is_work` tells what is more than moving data, `is_own` the files of the user's own code. Of a
    program that is itself a part of a derivative, only what is more than a cheap step is primal.
    """

    def __init__(
        self,
        program: Inlined,
        numbers: Sequence[int],
        is_work: Callable[[Equation], bool],
        is_own: Callable[[str], bool],
        *,
        is_derived: bool = False,
    ) -> None:
        self._values = numbers
        self.origins = Origins(is_own)
        self.made: dict[int, Made] = {}
        self.runs: dict[int, int] = {}
        """How often each context ran."""
        self._derivatives: dict[int, tuple[_compat.Frame, ...]] = {}
        self._order: list[int] = []
        """The equations that do work, by ``id``, in the order in which JAX traced them."""
        contexts: dict[int, list[_Step]] = defaultdict(list)
        for occurrence in _in_order(program):
            self._order.append(id(occurrence.equation))
            origin = self.origins.of(occurrence.equation)
            phase = where.phase(occurrence.equation)
            if is_derived and phase == where.PRIMAL:
                phase = where.UNATTRIBUTED
            step = _Step(occurrence, origin, phase, is_work(occurrence.equation))
            contexts[origin.context].append(step)
        for context, steps in contexts.items():
            self._place(context, steps)

    def of(self, equation: Equation) -> Made:
        """How an equation came to be."""
        return self.made[id(equation)]

    def frames(self, equation: Equation) -> tuple[_compat.Frame, ...]:
        """The user's frames of the measured function that lead to an equation, outermost first."""
        way = self.origins.frames(self.of(equation).evaluation[0])[::-1]
        inside = way[self.origins.entered(way) :]
        return tuple(frame for frame in inside if self.origins.is_own(frame))

    def derivative_call(self, equation: Equation) -> _compat.Frame | None:
        """The user's frame that calls the outermost derivative around an equation.

        None if the whole program is that derivative.
        """
        way = self.origins.frames(self.of(equation).evaluation[0])[::-1]
        asked = next((k for k, frame in enumerate(way) if _compat.derivative_of(frame)), 0)
        around = way[self.origins.entered(way) : asked][::-1]
        return next((frame for frame in around if self.origins.is_own(frame)), None)

    def checkpoint_call(self, equation: Equation) -> tuple[_compat.Frame, ...]:
        """The user's frames from the call of the innermost checkpoint around an equation on.

        Empty if no frame leads through one.
        """
        way = self.origins.frames(self.of(equation).evaluation[0])[::-1]
        inside = max((k for k, frame in enumerate(way) if _compat.is_checkpoint(frame)), default=0)
        own = [k for k, frame in enumerate(way) if self.origins.is_own(frame)]
        call = max((k for k in own if k < inside), default=len(way))
        return tuple(way[k] for k in own if k >= call)

    @cached_property
    def primal(self) -> dict[Evaluation, list[Made]]:
        """The primal work of each evaluation, in program order."""
        return self._by_evaluation(lambda made: made.is_primal)

    @cached_property
    def work(self) -> dict[Evaluation, list[Made]]:
        """The work that comes from each evaluation, in program order."""
        return self._by_evaluation(lambda made: made.is_work)

    @cached_property
    def whole(self) -> dict[Evaluation, list[Made]]:
        """All that comes from each evaluation, in program order."""
        return self._by_evaluation(lambda made: True)

    def _by_evaluation(self, is_meant: Callable[[Made], bool]) -> dict[Evaluation, list[Made]]:
        found: dict[Evaluation, list[Made]] = defaultdict(list)
        for each in self.made.values():
            if is_meant(each):
                found[each.evaluation].append(each)
        return found

    @cached_property
    def numbers(self) -> dict[Evaluation, frozenset[int]]:
        """The value numbers of each evaluation's primal work: what it was evaluated at."""
        return {
            evaluation: frozenset(
                self._values[each.occurrence.equation.outputs[0]]
                for each in primal
                if each.occurrence.equation.outputs
            )
            for evaluation, primal in self.primal.items()
        }

    def computes_primal(self, made: Made) -> bool:
        """Whether an equation computes what its evaluation computes itself, a rule's included."""
        outputs = made.occurrence.equation.outputs
        point = self.numbers.get(made.evaluation, frozenset())
        return made.is_primal or (bool(outputs) and self._values[outputs[0]] in point)

    @cached_property
    def times(self) -> Counter[int]:
        """In how many evaluations each value is computed as primal work."""
        return Counter(number for numbers in self.numbers.values() for number in numbers)

    # pulls

    def pull_of(self, made: Made) -> int:
        """Which pull of one linear map an equation belongs to, where the user pulled it again."""
        j, n = made.pull
        return j * self._pulls[self.derivative(made)] // n if n > 1 else 0

    @cached_property
    def _pulls(self) -> dict[tuple[_compat.Frame, ...], int]:
        """How often each linear map was pulled."""
        pulled: dict[tuple[_compat.Frame, ...], list[tuple[int, int]]] = defaultdict(list)
        for equation in self._order:
            made = self.made[equation]
            if made.pull[1]:
                pulled[self.derivative(made)].append(made.pull)
        return {derivative: _in_turn(pulls) for derivative, pulls in pulled.items()}

    def derivative(self, made: Made) -> tuple[_compat.Frame, ...]:
        """The frames of the outermost call of a derivative, and those around it.

        Empty if that call is around the whole program, whose frames then say nothing of it.
        """
        context = made.origin.context
        known = self._derivatives.get(context)
        if known is None:
            frames = self.origins.frames(context)
            asked = [k for k, frame in enumerate(frames) if _compat.derivative_of(frame)]
            known = self._derivatives[context] = frames[asked[-1] :] if asked else ()
        return known

    # the tree of frames

    def ways(self, contexts: Iterable[int]) -> list[Way]:
        """The frames of contexts, outermost first, below those that all of them have in common."""
        ways = [self.origins.frames(context)[::-1] for context in contexts]
        shared = _shared(ways)
        return [self._way(way, shared) for way in ways]

    def rerun(self, context: int) -> Way:
        """The frames of a context from the one on whose code ran again what it calls there."""
        way = self.origins.frames(context)[::-1]
        calls = self._tree.along(way)
        again = [k for k, call in enumerate(calls) if call.runs > 1]
        repeated = [k for k in again if calls[k].is_repeated]
        return self._way(way, (repeated or again or [max(len(way) - 1, 0)])[0])

    def _way(self, way: tuple[_compat.Frame, ...], start: int) -> Way:
        calls = self._tree.along(way[: start + 1])
        call = calls[start] if start < len(calls) else _Call(0, False, False)
        return Way(way[:start], way[start:], call.is_repeated, call.is_equal)

    @cached_property
    def _tree(self) -> FrameTree[_Call]:
        repeated, equal = self._all_computed_again(self.primal), self._all_computed_again(self.work)
        tree: FrameTree[_Call] = FrameTree(_Call.and_)
        for context, runs in self.runs.items():
            way = self.origins.frames(context)[::-1]
            tree.add(way, _Call(runs, context in repeated, context in equal))
        return tree

    def _all_computed_again(self, work: Mapping[Evaluation, list[Made]]) -> set[int]:
        """The contexts in all of whose evaluations nothing is computed for the first time."""
        numbers = [
            (context, self._values[each.occurrence.equation.outputs[0]])
            for (context, _), made in work.items()
            for each in made
            if each.occurrence.equation.outputs
        ]
        times = Counter(number for _, number in numbers)
        return set(self.runs) - {context for context, number in numbers if times[number] == 1}

    # evaluations

    def _place(self, context: int, steps: list[_Step]) -> None:
        """Tell the runs of one context apart."""
        runs = self._place_forward(context, [s for s in steps if s.phase in FORWARD])
        self._place_forward(context, [s for s in steps if s.phase == where.RECOMPUTE])
        self._place_backward(context, [s for s in steps if s.phase == where.TRANSPOSE], runs)
        if runs:
            self.runs[context] = runs

    def _place_forward(self, context: int, steps: list[_Step]) -> int:
        bodies: dict[int, list[_Step]] = defaultdict(list)
        for step in steps:
            bodies[step.origin.body].append(step)
        total = 0
        for inside in bodies.values():
            runs, places = _runs(inside)
            primal = _primal(list(zip(inside, places, strict=True)))
            for step, run in zip(inside, places, strict=True):
                evaluation = (context, total + run)
                self._add(step, evaluation, id(step.occurrence.equation) in primal, (0, 0))
            total += runs
        return total

    def _place_backward(self, context: int, steps: list[_Step], runs: int) -> None:
        """Tell which forward runs cotangents were pulled through, or which pull of the only one."""
        pulled: Counter[tuple[int, str, int]] = Counter()
        binds: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
        order = []
        for step in steps:
            origin, equation = step.origin, step.occurrence.equation
            alike = (id(equation.eqn.source_info.traceback), equation.primitive, origin.position)
            at = binds[origin.place]
            at.setdefault((origin.body, origin.bound), len(at))
            order.append((alike, pulled[alike]))
            pulled[alike] += 1
        for step, (alike, j) in zip(steps, order, strict=True):
            at = binds[step.origin.place]
            run = at[step.origin.body, step.origin.bound] * runs // len(at)
            pull = (j, pulled[alike]) if runs <= 1 else (0, 0)
            self._add(step, (context, run), False, pull)

    def _add(
        self, step: _Step, evaluation: Evaluation, is_primal: bool, pull: tuple[int, int]
    ) -> None:
        occurrence, origin, phase, is_work = step
        made = Made(occurrence, evaluation, origin, phase, is_work, is_primal, pull)
        self.made[id(occurrence.equation)] = made


def _in_turn(pulls: Sequence[tuple[int, int]]) -> int:
    """How many pulls equations in program order are of, each of which is over before the next.

    Differentiating a pull repeats its equations too, one by one.
    """
    least = min(n for _, n in pulls)
    for k in range(least, 1, -1):
        turns = [j * k // n for j, n in pulls]
        if least % k == 0 and all(one <= other for one, other in pairwise(turns)):
            return k
    return 1


def is_cheap(primitive: str) -> bool:
    """Whether an equation costs about as much as reading its operands."""
    return primitive in ELEMENTWISE or primitive in REDUCTIONS


class _Step(NamedTuple):
    occurrence: Occurrence
    origin: Origin
    phase: str
    is_work: bool


def _in_order(program: Inlined) -> Iterator[Occurrence]:
    """The equations that do work, in the order in which JAX traced them."""
    stack = [(program.main, iter(program.main.equations))]
    seen = {id(program.main)}
    while stack:
        region, equations = stack[-1]
        for equation in equations:
            control = equation.control
            if control is None or isinstance(control, Block):
                yield Occurrence(region, equation)
            if control is not None:
                inside = [each for each in control.regions if id(each) not in seen]
                seen.update(map(id, inside))
                stack += [(each, iter(each.equations)) for each in reversed(inside)]
                break
        else:
            stack.pop()


class _Bind(NamedTuple):
    """What is alike in binds that tell how often an expression ran."""

    place: int
    primitive: str
    is_rule: bool
    is_work: bool


def _runs(steps: list[_Step]) -> tuple[int, list[int]]:
    """How often an expression ran in one body, and which run each of its steps belongs to."""
    binds: dict[int, _Bind] = {}
    for step in sorted(steps, key=lambda step: not step.is_work):  # work tells what a bind is
        origin = step.origin
        bind = _Bind(origin.place, step.occurrence.equation.primitive, origin.is_rule, step.is_work)
        binds.setdefault(origin.bound, bind)
    order: dict[_Bind, dict[int, int]] = defaultdict(dict)
    for step in steps:
        alike = order[binds[step.origin.bound]]
        alike.setdefault(step.origin.bound, len(alike))
    runs = min(len(order[bind]) for bind in _telling(list(order)))
    places = []
    for step in steps:
        alike = order[binds[step.origin.bound]]
        places.append(alike[step.origin.bound] * runs // len(alike))
    return runs, places


def _telling(binds: list[_Bind]) -> list[_Bind]:
    """The binds that tell how often an expression ran, because each run makes all of them.

    They are those that do work, if any do. A bind that a rule made counts only where the user's
    code bound nothing at the same place.
    """
    plain = {bind.place for bind in binds if not bind.is_rule}
    made = [bind for bind in binds if not bind.is_rule or bind.place not in plain]
    return [bind for bind in made if bind.is_work] or made


def _primal(steps: list[tuple[_Step, int]]) -> set[int]:
    """The ``id`` of those equations that compute what the user's code asked for."""
    together: dict[tuple[int, ...], list[Equation]] = defaultdict(list)
    plain = {(run, step.origin.position) for step, run in steps if _is_plain(step)}
    worked = [(step, run) for step, run in steps if step.is_work]
    for step, _ in worked:
        equation, origin = step.occurrence.equation, step.origin
        if step.phase == where.UNATTRIBUTED:  # of a cheap step nothing tells whose it is
            together[(id(equation),)] += [] if is_cheap(equation.primitive) else [equation]
        elif step.phase == where.PRIMAL:
            together[(id(equation),)].append(equation)
        elif not origin.is_rule:
            bound = (origin.bound, id(equation.eqn.source_info.traceback))
            together[bound].append(equation)
    for step, run in worked:
        at = (run, step.origin.position)
        if step.phase in DERIVED and step.origin.is_rule and at not in plain:
            together[(-1, *at)].append(step.occurrence.equation)
    return {id(_first(equations)) for equations in together.values() if equations}


def _is_plain(step: _Step) -> bool:
    """Whether JAX bound it where it was asked for; it need not be work, as ``x ** 1`` is none."""
    return step.phase in DERIVED and not step.origin.is_rule


def _first(equations: list[Equation]) -> Equation:
    """The primal of what one bind made: the first that is more than a cheap step, if any is."""
    costly = (each for each in equations if not is_cheap(each.primitive))
    return next(costly, equations[0])


def _shared(ways: Sequence[tuple[_compat.Frame, ...]]) -> int:
    """How many frames all ways have in common, seen from the outside."""
    for k, frames in enumerate(zip_longest(*ways)):
        if any(frame != frames[0] for frame in frames):
            return k
    return len(ways[0])


class _Call(NamedTuple):
    """What one frame called at one instruction."""

    runs: int
    """The least number of runs of what it called."""
    is_repeated: bool
    is_equal: bool

    def and_(self, other: _Call) -> _Call:
        """What two calls at the same instruction have in common."""
        return _Call(
            min(self.runs, other.runs),
            self.is_repeated and other.is_repeated,
            self.is_equal and other.is_equal,
        )
