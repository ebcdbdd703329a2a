"""Random JAX programs: functions of two vectors, built of steps that may repeat one another.

A program is plain data, so that Hypothesis can shrink it. Each step takes two vectors that the
body has made so far and makes another one; what is inside a step may be of any kind and shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from jax import lax

SIZE = 3
"""Elements of every vector."""

Vector = Any
Call = Callable[[Vector, Vector], Vector]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on two vectors made so far; `body` is what a higher-order one calls."""

    name: str
    left: int
    right: int
    body: Body | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A function of two vectors: its steps, and which of the vectors is the result."""

    steps: tuple[Step, ...]
    result: int


@dataclass(frozen=True, slots=True)
class Program:
    """A function of two vectors with helpers that steps may call, any number of times."""

    body: Body
    helpers: tuple[Body, ...] = ()

    def __call__(self, a: Vector, b: Vector) -> tuple[Vector, ...]:
        helpers = [jax.jit(partial(_run, helper, ())) for helper in self.helpers]
        vectors = _vectors(self.body, helpers, a, b)
        return vectors[self.body.result % len(vectors)], vectors[-1]

    @property
    def jaxpr(self) -> Any:
        return jax.make_jaxpr(lambda a, b: self(a, b))(*ARGS)


ARGS = (np.float32([0.5, -1.25, 2.0]), np.float32([-0.75, 0.25, 1.5]))


def _run(body: Body, helpers: Sequence[Call], a: Vector, b: Vector) -> Vector:
    vectors = _vectors(body, helpers, a, b)
    return vectors[body.result % len(vectors)]


def _vectors(body: Body, helpers: Sequence[Call], a: Vector, b: Vector) -> list[Vector]:
    vectors = [a, b]
    for step in body.steps:
        left, right = (vectors[k % len(vectors)] for k in (step.left, step.right))
        if step.name == "helper":
            vectors.append(helpers[step.left % len(helpers)](left, right))
        elif step.body is not None:
            inner = partial(_run, step.body, helpers)
            vectors.append(HIGHER[step.name](inner, left, right))
        else:
            vectors.append(FIRST_ORDER[step.name](left, right))
    return vectors


# operations that take two vectors and make one


def _position(v: Vector) -> Any:
    return jnp.clip(v[0].astype(np.int32), 0, SIZE - 1)


def _integers(v: Vector) -> Any:
    return lax.convert_element_type(lax.clamp(np.float32(-9), v, np.float32(9)), np.int32)


def _draw(a: Vector, b: Vector) -> Vector:
    return a + jax.random.uniform(jax.random.fold_in(jax.random.key(1), 2), (SIZE,))


def _captured(a: Vector, b: Vector) -> Vector:
    return jnp.asarray(np.float32([1.5, -2.0, 0.0])) * a  # a new array each time, equal by content


STRAIGHT: Mapping[str, Call] = {
    "add": lambda a, b: lax.add(a, b),
    "add_half": lambda a, b: lax.add(a, np.float32(0.5)),
    "commuted_add": lambda a, b: lax.add(b, a),
    "commuted_mul": lambda a, b: lax.mul(b, a),
    "concatenate": lambda a, b: lax.slice(lax.concatenate([a, b], 0), (2,), (5,)),
    "concatenate_low": lambda a, b: lax.slice(lax.concatenate([a, b], 0), (1,), (4,)),
    "cos": lambda a, b: lax.cos(a),
    "dot": lambda a, b: lax.dot(lax.broadcast(b, (SIZE,)), a),
    "exp": lambda a, b: lax.exp(-lax.abs(a)),
    "floor": lambda a, b: lax.floor(a),
    "integers": lambda a, b: lax.mul(_integers(a), _integers(b)).astype(np.float32),
    "max": lambda a, b: lax.max(a, b),
    "mul": lambda a, b: lax.mul(a, b),
    "negative_zero": lambda a, b: lax.mul(a, np.float32(-0.0)),
    "select": lambda a, b: lax.select(lax.gt(a, b), a, b),
    "sin": lambda a, b: lax.sin(a),
    "sub": lambda a, b: lax.sub(a, b),
    "sum": lambda a, b: lax.broadcast(lax.reduce_sum(a, axes=(0,)), (SIZE,)),
    "tanh": lambda a, b: lax.tanh(a),
    "zero": lambda a, b: lax.mul(a, np.float32(0.0)),
}
"""Operations of which JAX's equations lower to one StableHLO operation each."""

FIRST_ORDER: Mapping[str, Call] = {
    **STRAIGHT,
    "atan2": lambda a, b: lax.atan2(a, b),
    "barrier": lambda a, b: lax.optimization_barrier(a),
    "captured": _captured,
    "cumsum": lambda a, b: lax.cumsum(a),
    "draw": _draw,
    "dynamic_slice": lambda a, b: lax.dynamic_slice(jnp.tile(a, 2), (_position(b),), (SIZE,)),
    "dynamic_update": lambda a, b: lax.dynamic_update_slice(a, b[:1], (_position(b),)),
    "gather": lambda a, b: a[jnp.argsort(b)],
    "integer_pow": lambda a, b: lax.integer_pow(jnp.tanh(a), 3),
    "outer": lambda a, b: jnp.outer(a, b) @ jnp.sin(b),
    "scatter": lambda a, b: a.at[_position(b)].add(b[1]),
    "softmax": lambda a, b: jax.nn.softmax(a),
    "sort": lambda a, b: lax.sort(a),
    "variance": lambda a, b: a * jnp.var(b),
    "where": lambda a, b: jnp.where(a > 0, jnp.log1p(jnp.abs(a)), b),
}


# operations that call a body


def _scan_carry(call: Call, a: Vector, b: Vector) -> Vector:
    return lax.scan(lambda c, _: (call(c, b), None), a, None, length=2)[0]


def _scan_slices(call: Call, a: Vector, b: Vector) -> Vector:
    def step(carry: Any, x: Vector) -> Any:
        count, total = carry
        return (count + 1, total + call(x, b)), call(a, b) * count

    (_, total), rows = lax.scan(step, (0, b), jnp.stack([a, b]))
    return total + rows.sum(0)


def _scan_reverse(call: Call, a: Vector, b: Vector) -> Vector:
    return lax.scan(lambda c, x: (call(c, x), jnp.sin(x)), a, jnp.stack([b, a]), reverse=True)[0]


def _scan_swapped(call: Call, a: Vector, b: Vector) -> Vector:
    one, other = lax.scan(lambda c, _: ((c[1], call(*c)), None), (a, b), None, length=3)[0]
    return one - other


def _scan_pairs(call: Call, a: Vector, b: Vector) -> Vector:
    rows = jnp.stack([a, b])

    def outer(total: Vector, x: Vector) -> Any:
        return lax.scan(lambda t, y: (t + call(x, y), None), total, rows)[0], jnp.sin(x)

    return lax.scan(outer, a, rows)[0]


def _fori(call: Call, a: Vector, b: Vector) -> Vector:
    return lax.fori_loop(0, 2, lambda k, c: call(c, b) + k, a)


def _while_counted(call: Call, a: Vector, b: Vector) -> Vector:
    def step(carry: Any) -> Any:
        return carry[0] + 1, call(carry[1], b), carry[2] * 2

    return lax.while_loop(lambda c: c[0] < 2, step, (0, a, b))[1]


def _while_data(call: Call, a: Vector, b: Vector) -> Vector:
    limit = _position(b)
    return lax.while_loop(lambda c: c[0] < limit, lambda c: (c[0] + 1, call(c[1], a)), (0, a))[1]


def _cond(call: Call, a: Vector, b: Vector) -> Vector:
    return lax.cond(a[0] > b[0], call, lambda a, b: jnp.sin(a) * b, a, b)


def _switch(call: Call, a: Vector, b: Vector) -> Vector:
    branches = [call, lambda a, b: call(b, a), lambda a, b: a]
    return lax.switch(_position(b), branches, a, b)


def _custom_jvp(call: Call, a: Vector, b: Vector) -> Vector:
    custom = jax.custom_jvp(call)
    custom.defjvp(lambda xs, ts: (call(*xs), ts[0] * jnp.cos(xs[0]) + ts[1]))
    return jax.jvp(custom, (a, b), (b, a))[1] + custom(a, b)


def _custom_vjp(call: Call, a: Vector, b: Vector) -> Vector:
    custom = jax.custom_vjp(call)
    custom.defvjp(lambda a, b: (call(a, b), jnp.cos(a)), lambda saved, ct: (saved * ct, ct))
    return jax.grad(lambda a: custom(a, b).sum())(a) + custom(a, b)


def _checkpoint(call: Call, a: Vector, b: Vector) -> Vector:
    loss = jax.checkpoint(lambda a: jnp.sin(call(a, b)).sum())
    return jax.grad(loss)(a) + loss(b)


def _grad(call: Call, a: Vector, b: Vector) -> Vector:
    return jax.grad(lambda a: call(a, b).sum())(a)


def _value_and_grad(call: Call, a: Vector, b: Vector) -> Vector:
    value, gradient = jax.value_and_grad(lambda b: call(a, b).sum())(b)
    return value * gradient


def _vmap(call: Call, a: Vector, b: Vector) -> Vector:
    return jax.vmap(call, in_axes=(0, None))(jnp.stack([a, b]), b).sum(0)


SMOOTH_HIGHER: Mapping[str, Callable[[Call, Vector, Vector], Vector]] = {
    "jit": lambda call, a, b: jax.jit(call)(a, b),
    "jvp": lambda call, a, b: jax.jvp(call, (a, b), (b, a))[1],
    "grad": _grad,
    "value_and_grad": _value_and_grad,
}

NO_REVERSE = ("while_counted", "while_data")
"""What reverse-mode differentiation does not go through."""

HIGHER: Mapping[str, Callable[[Call, Vector, Vector], Vector]] = {
    **SMOOTH_HIGHER,
    "checkpoint": _checkpoint,
    "cond": _cond,
    "custom_jvp": _custom_jvp,
    "custom_vjp": _custom_vjp,
    "fori": _fori,
    "scan_carry": _scan_carry,
    "scan_pairs": _scan_pairs,
    "scan_reverse": _scan_reverse,
    "scan_slices": _scan_slices,
    "scan_swapped": _scan_swapped,
    "switch": _switch,
    "vmap": _vmap,
    "while_counted": _while_counted,
    "while_data": _while_data,
}

REVERSE = frozenset({"checkpoint", "custom_vjp", "grad", "value_and_grad"})
JVP = frozenset({"custom_jvp", "jvp"})


# strategies

positions = st.integers(0, 6)


@st.composite
def bodies(
    draw: st.DrawFn, depth: int, first_order: Sequence[str], higher: Sequence[str], most: int
) -> Body:
    """Bodies of at most `most` steps; a third of the steps are earlier ones once more."""
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.integers(0, 5))
        if steps and kind <= 1:
            steps.append(draw(st.sampled_from(steps)))
        elif depth and higher and kind <= 3:
            steps.append(draw(_higher_steps(depth, first_order, higher)))
        else:
            name = draw(st.sampled_from([*first_order, *(["helper"] if depth else [])]))
            steps.append(Step(name, draw(positions), draw(positions)))
    return Body(tuple(steps), draw(positions))


@st.composite
def _higher_steps(
    draw: st.DrawFn, depth: int, first_order: Sequence[str], higher: Sequence[str]
) -> Step:
    name = draw(st.sampled_from(higher))
    inside = _inside(name, higher)
    body = draw(bodies(depth - 1, first_order, inside, 3))
    return Step(name, draw(positions), draw(positions), body)


def _inside(name: str, higher: Sequence[str]) -> list[str]:
    """What may stand inside: forward mode does not go through custom_vjp, nor reverse whiles."""
    banned = {"custom_vjp"} if name in JVP else set(NO_REVERSE) if name in REVERSE else set()
    if name == "custom_vjp":
        banned |= JVP
    return [each for each in higher if each not in banned]


@st.composite
def _programs(draw: st.DrawFn, first_order: Sequence[str], higher: Sequence[str]) -> Program:
    helper = bodies(0, first_order, (), 3)
    helpers = draw(st.lists(helper, min_size=1, max_size=2))
    return Program(draw(bodies(2, first_order, higher, 6)), tuple(helpers))


programs = _programs(sorted(FIRST_ORDER), sorted(HIGHER))
"""Programs of everything."""

straight_lines = _programs(sorted(STRAIGHT), sorted(SMOOTH_HIGHER))
"""Programs without loops and branches, through calls and derivatives."""
