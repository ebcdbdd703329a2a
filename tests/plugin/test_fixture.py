"""The fixture: what is measured, when it fails, and what is shown."""

from __future__ import annotations

import jax
import pytest

from .programs import block, errors, run

TRACED = f"traced, jax {jax.__version__}"

QUIET = """
    from pytest_jaxcost import Report

    def test_report(jaxcost):
        report = jaxcost(twice, X)
        assert isinstance(report, Report)
        assert report.primitives == {"sin": 2, "mul": 1}
        assert (report.flops, report.transcendentals) == (8, 16)

    @pytest.mark.jaxcost(max_duplicates=1, transcendentals=16)
    def test_within(jaxcost):
        jaxcost(twice, X)

    def test_keywords_go_to_the_function(jaxcost):
        def f(x, fn, self, name):
            return x + fn + self + name
        assert jaxcost(f, X, fn=X, self=X, name=X).primitives == {"add": 3}

    def test_nothing_is_executed(jaxcost):
        assert jaxcost(once, jax.ShapeDtypeStruct((10**6, 10**6), "float32")).eqns == 1

    def test_long_form(jaxcost):
        report = jaxcost.measure(lambda x, y: x + y, (X,), {"y": X}, name="sum", target="cpu")
        assert (report.name, report.environment["target"]) == ("sum", "cpu")

    def test_static_arguments(jaxcost):
        power = jax.jit(lambda x, n: x if n == 0 else x * 2, static_argnums=1)
        assert (jaxcost(power, X, 0).flops, jaxcost(power, X, 1).flops) == (0, 8)

    def test_thread(jaxcost):
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor() as pool:
            assert pool.submit(jaxcost, once, X).result().eqns == 1

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_expected(jaxcost):
        from pytest_jaxcost import CostError
        with pytest.raises(CostError, match="jaxcost: duplicates 1 > 0   twice"):
            jaxcost(twice, X)
"""


def test_quiet(pytester: pytest.Pytester) -> None:
    run(pytester, QUIET, "-Werror").assert_outcomes(passed=8)


BREACH = """
    @pytest.mark.jaxcost(max_duplicates=0, max_flops=8, min_flops=9)
    def test_breach(jaxcost):
        x = X
        jaxcost(twice, x)
"""


def test_the_failure_shows_the_call_and_the_message(pytester: pytest.Pytester) -> None:
    result = run(pytester, BREACH)
    result.assert_outcomes(failed=1)
    shown = block(result, "___ test_breach ___", "short test summary")
    assert [line for line in shown if line[:1] not in ("E", "")] == [
        "jaxcost = <jaxcost: jaxcost(fn, *args, **kwargs) measures fn>",
        "    @pytest.mark.jaxcost(max_duplicates=0, max_flops=8, min_flops=9)",
        "    def test_breach(jaxcost):",
        "        x = X",
        ">       jaxcost(twice, x)",
        "test_it.py:17: CostError",
    ]
    assert errors(shown) == [
        "pytest_jaxcost.CostError: jaxcost: 2 of 3 limits exceeded   twice",
        f"  {TRACED}",
        "",
        "  duplicates 1 > 0",
        "    set by test_it.py:14",
        "",
        "  lax.sin(x) in twice is computed twice                saves 8 op, 33.3%",
        "    test_it.py:12 in twice   (forward)",
        "    sin f32[8]",
        "    fix: compute it once and reuse the result                      JC101",
        "",
        "  flops 8 FLOP < 9",
        "    set by test_it.py:14",
        "  within limits: flops 8 FLOP of 8",
    ]


LINES = "\n".join(f"            lax.sin(x[:{n}]) * lax.sin(x[:{n}])," for n in range(1, 13))
MANY = f"""
    def many(x):
        return [
{LINES}
        ]

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_many(jaxcost):
        jaxcost(many, jnp.ones(16))
"""


@pytest.mark.parametrize(("flag", "left_out"), [("-v", True), ("-vv", False)])
def test_all_culprits_from_verbosity_2(
    pytester: pytest.Pytester, flag: str, left_out: bool
) -> None:
    shown = "\n".join(run(pytester, MANY, flag).outlines)
    assert ("more (-vv shows all)" in shown) is left_out


SHARED = """
    @pytest.fixture(scope="module")
    def report(jaxcost):
        return jaxcost(twice, X)

    @pytest.fixture
    def measured(jaxcost):
        return lambda fn: jaxcost(fn, X)

    def test_first(report):
        assert report.eqns == 3

    @pytest.mark.jaxcost(transcendentals=16)
    def test_within(report): ...

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_made_for_an_earlier_test(report): ...

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_factory(measured):
        measured(twice)
"""


def test_in_other_fixtures(pytester: pytest.Pytester) -> None:
    """A report of a wider scope meets the limits of each test that uses it."""
    result = run(pytester, SHARED)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ test_made_for_an_earlier_test _*",
            "jaxcost: duplicates 1 > 0   twice",
            "*_ test_factory _*",
            "*CostError: jaxcost: duplicates 1 > 0   twice",
        ]
    )


SETUP = """
    @pytest.fixture
    def report(jaxcost):
        return jaxcost(twice, X)

    @pytest.mark.jaxcost(max_duplicates=0)
    def test_setup(report): ...
"""


def test_in_setup(pytester: pytest.Pytester) -> None:
    result = run(pytester, SETUP)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*_ ERROR at setup of test_setup _*",
            "*CostError: jaxcost: duplicates 1 > 0   twice",
        ]
    )


UNTRACEABLE = """
    def broken(x):
        raise RuntimeError("broken itself")

    def test_broken(jaxcost):
        jaxcost(broken, X)

    def test_a_number(jaxcost):
        jaxcost(lambda x, n: once(x) if n else x, X, 3)

    def test_no_function(jaxcost):
        jaxcost(3, X)
"""


def test_what_cannot_be_traced_says_so_itself(pytester: pytest.Pytester) -> None:
    result = run(pytester, UNTRACEABLE)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "E       RuntimeError: broken itself",
            "E       jaxcost: while tracing broken(float32[[]8[]])",
            "E * jaxcost: argument 1 is 3, which is traced as jax.jit traces numbers; *",
            "E       TypeError: jaxcost measures a function and its arguments, *; got 3",
        ]
    )


UNHASHABLE = """
    class Layer:
        __hash__ = None

        def __call__(self, x):
            return once(x)

    def test_layer(jaxcost):
        report = jaxcost(Layer(), X)
        assert report.name == "Layer"
        assert dict(report.primitives) == dict(jaxcost(once, X).primitives)
"""


def test_a_callable_without_a_hash(pytester: pytest.Pytester) -> None:
    run(pytester, UNHASHABLE).assert_outcomes(passed=1)


PRIMITIVES = """
    @pytest.mark.jaxcost(max_primitives={"sine": 1})
    def test_marker(jaxcost):
        jaxcost(once, X)

    @pytest.mark.jaxcost(ignore="sine")
    def test_ignored(jaxcost):
        jaxcost(once, X)

    def test_other(jaxcost):
        jaxcost(once, X)
"""


def test_an_unknown_primitive_fails_the_test_that_names_it(pytester: pytest.Pytester) -> None:
    result = run(pytester, PRIMITIVES)
    result.assert_outcomes(failed=2, passed=1)
    (line,) = block(result, "_ test_marker _", "_ test_ignored _")
    assert line.startswith(
        "jaxcost: max_primitives: no JAX primitive is named 'sine'; did you mean"
    )
    assert line.endswith("(test_it.py:14)")
