"""Whose is it? Quiet programs first, each with a noisy twin one edit away."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import Report, _compat, measure
from pytest_jaxcost.api import measure_jaxpr

N = 24
RANDOM = np.random.default_rng(0)


def array(*shape: int) -> Any:
    return RANDOM.uniform(0.5, 1.5, shape).astype(np.float32)


W, X, Y, Z = array(N, N), array(N), array(N), array(N)
A = W @ W.T + N * np.eye(N, dtype=np.float32)
BS = array(5, N)
KINDS = ("duplicates", "dead", "loop_invariants", "batch_invariants", "repeated_callbacks")


def found(report: Report) -> dict[str, int]:
    """How many of each kind."""
    return {kind: report.findings(kind).count for kind in KINDS if report.findings(kind)}


def wave(x: Any) -> Any:
    return jnp.sum(jnp.sin(W @ x) * jnp.tanh(x))


def scanned(x: Any) -> Any:
    return lax.scan(lambda c, _: (jnp.sin(W @ c), None), x, None, length=3)[0].sum()


def on_three_lines(x: Any, y: Any) -> Any:
    a = 1 - x**2
    b = a - y**2
    return jnp.sum(b)


def squares(w: Any) -> Any:
    return jnp.sum(Y * (W @ w - Z) ** 2)


def pulled_twice(x: Any, v: Any) -> Any:
    pull = jax.vjp(lambda x: x * x, x)[1]
    return pull(v), pull(v)


def likelihood(b: Any) -> Any:
    return (Y * (W @ b)).sum() - jnp.exp(W @ b).sum()


def kernel(a: Any, b: Any) -> Any:
    return jnp.exp(-0.5 * jnp.sum((a[:, None] - b[None]) ** 2, -1))


def density(x: Any, scale: Any) -> Any:
    return jax.scipy.stats.norm.logpdf(x, 0.0, scale)


def entropy_unused(w: Any) -> Any:
    out = jax.nn.softmax(BS @ w)
    -jnp.sum(out * jnp.log(out))
    return jnp.sum(out[:, 0])


def entropy_used(w: Any) -> Any:
    out = jax.nn.softmax(BS @ w)
    return jnp.sum(out[:, 0]) - jnp.sum(out * jnp.log(out))


def pushed_in_loop(x: Any) -> Any:
    def add(k: Any, total: Any) -> Any:
        return total + jax.jvp(wave, (x,), (jnp.eye(N)[k],))[1]

    return lax.fori_loop(0, N, add, 0.0)


def pushed_at_moving_points(x: Any) -> Any:
    def add(k: Any, total: Any) -> Any:
        return total + jax.jvp(wave, (x + total,), (jnp.eye(N)[k],))[1]

    return lax.fori_loop(0, N, add, 0.0)


def host(x: Any) -> Any:
    return jax.pure_callback(np.sin, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


class Twins(NamedTuple):
    quiet: Callable[..., Any]
    noisy: Callable[..., Any]
    kinds: tuple[str, ...] = ("duplicates",)
    args: tuple[Any, ...] = (X,)


TWINS = {
    "two signs": Twins(
        jax.grad(lambda a, b, c: jnp.sin(a - b - c).sum(), (0, 1, 2)),
        lambda a, b, c: jnp.sin(a - b - c) * jnp.cos(a - b - c),
        args=(X, Y, Z),
    ),
    "two squares": Twins(
        jax.grad(lambda x, y: jnp.sum(1 - x**2 - y**2), (0, 1)),
        lambda x, y: jnp.sum(1 - x**2 - y**2) * (x**2).sum(),
        args=(X, Y),
    ),
    "two squares on three lines": Twins(
        jax.grad(on_three_lines, (0, 1)),
        lambda x, y: (jax.grad(on_three_lines)(x, y), jax.grad(on_three_lines, 0)(x, y)),
        args=(X, Y),
    ),
    "a derivative of a derivative": Twins(
        jax.grad(lambda x: jax.grad(wave)(x).sum()),
        lambda x: (jax.grad(wave)(x), jax.grad(lambda x: jax.grad(wave)(x).sum())(x)),
    ),
    "of a jitted function": Twins(
        jax.grad(lambda x: jax.grad(jax.jit(wave))(x).sum()),
        lambda x: jax.grad(jax.jit(wave))(x) + jax.grad(jax.jit(wave))(x),
    ),
    "a linearized gradient": Twins(
        lambda x, v: jax.linearize(jax.grad(wave), x)[1](v),
        lambda x, v: jax.linearize(jax.grad(wave), x)[1](v) + jax.jvp(wave, (x,), (v,))[1],
        args=(X, Y),
    ),
    "a Jacobian of a gradient": Twins(
        jax.jacrev(jax.grad(wave)), lambda x: (jax.grad(wave)(x), jax.jacrev(jax.grad(wave))(x))
    ),
    "a Hessian": Twins(jax.hessian(wave), lambda x: (wave(x), jax.hessian(wave)(x))),
    "a Hessian of a jitted function": Twins(
        jax.hessian(jax.jit(wave)), lambda x: (wave(x), jax.hessian(jax.jit(wave))(x))
    ),
    "a Hessian of a scan": Twins(
        jax.hessian(scanned), lambda x: (scanned(x), jax.hessian(scanned)(x))
    ),
    "a Hessian-vector product": Twins(
        lambda x, v: jax.jvp(jax.grad(wave), (x,), (v,)),
        lambda x, v: (jax.jvp(jax.grad(wave), (x,), (v,))[1], jax.grad(wave)(x)),
        args=(X, Y),
    ),
    "a Hessian-vector product of a norm": Twins(
        lambda x, v: jax.jvp(jax.grad(jnp.linalg.norm), (x,), (v,)),
        lambda x, v: jax.jvp(lambda x: pulled_twice(x, v), (x,), (v,)),
        args=(X, Y),
    ),
    "two steps": Twins(
        lambda w: (g := w - 0.1 * jax.grad(squares)(w)) - 0.1 * jax.grad(squares)(g),
        lambda w: w - 0.1 * jax.grad(squares)(w) - 0.1 * jax.grad(squares)(w),
    ),
    "gradients at two points": Twins(
        lambda b, c: (jax.grad(likelihood)(b), jax.grad(likelihood)(c)),
        lambda b, c: (jax.grad(likelihood)(b), jax.grad(likelihood)(b)),
        args=(X, Y),
    ),
    "steps in a loop": Twins(
        lambda w: lax.fori_loop(0, 5, lambda k, w: w - 0.1 * jax.grad(squares)(w), w),
        lambda w: lax.fori_loop(0, 5, lambda k, u: u - 0.1 * jax.grad(squares)(w), w),
        ("loop_invariants",),
    ),
    "pulls of two vectors": Twins(
        lambda x, c, d: (lambda pull: (pull(c), pull(d)))(jax.vjp(jnp.sin, x)[1]),
        lambda x, c, d: (lambda pull: (pull(c), pull(c)))(jax.vjp(jnp.sin, x)[1]),
        args=(X, Y, Z),
    ),
    "a product with itself": Twins(
        jax.grad(lambda x: (jnp.sin(x) * jnp.cos(x)).sum()),
        jax.grad(lambda x: (jnp.sin(x) * jnp.sin(x)).sum()),
    ),
    "the same scale": Twins(
        lambda x, y: density(x, Z) + density(y, Z),
        lambda x, y: density(x, Z) + density(x, Z) * y,
        args=(X, Y),
    ),
    "the same scale in a loop": Twins(
        lambda x, y: lax.map(lambda row: density(row, x), BS),
        lambda x, y: lax.map(lambda row: density(y, x) + row, BS),
        ("loop_invariants",),
        (X, Y),
    ),
    "a kernel matrix in a loop": Twins(
        lambda x, z: lax.map(lambda row: kernel(x, row[None]).sum(), z),
        lambda x, z: lax.map(lambda row: (kernel(x, x) @ kernel(x, row[None])).sum(), z),
        ("loop_invariants",),
        (BS, 2 * BS),
    ),
    "pushes at moving points": Twins(pushed_at_moving_points, pushed_in_loop, ("loop_invariants",)),
    "stop_gradient": Twins(
        lambda x: jnp.sin(W @ x) * jnp.sin(W.T @ lax.stop_gradient(x)),
        lambda x: jnp.sin(W @ x) * jnp.sin(W @ lax.stop_gradient(x)),
    ),
    "a barrier": Twins(
        lambda x: jnp.sin(W @ x) * jnp.sin(W @ lax.optimization_barrier(x)),
        lambda x: jnp.sin(W @ x) * jnp.sin(W @ jax.device_put(x)),
    ),
    "an entropy": Twins(entropy_used, entropy_unused, ("dead",), (W,)),
    "an entropy in a gradient": Twins(
        jax.grad(entropy_used), jax.grad(entropy_unused), ("dead",), (W,)
    ),
    "many indices": Twins(
        lambda a, b, k: a[k] * b[k],
        lambda a, b, k: a[k] * b[k] + (k + 1) * (k + 1),
        args=(array(90), array(90), np.arange(40)),
    ),
    "callbacks": Twins(
        lambda x, y: host(x) + host(y),
        lambda x, y: host(x) + host(x),
        ("repeated_callbacks",),
        (X, Y),
    ),
    "scalars beside a model": Twins(
        lambda x, a, b: (jnp.sin(W @ W @ x), jnp.cos(a * b) + jnp.sin(a * b)),
        lambda x, a, b: (jnp.sin(x), jnp.cos(a * b) + jnp.sin(a * b)),
        args=(X, X[0], Y[0]),
    ),
}


@pytest.mark.parametrize("name", TWINS)
def test_quiet(name: str) -> None:
    assert found(measure(TWINS[name].quiet, TWINS[name].args)) == {}


@pytest.mark.parametrize("name", TWINS)
def test_noisy(name: str) -> None:
    assert tuple(found(measure(TWINS[name].noisy, TWINS[name].args))) == TWINS[name].kinds


# one repetition, written in many ways

SOLVERS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[], int]]] = {
    "solve": (jnp.linalg.solve, lambda: measure(jax.scipy.linalg.lu_factor, (A,)).flops),
    "cho_solve": (
        lambda a, b: jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(a), b),
        lambda: measure(jax.scipy.linalg.cho_factor, (A,)).flops,
    ),
    "lstsq": (
        lambda a, b: jnp.linalg.lstsq(a, b)[0],
        lambda: measure(lambda a: jnp.linalg.svd(a, full_matrices=False), (A,)).flops,
    ),
    "pinv": (
        lambda a, b: jnp.linalg.pinv(a) @ b,
        lambda: measure(jnp.linalg.pinv, (A,)).flops,
    ),
    "fftconvolve": (
        lambda a, b: jax.scipy.signal.fftconvolve(b, a[0]),
        lambda: measure(lambda a: jnp.fft.rfft(a[0], 2 * N - 1), (A,)).flops,
    ),
}
"""What is called for each right-hand side, and the flops of what the matrix alone decides."""


def in_a_loop(solve: Any, a: Any, bs: Any) -> Any:
    solved = []
    for b in bs:
        solved.append(solve(a, b))  # the form is what is tested
    return solved


def on_separate_lines(solve: Any, a: Any, bs: Any) -> Any:
    first = solve(a, bs[0])
    second = solve(a, bs[1])
    third = solve(a, bs[2])
    fourth = solve(a, bs[3])
    return first, second, third, fourth, solve(a, bs[4])


def through_a_helper(solve: Any, a: Any, bs: Any) -> Any:
    def helper(a: Any, b: Any) -> Any:
        return solve(a, b)

    return [helper(a, b) for b in bs]


FORMS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "comprehension": lambda solve, a, bs: [solve(a, b) for b in bs],
    "for": in_a_loop,
    "map": lambda solve, a, bs: list(map(partial(solve, a), bs)),
    "helper": through_a_helper,
    "lines": on_separate_lines,
    "lax.map": lambda solve, a, bs: lax.map(lambda b: solve(a, b), bs),
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("form", FORMS)
def test_all_factorizations_but_one_are_found_in_every_form(solver: str, form: str) -> None:
    solve, shared = SOLVERS[solver]
    report = measure(lambda a, bs: FORMS[form](solve, a, bs), (A, BS))
    (kind,) = found(report)
    assert kind == ("loop_invariants" if form == "lax.map" else "duplicates")
    saved = (len(BS) - 1) * shared()
    assert report.findings(kind).flops == pytest.approx(saved, rel=0.02)


@pytest.mark.parametrize("solver", ["solve", "cho_solve"])
def test_so_are_those_of_a_differentiated_loop(solver: str) -> None:
    solve, shared = SOLVERS[solver]
    loss = jax.grad(lambda a, bs: sum(solve(a, b).sum() for b in bs))
    saved = (len(BS) - 1) * shared()
    assert measure(loss, (A, BS)).duplicates.flops >= 0.98 * saved


def price(s: Any, k: Any, t: Any, r: Any, v: Any) -> Any:
    spread = v * jnp.sqrt(t)
    d1 = (jnp.log(s / k) + (r + 0.5 * v**2) * t) / spread
    d2 = d1 - spread
    cdf = jax.scipy.stats.norm.cdf
    return (s * cdf(d1) - k * jnp.exp(-r * t) * cdf(d2)).sum()


MARKET = tuple(array(N) for _ in range(5))


def greeks_on_five_lines(*market: Any) -> Any:
    delta = jax.grad(price, 0)(*market)
    dual = jax.grad(price, 1)(*market)
    theta = jax.grad(price, 2)(*market)
    rho = jax.grad(price, 3)(*market)
    return delta, dual, theta, rho, jax.grad(price, 4)(*market)


def test_five_derivatives_are_found_alike_in_a_comprehension_and_on_five_lines() -> None:
    in_one = measure(lambda *market: [jax.grad(price, k)(*market) for k in range(5)], MARKET)
    on_five = measure(greeks_on_five_lines, MARKET)
    for report in (in_one, on_five):
        assert tuple(found(report)) == ("duplicates",)
    assert in_one.duplicates.transcendentals == on_five.duplicates.transcendentals
    assert in_one.duplicates.flops == pytest.approx(on_five.duplicates.flops, rel=0.01)  # trivial
    shared = measure(jax.grad(price, tuple(range(5))), MARKET)
    saved = on_five.transcendentals - shared.transcendentals
    assert on_five.duplicates.transcendentals == saved > 0
    assert any("argnums" in finding.hint for finding in in_one.duplicates)


def test_the_primal_part_of_pushes_at_one_point_is_found_in_both_kinds_of_loop() -> None:
    in_python = measure(lambda x: [jax.jvp(wave, (x,), (e,))[1] for e in jnp.eye(N)], (X,))
    in_jax = measure(pushed_in_loop, (X,))
    once = measure(jax.grad(wave), (X,)).transcendentals  # sin, cos, tanh of the point
    assert in_python.duplicates.transcendentals == (N - 1) * once
    assert in_jax.loop_invariants.transcendentals == (N - 1) * once
    for found in (in_python.duplicates, in_jax.loop_invariants):
        assert all("jax.linearize once" in finding.hint for finding in found)


def test_one_stopped_repetition_costs_what_it_computes() -> None:
    (dot, sine) = measure(TWINS["stop_gradient"].noisy, (X,)).duplicates.equations
    assert (dot.flops, sine.transcendentals) == (2 * N * N, N)


@pytest.mark.parametrize("transform", [lambda f: f, jax.grad])
def test_what_is_computed_for_nothing_is_one_finding(transform: Any) -> None:
    (finding,) = measure(transform(entropy_unused), (W,)).dead
    whole, part = (
        measure(entropy_used, (W,)),
        measure(lambda w: jax.nn.softmax(BS @ w)[:, 0].sum(), (W,)),
    )
    assert finding.transcendentals == whole.transcendentals - part.transcendentals
    assert finding.flops == whole.flops - part.flops  # the sign is one as the difference is
    assert finding.places[0].line == entropy_unused.__code__.co_firstlineno + 2


def test_an_eager_derivative_of_a_jitted_function_is_judged_as_one() -> None:
    def signs(a: Any) -> Any:
        return jnp.sin(a[0] - a[1] - a[2]) * (1 - a[0] ** 2 - a[1] ** 2)

    programs: list[tuple[str, Any]] = []
    with _compat.watch_lowering(lambda *program: programs.append(program)):
        jax.jacrev(jax.jit(signs))(array(3, N))
    assert len(programs) == 2
    assert [found(measure_jaxpr(jaxpr, name=name)) for name, jaxpr in programs] == [{}, {}]


# what JAX traced before


def test_who_called_a_function_of_jax_s_first_is_no_matter() -> None:
    """JAX keeps the traced function with the frames of its first call."""

    def first(x: Any) -> Any:
        return jnp.sum(jnp.sinc(x) * 2)

    def once(x: Any) -> Any:
        return jnp.sum(jnp.sinc(x))

    def twice(x: Any) -> Any:
        return jnp.sum(jnp.sinc(x)) * jnp.sum(jnp.sinc(x) + 1)

    jax.clear_caches()
    jax.eval_shape(jax.value_and_grad(first), X)
    assert found(measure(jax.value_and_grad(once), (X,))) == {}
    (repeated,) = {
        place.line
        for finding in measure(jax.value_and_grad(twice), (X,)).duplicates
        for place in finding.places
    }
    assert repeated == twice.__code__.co_firstlineno + 1


def test_a_power_of_one_has_a_derivative_of_jax_s_and_no_work() -> None:
    """JAX 0.8 writes it down, and its rule multiplies by it."""

    def power(x: Any) -> Any:
        return lax.integer_pow(x, 1) * 2.0

    def again(x: Any) -> Any:
        return power(jnp.sin(x)) * power(jnp.sin(x) + 0.0)

    def hvp(function: Any) -> Any:
        return lambda x, v: jax.jvp(jax.grad(lambda x: jnp.sum(function(x) ** 2)), (x,), (v,))[1]

    assert found(measure(hvp(power), (X, Y))) == {}
    assert measure(hvp(again), (X, Y)).duplicates.eqns > 0


# libraries


LIBRARY = """
import jax.numpy as jnp

def norm(x):
    return (x - x.mean()) / jnp.sqrt((x - x.mean()) @ (x - x.mean()))

def model(x):
    return jnp.tanh(norm(x))

def loop(f, x):
    return [f(x) for _ in range(3)] + [jnp.cos(x)]

def around(f, x):
    return f(x) * x + f(x)
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module among the packages of the interpreter."""
    file = tmp_path / "site-packages" / "standin.py"
    file.parent.mkdir()
    file.write_text(LIBRARY)
    folder = str(file.parent) + os.sep
    monkeypatch.setattr(_compat, "_PACKAGES", (*_compat._PACKAGES, folder))
    spec = importlib.util.spec_from_file_location("standin", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_a_library_repeats_is_its_own(library: Any) -> None:
    report = measure(lambda x: library.norm(x) * 2, (X,))
    assert report.duplicates.eqns == 0
    assert report.duplicates.from_jax.eqns > 0


def test_a_library_called_twice_is_a_finding_where_it_is_called(library: Any) -> None:
    def twice(x: Any) -> Any:
        return library.model(x) + 2.0 * library.model(x)

    report = measure(twice, (X,))
    assert (
        report.duplicates.flops + report.duplicates.transcendentals
        >= measure(library.model, (X,)).flops
    )
    own = {place.line for f in report.duplicates for place in f.places if place.file == __file__}
    assert own == {twice.__code__.co_firstlineno + 1}


def test_a_library_that_calls_a_function_twice_does_so_itself(library: Any) -> None:
    assert measure(lambda x: library.around(wave, x), (X,)).duplicates.eqns == 0
    assert measure(lambda x: library.loop(wave, x), (X,)).duplicates.eqns == 0
    assert measure(lambda x: [library.model(x) for _ in range(3)], (X,)).duplicates.eqns > 0


def test_a_measured_library_is_looked_at_as_its_author_would(library: Any) -> None:
    assert measure(library.norm, (X,)).duplicates.eqns > 0
    own = (os.path.dirname(library.__file__) + os.sep,)
    assert measure(lambda x: library.norm(x) * 2, (X,), own=own).duplicates.eqns > 0
