"""Marked tests that do not call the fixture: what jax.jit compiles in them is measured."""

from __future__ import annotations

import jax
import pytest

from .programs import block, run

QUIET = """
    @jax.jit
    def compiled(x):
        return once(x)

    @pytest.mark.jaxcost(max_duplicates=0, primitives={"sin": 1})
    def test_within():
        compiled(X)

    @pytest.mark.jaxcost(max_duplicates=0, primitives={"sin": 1})
    def test_again():  # JAX has compiled it already, and compiles it once more
        compiled(X)

    @pytest.mark.jaxcost(max_eqns=1)
    def test_eager_operations_are_not_measured():
        jnp.linalg.norm(jnp.linspace(0, 1, 5)) + jax.random.normal(jax.random.key(0))
        compiled(X)

    @pytest.mark.jaxcost(max_eqns=1)
    def test_ahead_of_time():
        compiled.lower(X).compile()

    @pytest.mark.jaxcost(max_flops=None)
    def test_opted_out(): ...

    def test_unmarked():
        jax.jit(twice)(X)
"""


def test_quiet(pytester: pytest.Pytester) -> None:
    run(pytester, QUIET, "-Werror").assert_outcomes(passed=6)


NOISY = """
    @jax.jit
    def compiled(x):
        return twice(x)

    def test_unmarked():
        compiled(X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_breach():
        compiled(X)

    @pytest.mark.jaxcost(max_eqns=1)
    def test_every_program():
        compiled(X)
        jax.jit(once)(X)
        jax.jit(lambda x: x * 2 + 1)(X)
"""


def test_all_programs_of_a_body_are_judged(pytester: pytest.Pytester) -> None:
    """The message is the whole failure: no frame of the test or of ours leads to it."""
    result = run(pytester, NOISY)
    result.assert_outcomes(passed=1, failed=2)
    shown = block(result, "___ test_breach ___", "___ test_every_program ___")
    assert shown == [
        "jaxcost: duplicates 1 > 0   compiled",
        f"  traced, jax {jax.__version__}",
        "  set by test_it.py:21",
        "",
        "  lax.sin(x) in twice is computed twice                saves 8 op, 33.3%",
        "    test_it.py:12 in twice   (forward)",
        "    sin f32[8]",
        "    fix: compute it once and reuse the result                      JC101",
    ]
    every = block(result, "___ test_every_program ___", "short test summary")
    assert [line for line in every if line.startswith("jaxcost")] == [
        "jaxcost: eqns 3 > 1   compiled",
        "jaxcost: eqns 2 > 1   <lambda>",
    ]


EAGER = """
    @jax.jit
    def rows(x):
        return lax.scan(lambda c, _: (jnp.tanh(c * x), None), x, None, length=4)[0]

    @jax.jit
    def with_sums(x):
        return lax.scan(lambda c, _: (jnp.tanh(c * x), c.sum()), x, None, length=4)[0]

    @jax.jit
    def layer(x):
        return jnp.tanh(x * jnp.tanh(x)) @ x

    @jax.jit
    def waste(x):
        return twice(x)

    quiet = pytest.mark.jaxcost(max_duplicates=0, max_dead=0, phases={"primal": {"max_eqns": 0}})

    @quiet
    def test_pushed():
        jax.jvp(rows, (X,), (X,))

    @quiet
    def test_jacobian():
        jax.jacfwd(rows)(X)

    @quiet
    @pytest.mark.jaxcost(phases={"transpose": {"max_eqns": 0}})
    def test_forward_and_backward():
        jax.jacrev(layer)(X)

    @quiet
    def test_waste():
        jax.jvp(waste, (X,), (X,))

    @quiet
    def test_unread():
        jax.jacfwd(with_sums)(X)
"""


def test_a_derivative_outside_jit_is_judged_as_one(pytester: pytest.Pytester) -> None:
    """JAX lowers a forward and a backward program, whose equations say nothing of a derivative."""
    result = run(pytester, EAGER)
    result.assert_outcomes(passed=2, failed=3)
    backward = block(result, "_ test_forward_and_backward _", "_ test_waste _")
    (head,) = (line for line in backward if line.startswith("jaxcost"))
    assert head.startswith("jaxcost: phases.transpose.eqns ")
    assert head.endswith(" > 0   layer")
    wasted = block(result, "_ test_waste _", "_ test_unread _")
    assert any(line.endswith("equations: cos 1x, mul 1x, sin 1x") for line in wasted)
    assert any("twice   (forward)" in line for line in wasted)
    unread = block(result, "_ test_unread _", "short test summary")
    assert any(line.startswith("jaxcost: dead 1 > 0   ") for line in unread)


NOTHING = """
    @pytest.mark.jaxcost(max_flops=1)
    def test_nothing_compiled():
        once(X)

    @pytest.mark.jaxcost(max_flops=1)
    def test_never_called(jaxcost): ...

    @pytest.mark.jaxcost(max_flops=1)
    class TestMarked:
        def test_in_class(self): ...

    @pytest.mark.jaxcost(max_flops=1)
    def test_fails_itself():
        raise RuntimeError("itself")

    @pytest.mark.jaxcost(max_flops=1)
    def test_skips_itself():
        pytest.skip("here")
"""


def test_a_marked_test_that_measures_nothing_fails(pytester: pytest.Pytester) -> None:
    result = run(pytester, NOTHING)
    result.assert_outcomes(failed=4, skipped=1)
    nothing = [
        "jaxcost: nothing was measured, so that no limit can fail",
        "  The marker limits what jax.jit compiles in the test, and nothing was compiled;",
        "  JAX's own operations outside jit do not count.",
        "  Call a jax.jit function, or use the fixture: jaxcost(fn, *args).",
    ]
    assert block(result, "_ test_nothing_compiled _", "_ test_never_called _") == nothing
    assert block(result, "_ test_never_called _", "_ TestMarked.test_in_class _") == [
        "jaxcost: nothing was measured, so that no limit can fail",
        "  The test takes the fixture jaxcost and never called it.",
        "  Call jaxcost(fn, *args), or leave the fixture out to have the test's own calls of",
        "  jax.jit functions measured.",
    ]
    assert block(result, "_ TestMarked.test_in_class _", "_ test_fails_itself _") == nothing
    assert "jaxcost:" not in "".join(block(result, "_ test_fails_itself _", "short test summary"))


OUTCOMES = """
    from pytest_jaxcost import CostError
    cheap = pytest.mark.jaxcost(max_duplicates=0)

    @pytest.mark.xfail(raises=CostError, strict=True)
    @cheap
    def test_expected_of_fixture(jaxcost):
        jaxcost(twice, X)

    @pytest.mark.xfail(raises=CostError, strict=True)
    @cheap
    def test_expected_of_body():
        jax.jit(twice)(X)

    @pytest.mark.xfail(strict=True)
    @cheap
    def test_expected_and_within():
        jax.jit(once)(X)

    @pytest.mark.xfail(strict=True)
    @cheap
    def test_expected_and_nothing_measured(): ...

    @pytest.mark.xfail(False, reason="not here")
    @cheap
    def test_not_expected(): ...

    @pytest.mark.skip
    @pytest.mark.jaxcost(no_such_limit=1)
    def test_skipped(): ...

    @pytest.mark.xfail(run=False)
    @cheap
    def test_not_run(): ...
"""


def test_expected_failures(pytester: pytest.Pytester) -> None:
    """A test that is expected to fail cannot hide in that it measured nothing."""
    result = run(pytester, OUTCOMES, "-rA")
    result.assert_outcomes(xfailed=3, failed=3, skipped=1)
    assert result.stdout.str().count("[XPASS(strict)]") >= 2
    result.stdout.fnmatch_lines_random(
        [
            "XFAIL test_it.py::test_expected_of_fixture*",
            "XFAIL test_it.py::test_expected_of_body*",
            "XFAIL *test_it.py::test_not_run*",
            "FAILED test_it.py::test_expected_and_within*",
            "FAILED test_it.py::test_expected_and_nothing_measured*",
            "FAILED test_it.py::test_not_expected*",
        ]
    )


@pytest.mark.parametrize("flag", ["--setup-only", "--setup-plan", "--collect-only"])
def test_nothing_is_judged_where_nothing_runs(pytester: pytest.Pytester, flag: str) -> None:
    result = run(pytester, NOTHING, flag)
    assert result.ret == pytest.ExitCode.OK
    assert "jaxcost: " not in result.stdout.str()


CAPTURED = """
    @jax.jit
    def chatty(x):
        return once(x)

    @pytest.mark.jaxcost(max_eqns=0)
    def test_it():
        chatty(X)
"""


def test_what_measuring_prints_is_the_tests_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_jaxcost_report(report): print('measured', report.name)")
    result = run(pytester, CAPTURED)
    result.stdout.fnmatch_lines(["*- Captured stdout call -*", "measured chatty"])
    assert result.stdout.str().count("measured chatty") == 1


CALLED = """
    @pytest.mark.jaxcost(max_duplicates=0)
    def test_called(request):
        jax.jit(twice)(X)
        request.getfixturevalue("jaxcost")(once, X)
"""


def test_calling_the_fixture_ends_the_watch(pytester: pytest.Pytester) -> None:
    run(pytester, CALLED).assert_outcomes(passed=1)


def test_jax_is_left_as_it_was(pytester: pytest.Pytester) -> None:
    from jax._src.interpreters import pxla  # noqa: TID251  # what is patched is to be restored

    before = pxla.lower_sharding_computation
    run(pytester, NOISY)
    assert pxla.lower_sharding_computation is before
