"""Programs that do something twice, made of functions that do not, with the truth by counting.

Each `Twice` holds a program that calls a function of `tests.quiet` again, the program that calls it
once and uses the result twice, and the function itself. Executions of an opcode in the three
compiled programs tell what became of the second call: all of its work is left, or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from pytest_jaxcost import Finding, Report, measure
from tests.analyses.survival.survivals import is_left
from tests.quiet.functions import FUNCTIONS, Function, derivative

STEPS = 5
FLAG = jax.ShapeDtypeStruct((), jnp.bool_)
OPCODES: Mapping[str, tuple[str, ...]] = {
    "sin": ("sine",),
    "cos": ("cosine",),
    "tanh": ("tanh",),
    "exp": ("exponential",),
    "exp2": ("exponential", "power"),
    "expm1": ("exponential-minus-one",),
    "log": ("log",),
    "log1p": ("log-plus-one", "log"),
    "sqrt": ("sqrt",),
    "rsqrt": ("rsqrt",),
    "pow": ("power",),
    "atan2": ("atan2",),
    "div": ("divide",),
    "max": ("maximum",),
    "min": ("minimum",),
    "floor": ("floor",),
    "dot_general": ("dot",),
    "conv_general_dilated": ("convolution",),
    "sort": ("sort",),
    "fft": ("fft",),
    "scatter": ("scatter",),
    "scatter-add": ("scatter",),
    **dict.fromkeys(("cumsum", "cumprod", "cummax", "reduce_window_max"), ("reduce-window",)),
    **dict.fromkeys(("reduce_sum", "reduce_max", "reduce_min", "reduce_prod"), ("reduce",)),
    **dict.fromkeys(("cholesky", "lu", "qr", "geqrf", "eigh", "svd"), ("custom-call", "cholesky")),
    "triangular_solve": ("triangular-solve", "custom-call"),
}
"""The opcodes that show what became of a primitive."""


class Twice(NamedTuple):
    """A program that calls a function again, one that does not, and what the call adds."""

    again: Function
    better: Function
    added: Function
    times: int
    first: int
    """How often the second call and the first one run."""
    avals: tuple[Any, ...]


def changed(results: Any) -> Any:
    return jax.tree.map(lambda y: jnp.where(y == 1, y, y * 3), results)


def in_a_row(f: Function, avals: tuple[Any, ...]) -> Twice:
    """The second call right after the first."""

    def better(*args: Any) -> Any:
        y = f(*args)
        return y, changed(y)

    return Twice(lambda *args: (f(*args), changed(f(*args))), better, f, 1, 1, avals)


def in_two_jits(f: Function, avals: tuple[Any, ...]) -> Twice:
    """Each call in a jitted function of its own."""

    def first(*args: Any) -> Any:
        return f(*args)

    def second(*args: Any) -> Any:
        return changed(f(*args))

    def better(*args: Any) -> Any:
        y = f(*args)
        return y, changed(y)

    def again(*args: Any) -> Any:
        return jax.jit(first)(*args), jax.jit(second)(*args)

    return Twice(again, better, f, 1, 1, avals)


def in_a_branch(f: Function, avals: tuple[Any, ...]) -> Twice:
    """The second call in a branch."""

    def program(flag: Any, *args: Any, once: bool) -> Any:
        y = f(*args)
        again = (lambda: y) if once else (lambda: f(*args))
        return y, lax.cond(flag, lambda: changed(again()), lambda: jax.tree.map(jnp.zeros_like, y))

    def again(flag: Any, *args: Any) -> Any:
        return program(flag, *args, once=False)

    def better(flag: Any, *args: Any) -> Any:
        return program(flag, *args, once=True)

    return Twice(again, better, f, 1, 1, (FLAG, *avals))


def in_a_loop(f: Function, avals: tuple[Any, ...]) -> Twice:
    """The second call in the body of a loop, from which it may be hoisted."""

    def program(*args: Any, once: bool) -> Any:
        y = f(*args)

        def step(i: Any, _: Any) -> Any:
            again = y if once else f(*args)
            return i + 1, jax.tree.map(lambda y: jnp.where(i == 1, y, y * 3), again)

        return y, lax.scan(step, 0, None, length=STEPS)[1]

    def again(*args: Any) -> Any:
        return program(*args, once=False)

    def better(*args: Any) -> Any:
        return program(*args, once=True)

    return Twice(again, better, f, STEPS, 1, avals)


def in_two_loops(f: Function, avals: tuple[Any, ...]) -> Twice:
    """Both calls in bodies of loops that give different results."""

    def stacked(args: Any) -> Any:
        return jax.tree.map(lambda x: jnp.stack([x] * STEPS), args)

    def again(*args: Any) -> Any:
        one = lax.map(lambda args: f(*args), stacked(args))
        return one, lax.map(lambda args: changed(f(*args)), stacked(args))

    def better(*args: Any) -> Any:
        def both(args: Any) -> Any:
            y = f(*args)
            return y, changed(y)

        return lax.map(both, stacked(args))

    return Twice(again, better, f, STEPS, STEPS, avals)


WAYS: tuple[Callable[[Function, tuple[Any, ...]], Twice], ...] = (
    in_a_row,
    in_two_jits,
    in_a_branch,
    in_a_loop,
    in_two_loops,
)


def programs() -> Iterator[tuple[str, Twice]]:
    """Every function and its gradient, called again in every way."""
    for way in WAYS:
        for name, (function, avals) in FUNCTIONS.items():
            yield f"{way.__name__} {name}", way(function, avals)
            if _is_differentiable(function, avals):
                yield f"{way.__name__} grad({name})", way(derivative(function), avals)


def _is_differentiable(function: Function, avals: tuple[Any, ...]) -> bool:
    first = jax.tree.leaves(avals)[0]
    results = jax.tree.leaves(jax.eval_shape(function, *avals))
    return all(jnp.issubdtype(each.dtype, jnp.inexact) for each in (first, *results))


LITTLE = 0.05
"""The part of the operations of a repetition that is as good as nothing."""


class Judged(NamedTuple):
    """A finding's verdict, and the truth where counting tells one thing of its primitives."""

    title: str
    verdict: str | None
    reason: str
    truth: str | None


def judged(twice: Twice) -> list[Judged]:
    """The findings of the program that calls a function again."""
    report = measure(twice.again, twice.avals)
    findings = report._measurement.judged("duplicates")
    if not findings:
        return []
    inputs = twice.avals[1:] if twice.avals[0] is FLAG else twice.avals
    better = measure(twice.better, twice.avals)
    counts = (
        report.compiled.executions,
        better.compiled.executions,
        measure(twice.added, inputs).compiled.executions,
    )
    part = (operations(report) - operations(better)) / max(1, findings.operations)
    repeated = Counter[str]()
    for each in findings.equations:
        repeated[each.primitive] += each.count
    truths = {name: truth(twice, name, number, *counts) for name, number in repeated.items()}
    return [
        Judged(
            each.title,
            *is_left({each.survival}),
            each.survival_reason,
            agreeing(common(each, truths), part),
        )
        for each in findings
    ]


def operations(report: Report) -> int:
    return int(report.compiled.flops or 0) + int(report.compiled.transcendentals or 0)


def agreeing(told: str | None, part: float) -> str | None:
    """What counting instructions tells, if the better program's operations do not tell otherwise.

    A sum of equal elements becomes a product: it is there as often, and no longer the work it was.
    """
    is_left_by_operations = part > LITTLE
    return told if told is None or (told == "survives") == is_left_by_operations else None


def common(finding: Finding, truths: Mapping[str, str | None]) -> str | None:
    """What counting tells of the primitives of a finding, where it tells one thing."""
    told = {truth for each in finding.equations if (truth := truths[each.primitive])}
    return told.pop() if len(told) == 1 else None


def truth(
    twice: Twice,
    primitive: str,
    repeated: int,
    again: Mapping[str, int],
    better: Mapping[str, int],
    added: Mapping[str, int],
) -> str | None:
    """What became of the repetitions of a primitive, by the executions of its opcodes.

    None where some are left, where the compiler rewrote some or clones what is computed once.
    """
    opcodes = OPCODES.get(primitive, ())
    did, needs, more = (sum(each.get(o, 0) for o in opcodes) for each in (again, better, added))
    if more < repeated or needs >= more * (twice.first + 1):
        return None
    if did <= needs:
        return "removed"
    return "survives" if did >= needs + more * twice.times else None
