from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from pytest_jaxcost import LimitError, Report, measure
from pytest_jaxcost.ir import phases, where
from pytest_jaxcost.report.phases import NAMES
from pytest_jaxcost.report.phases import PHASES as GROUPS
from pytest_jaxcost.report.records import PHASES

X = np.linspace(0.1, 0.9, 4).astype("float32")
W = np.linspace(-0.5, 0.5, 16).reshape(4, 4).astype("float32")


def layer(w: Any, x: Any) -> Any:
    return jnp.tanh(w @ x)


def loss(w: Any, x: Any) -> Any:
    return layer(w, x).sum()


def rnn(w: Any, x: Any) -> Any:
    return lax.scan(lambda c, t: (jnp.tanh(w @ c) * t, c.sum()), x, jnp.arange(5.0))[0].sum()


def invariant(w: Any, x: Any) -> Any:
    return lax.scan(lambda c, t: (jnp.exp(w) @ c * t, None), x, jnp.arange(5.0))[0].sum()


def branches(w: Any, x: Any) -> Any:
    return lax.cond(x[0] > 0, lambda: jnp.sin(x).sum(), lambda: (w @ x).sum())


def checkpointed(w: Any, x: Any) -> Any:
    return jax.checkpoint(layer)(w, jnp.sin(x)).sum()


def looped(w: Any, x: Any) -> Any:
    return lax.while_loop(lambda c: c.sum() < 9, lambda c: jnp.exp(w @ c), x).sum()


def doubled(n: int) -> Callable[[Any], Any]:
    """Functions of `n` calls that each call the next one twice: 2**n equations when inlined."""
    function = jnp.sin
    for _ in range(n):
        function = jax.jit(lambda x, inner=function: inner(inner(x)))
    return function


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "function": (loss, (W, X)),
    "gradient": (jax.grad(loss, argnums=(0, 1)), (W, X)),
    "both": (lambda w, x: (loss(w, x), jax.grad(loss)(w, x)), (W, X)),
    "scan": (jax.grad(rnn), (W, X)),
    "hoisted": (jax.grad(invariant, argnums=1), (W, X)),
    "cond": (jax.value_and_grad(branches, argnums=(0, 1)), (W, X)),
    "cond in scan": (
        jax.grad(lambda w: lax.scan(lambda c, _: (branches(w, c) * c, None), X, None, 3)[0].sum()),
        (W,),
    ),
    "checkpoint": (jax.grad(checkpointed), (W, X)),
    "while": (partial(jax.jvp, looped), ((W, X), (W, X))),
    "hessian": (jax.hessian(loss, argnums=1), (W, X)),
    "vmapped": (jax.vmap(jax.grad(loss), in_axes=(None, 0)), (W, W)),
    "exploding": (doubled(18), (1.0,)),
    "nothing": (lambda x: x, (X,)),
}


TOTALS = ("eqns", "flops", "transcendentals", "bytes_accessed")


def divided(report: Report) -> dict[str, Report]:
    """The report of each phase as JAX has them."""
    return {name: report.phases[name] for name in PHASES}


@pytest.mark.parametrize("phases", [divided, lambda report: dict(report.phases)])
@pytest.mark.parametrize(("fn", "args"), PROGRAMS.values(), ids=PROGRAMS)
def test_phases_add_up_to_the_whole(
    fn: Any, args: tuple[Any, ...], phases: Callable[[Report], dict[str, Report]]
) -> None:
    report = measure(fn, args)
    for total in TOTALS:
        parts = [getattr(part, total) for part in phases(report).values()]
        assert sum(parts) == getattr(report, total)
    for counts in ("primitives", "executions"):
        parts = [Counter(getattr(part, counts)) for part in phases(report).values()]
        assert sum(parts, Counter()) == Counter(getattr(report, counts))


@pytest.mark.parametrize("name", ["both", "checkpoint", "cond in scan", "hoisted"])
def test_what_runs_forward_is_primal_and_linearized(name: str) -> None:
    phases = measure(*PROGRAMS[name]).phases
    assert tuple(phases) == ("forward", "backward", "remat", "unattributed")
    assert phases["forward"].eqns > 0
    for total in TOTALS:
        of = {each: getattr(phases[each], total) for each in NAMES}
        assert of["forward"] == of["primal"] + of["jvp"]
        assert (of["backward"], of["remat"]) == (of["transpose"], of["recompute"])


@pytest.mark.parametrize(("fn", "args"), PROGRAMS.values(), ids=PROGRAMS)
def test_findings_of_the_phases_add_up(fn: Any, args: tuple[Any, ...]) -> None:
    report = measure(fn, args)
    for kind in set(report.findings_kinds) - {"intermediates"}:
        parts = [getattr(part, kind) for part in divided(report).values()]
        whole = getattr(report, kind)
        assert sum(part.count for part in parts) == whole.count
        assert sum(part.flops for part in parts) == whole.flops
        assert all(finding.equations for finding in whole.all)


def costs(report: Report) -> dict[str, tuple[int, int]]:
    return {
        name: (part.flops, part.transcendentals)
        for name, part in divided(report).items()
        if part.eqns
    }


def test_a_function_is_primal_all_over() -> None:
    assert costs(measure(loss, (W, X))) == {"primal": (32 + 3, 4)}


def test_a_gradient_has_a_linearized_forward_and_a_transposed_pass() -> None:
    report = measure(jax.grad(loss, argnums=1), (W, X))
    # forward: dot 2*4*4, sum 3; backward: the transposed dot; the rest is the tanh rule's
    jvp, transpose = report.phases["jvp"], report.phases["transpose"]
    assert set(costs(report)) == {"jvp", "transpose"}
    assert (jvp.primitives["dot_general"], jvp.primitives["tanh"]) == (1, 1)
    assert (transpose.primitives["dot_general"], transpose.primitives["tanh"]) == (1, 0)
    assert jvp.transcendentals == 4
    assert transpose.flops >= 32


def test_what_checkpoint_runs_again_is_recompute() -> None:
    report = measure(jax.value_and_grad(checkpointed), (W, X))  # without the value it runs once
    again = report.phases["recompute"]
    assert again.primitives["tanh"] == again.primitives["dot_general"] == 1
    assert again.recomputed.flops == report.recomputed.flops >= 32  # the dot; the rest is tanh's
    assert report.phases["jvp"].primitives["tanh"] == 1


def test_equations_hoisted_out_of_a_differentiated_loop_are_unattributed() -> None:
    report = measure(jax.grad(invariant, argnums=1), (W, X))
    exp = {name: part.primitives["exp"] for name, part in divided(report).items()}
    assert exp == {"primal": 0, "jvp": 0, "transpose": 0, "recompute": 0, "unattributed": 1}


def test_the_same_loop_without_a_derivative_is_primal() -> None:
    report = measure(invariant, (W, X))
    assert report.phases["primal"].primitives["exp"] == 1
    assert report.phases["unattributed"].eqns == 0


def test_a_loop_body_that_the_user_calls_outside_is_primal() -> None:
    def body(c: Any, t: Any) -> Any:
        return jnp.exp(W) @ c * t, None

    def peeled(x: Any) -> Any:
        c, _ = body(x, 1.0)
        return c, jax.grad(lambda x: lax.scan(body, x, jnp.arange(5.0))[0].sum())(x)

    report = measure(peeled, (X,))
    assert report.phases["primal"].primitives["exp"] == 1
    assert report.phases["unattributed"].primitives["exp"] == 1


def test_the_basis_of_a_jacobian_is_unattributed() -> None:
    report = measure(jax.jacfwd(jnp.sin), (X,))
    assert report.phases["unattributed"].primitives["iota"] == 2
    assert report.phases["primal"].eqns == 0


def test_a_branch_counts_in_a_phase_only_if_it_is_the_costliest() -> None:
    report = measure(branches, (W, X))
    assert report.flops == report.phases["primal"].flops
    assert report.executions["sin"] == report.phases["primal"].executions["sin"] == 0
    assert report.primitives["sin"] == report.phases["primal"].primitives["sin"] == 1


def test_findings_carry_the_phase_that_they_count_in() -> None:
    report = measure(lambda w, x: (rnn(w, x), jax.grad(rnn)(w, x)), (W, X))
    assert report.duplicates.eqns > 0
    for name, part in divided(report).items():
        assert {finding.phase for finding in part.duplicates} <= {name}


def test_calls_are_counted_in_the_phase_of_what_they_run() -> None:
    called = jax.jit(loss)
    report = measure(lambda w, x: (called(w, x), jax.grad(called)(w, x)), (W, X))
    assert report.phases["primal"].primitives["jit"] >= 1
    assert report.phases["primal"].primitives["pjit"] == report.phases["primal"].primitives["jit"]


def test_bounds_are_bounds_in_the_phase_that_they_are_in() -> None:
    def primal_loop(w: Any, x: Any) -> Any:
        return lax.stop_gradient(looped(w, x)), jax.grad(loss)(w, x)

    report = measure(primal_loop, (W, X))
    assert not report.exact
    assert not report.phases["primal"].exact
    assert report.phases["transpose"].exact
    assert report.phases["primal"].caveats == report.caveats
    assert report.phases["transpose"].caveats == ()


def test_a_function_too_large_to_inline_says_which_phase_it_counts_in() -> None:
    report = measure(*PROGRAMS["exploding"])
    part = next(part for part in report.phases.values() if part.eqns > 1000)
    assert "belongs to the part that calls it first" in part.caveats[-1]


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({"transpose": {"max_primitives": {"dot_general": 1}}}, True),
        ({"transpose": {"max_primitives": {"dot_general": 0}}}, False),
        ({"jvp": {"transcendentals": 4}, "recompute": {"max_flops": 0}}, True),
        ({"jvp": {"transcendentals": 5}}, False),
        ({"jvp": {"forbid": "tanh"}}, False),
        ({"transpose": {"forbid": "tanh"}}, True),
        ({"transpose": {"max_flops": "99%"}}, True),
        ({"transpose": {"max_flops": "20%"}}, False),
        ({"transpose": None}, True),
    ],
)
def test_limits_per_phase(limits: dict[str, Any], kept: bool) -> None:
    report = measure(jax.grad(loss, argnums=1), (W, X))
    if kept:
        assert report.check(phases=limits) is report
    else:
        with pytest.raises(AssertionError, match=r"jaxcost: phases[^ ]+ .*\s+grad\(loss\)"):
            report.check(phases=limits)


def test_a_multiple_is_of_the_same_phase() -> None:
    forward = measure(loss, (W, X))
    twice = measure(lambda w, x: (loss(w, x), loss(2 * w, x)), (W, X))
    twice.check(phases={"primal": {"max_transcendentals": "2x"}}, relative_to=forward)
    with pytest.raises(AssertionError, match=r"phases\.primal\.transcendentals 2x > 1x"):
        twice.check(phases={"primal": {"max_transcendentals": "1x"}}, relative_to=forward)


def test_a_phase_that_does_not_exist_is_an_error() -> None:
    report = measure(loss, (W, X))
    listed = "There are forward, backward, remat, unattributed"
    with pytest.raises(KeyError, match=f"no phase is named 'jpv'; did you mean 'jvp'\\? {listed}"):
        report.phases["jpv"]
    with pytest.raises(LimitError, match=f"^phases: no phase is named 'sideward'. {listed}$"):
        report.check(phases={"sideward": {"max_flops": 1}})


def test_the_report_and_the_program_have_the_same_phases() -> None:
    assert PHASES == phases.PHASES == tuple(phase for each in GROUPS.values() for phase in each)
    assert len({where.PRIMAL, where.JVP, where.TRANSPOSE, where.RECOMPUTE, *PHASES}) == 5
