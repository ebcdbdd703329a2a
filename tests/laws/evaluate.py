"""Running the inlined program equation by equation, and a jaxpr by its own rules.

`evaluate` reads the records under test. `reference` reads nothing but JAX's jaxpr: every control
is a Python loop or branch, so that both run the same single operations and agree bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from pytest_jaxcost import _compat
from pytest_jaxcost.ir.equation import Block, Equation, Inlined, Loop, Region, Switch

Context = frozenset[tuple[int, int]]
"""In which iteration of the loops around it a value was computed: (height of loop, iteration)."""

Outputs = Sequence[Any]
Take = Callable[[Equation, Context], Outputs | None]


class Missing:
    """What a skipped equation leaves behind."""


MISSING = Missing()


class Run(NamedTuple):
    """The results of a program, and what each value was in each context."""

    results: tuple[Any, ...]
    seen: dict[int, dict[Context, Any]]


def evaluate(
    program: Inlined,
    args: Sequence[Any],
    *,
    skipped: frozenset[int] = frozenset(),
    take: Take = lambda equation, context: None,
) -> Run:
    """Run a program; leave out the equations whose ``id`` is in `skipped`.

    Where `take` gives outputs, the equation takes them and is not run.

    Raises:
        LookupError: something that runs reads what a skipped equation would have computed.
    """
    return _Evaluation(program, skipped, take).run(args)


class _Evaluation:
    def __init__(self, program: Inlined, skipped: frozenset[int], take: Take) -> None:
        self.program, self.skipped, self.take = program, skipped, take
        self.env: dict[int, Any] = {}
        self.seen: dict[int, dict[Context, Any]] = {}
        self.context: Context = frozenset()

    def run(self, args: Sequence[Any]) -> Run:
        for value, arg in zip(self.program.inputs, args, strict=True):
            self.write(value, arg)
        self.region(self.program.main)
        return Run(tuple(map(self.read, self.program.main.results)), self.seen)

    def read(self, value: int) -> Any:
        if value in self.program.constants:
            return _content(self.program.constants[value])
        found = self.env.get(value, MISSING)
        if found is MISSING:
            raise LookupError(f"value {value} is read and was not computed")
        return found

    def peek(self, value: int) -> Any:
        """A value that may be missing, because nothing needs what is made of it."""
        return self.read(value) if value in self.program.constants else self.env.get(value, MISSING)

    def write(self, value: int, array: Any) -> None:
        self.env[value] = array
        if array is not MISSING:
            self.seen.setdefault(value, {})[self.context] = array

    def region(self, region: Region) -> None:
        for equation in region.equations:
            self.equation(equation)

    def equation(self, equation: Equation) -> None:
        control = equation.control
        if isinstance(control, Loop):
            self.loop(equation, control)
        elif isinstance(control, Switch):
            self.switch(equation, control)
        else:
            self.bind(equation)

    def bind(self, equation: Equation) -> None:
        if id(equation) in self.skipped:
            outputs: Outputs = [MISSING] * len(equation.outputs)
        else:
            taken = self.take(equation, self.context)
            outputs = (
                bind(equation.eqn, [*map(self.read, equation.inputs)]) if taken is None else taken
            )
        for value, output in zip(equation.outputs, outputs, strict=True):
            self.write(value, output)

    def compute(self, equation: Equation) -> Outputs:
        return bind(equation.eqn, [self.read(value) for value in equation.inputs])

    def switch(self, equation: Equation, switch: Switch) -> None:
        index = self.peek(equation.inputs[0])
        if index is MISSING:
            return
        region = switch.regions[min(max(int(index), 0), len(switch.regions) - 1)]
        self.region(region)
        for value, result in zip(equation.outputs, region.results, strict=True):
            self.write(value, self.peek(result))

    def loop(self, equation: Equation, loop: Loop) -> None:
        outer, height = self.context, loop_height(loop)
        carried = [self.peek(carry.init) for carry in loop.carries]
        stacks: list[list[Any]] = [[] for _ in loop.stacks]
        for step, position in enumerate(_positions(equation, loop)):
            self.context = outer | {(height, step)}
            for carry, array in zip(loop.carries, carried, strict=True):
                self.write(carry.param, array)
            for slice_ in loop.slices:
                operand = self.peek(slice_.operand)
                self.write(slice_.param, MISSING if operand is MISSING else _row(operand, position))
            goes_on = self.predicate(loop)
            if goes_on is MISSING or not np.any(goes_on):
                break
            self.region(loop.body)
            updates = [self.peek(carry.update) for carry in loop.carries]
            carried = [*map(partial(_where, goes_on), updates, carried)]
            for stack, results in zip(loop.stacks, stacks, strict=True):
                results.append(self.peek(stack.result))
        self.context = outer
        for carry, array in zip(loop.carries, carried, strict=True):
            self.write(carry.out, array)
        for stack, results in zip(loop.stacks, stacks, strict=True):
            self.write(stack.out, _stacked(results, loop.reverse, self.program.avals[stack.out]))

    def predicate(self, loop: Loop) -> Any:
        if loop.test is None or loop.predicate is None:
            return np.True_
        self.region(loop.test)
        return self.peek(loop.predicate)


def loop_height(loop: Loop) -> int:
    """How many loops are nested in a loop, itself included."""
    inner = [c for r in loop.regions for c in _controls(r)]
    return 1 + max((loop_height(c) for c in inner if isinstance(c, Loop)), default=0)


def _controls(region: Region) -> Iterator[Loop | Switch | Block]:
    for equation in region.equations:
        if equation.control is not None:
            yield equation.control
            if not isinstance(equation.control, Loop):
                for inner in equation.control.regions:
                    yield from _controls(inner)


def _positions(equation: Equation, loop: Loop) -> Iterator[int]:
    if loop.test is None:
        order = range(equation.eqn.params["length"])
        yield from reversed(order) if loop.reverse else order
        return
    step = 0
    while True:
        yield step
        step += 1


def _where(goes_on: Any, update: Any, carried: Any) -> Any:
    """What is carried on: a batched predicate keeps the examples whose loop has ended."""
    if update is MISSING or np.ndim(goes_on) == 0:
        return update
    mask = np.reshape(goes_on, np.shape(goes_on) + (1,) * (update.ndim - np.ndim(goes_on)))
    return (jnp if _has_keys(update) else np).where(mask, update, carried)


def _stacked(results: list[Any], reverse: bool, aval: Any) -> Any:
    if any(result is MISSING for result in results):
        return MISSING
    if not results:
        return np.zeros(aval.shape, aval.dtype)
    return _stack(results[::-1] if reverse else results)


# what only moves data is done by NumPy, which compiles nothing


def _has_keys(array: Any) -> bool:
    return jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key)


def _row(array: Any, position: int) -> Any:
    return array[position] if _has_keys(array) else np.asarray(array)[position, ...]


def _stack(arrays: Sequence[Any]) -> Any:
    return (jnp if _has_keys(arrays[0]) else np).stack(arrays)


def _content(content: Any) -> Any:
    if isinstance(content, _compat.Literal):
        return np.asarray(content.val, content.aval.dtype)
    return content


def bind(eqn: Any, operands: Sequence[Any]) -> Outputs:
    """What one equation computes."""
    outputs = eqn.primitive.bind(*operands, **eqn.params)
    return outputs if eqn.primitive.multiple_results else [outputs]


def reference(jaxpr: Any, args: Sequence[Any]) -> list[Any]:
    """What a closed jaxpr computes, one operation at a time."""
    body, consts = _compat.open_jaxpr(jaxpr)
    env = dict(zip([*body.constvars, *body.invars], [*consts, *args], strict=True))

    def read(atom: Any) -> Any:
        return _content(atom) if isinstance(atom, _compat.Literal) else env[atom]

    for eqn in body.eqns:
        rule = _RULES.get(eqn.primitive.name, bind)
        env.update(zip(eqn.outvars, rule(eqn, [*map(read, eqn.invars)]), strict=True))
    return [*map(read, body.outvars)]


def _called(parameter: str) -> Callable[[Any, Sequence[Any]], list[Any]]:
    return lambda eqn, operands: reference(eqn.params[parameter], operands)


def _cond(eqn: Any, operands: Sequence[Any]) -> list[Any]:
    index, *rest = operands
    branches = eqn.params["branches"]
    return reference(branches[min(max(int(index), 0), len(branches) - 1)], rest)


def _while(eqn: Any, operands: Sequence[Any]) -> list[Any]:
    params = eqn.params
    n_test, n_body = params["cond_nconsts"], params["body_nconsts"]
    test, body = operands[:n_test], operands[n_test : n_test + n_body]
    carry = [*operands[n_test + n_body :]]
    while True:
        (goes_on,) = reference(params["cond_jaxpr"], [*test, *carry])
        if not np.any(goes_on):
            return carry
        updates = reference(params["body_jaxpr"], [*body, *carry])
        carry = [*map(partial(_where, goes_on), updates, carry)]


def _scan(eqn: Any, operands: Sequence[Any]) -> list[Any]:
    params = eqn.params
    n_consts, n_carry = _compat.scan_arity(params)
    consts, xs = operands[:n_consts], operands[n_consts + n_carry :]
    carry = [*operands[n_consts : n_consts + n_carry]]
    rows: list[Any] = [None] * params["length"]
    order = range(params["length"])
    for k in reversed(order) if params["reverse"] else order:
        results = reference(params["jaxpr"], [*consts, *carry, *(_row(x, k) for x in xs)])
        carry, rows[k] = results[:n_carry], results[n_carry:]
    if rows:
        return [*carry, *map(_stack, zip(*rows, strict=True))]
    return [*carry, *(np.zeros(v.aval.shape, v.aval.dtype) for v in eqn.outvars[n_carry:])]


def _linear_solve(eqn: Any, operands: Sequence[Any]) -> list[Any]:
    lengths, jaxprs = eqn.params["const_lengths"], eqn.params["jaxprs"]
    start = lengths.matvec + lengths.vecmat
    solve = operands[start : start + lengths.solve]
    return reference(jaxprs.solve, [*solve, *operands[sum(lengths) :]])


_RULES: dict[str, Callable[[Any, Sequence[Any]], Outputs]] = {
    **dict.fromkeys(("jit", "pjit", "remat", "remat2", "checkpoint"), _called("jaxpr")),
    **dict.fromkeys(("custom_jvp_call", "custom_vjp_call", "eval_jaxpr"), _called("call_jaxpr")),
    **dict.fromkeys(("closed_call", "core_call", "core_closed_call"), _called("call_jaxpr")),
    "cond": _cond,
    "custom_linear_solve": _linear_solve,
    "scan": _scan,
    "while": _while,
}


def bits(array: Any) -> tuple[str, tuple[int, ...], bytes]:
    """The dtype, shape and bits of an array; which NaN it is does not matter."""
    if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
        array = jax.random.key_data(array)
    content = np.asarray(array)
    if content.dtype.kind == "f":
        content = np.where(np.isnan(content), np.array(np.nan, content.dtype), content)
    return str(content.dtype), content.shape, content.tobytes()
