"""What XLA:CPU computes again: against counts in the texts, and against whole expressions."""

from __future__ import annotations

import math
import re
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import Report, hlo, measure
from pytest_jaxcost.compiled import NO_LOWERED, Compiled
from pytest_jaxcost.program import Program
from pytest_jaxcost.report import CostError, Finding
from tests.compiled.cloned_programs import NOISY, QUIET, VECTOR, Case, opcode_of
from tests.compiled.expressions import repeated
from tests.quiet.functions import FUNCTIONS

SIZED = re.compile(r"f32\[([\d,]*)\]\S* (?:sine|cosine|tanh)\(")
PAIR = jax.ShapeDtypeStruct((2,), jnp.float32)


def helper_1(params: Any) -> Any:
    return jnp.sin(params[0]) * jnp.sin(params[1] * jnp.linspace(0.0, 1.0, 1000))


def helper_2(z: Any, params: Any) -> Any:
    return params[0] * jnp.tanh(params[1] * z) + z


def main(params1: Any, params2: Any) -> Any:
    z = helper_1(params1)
    return z, helper_2(z, params2)


JACOBIAN = jax.jacfwd(main, argnums=(0, 1))


def texts(function: Any, *args: Any) -> tuple[str, str]:
    """The lowered and the optimized program, made apart from any report."""
    lowered = jax.jit(function).lower(*args)
    return lowered.as_text("hlo"), lowered.compile().as_text()


def of(report: Report, opcode: str) -> list[Finding]:
    return [finding for finding in report.compiled.recomputed_by_xla if finding.primitive == opcode]


@pytest.mark.parametrize("opcode", ["sine", "cosine"])
def test_the_original_question(opcode: str) -> None:
    lowered, optimized = texts(JACOBIAN, PAIR, PAIR)
    asked, computed = (text.count(f" {opcode}(") for text in (lowered, optimized))
    assert (asked, computed > 3 * asked) == (2, True)
    (finding,) = of(measure(JACOBIAN, (PAIR, PAIR)), opcode)
    assert (finding.asked, finding.computed) == (asked, computed)
    assert finding.factor == computed / asked
    first = helper_1.__code__.co_firstlineno
    assert (finding.places[0].file, finding.places[0].line) == (__file__, first + 1)
    assert finding.phase == "jvp"


def test_the_surplus_accounts_for_the_whole_difference() -> None:
    report = measure(JACOBIAN, (PAIR, PAIR))
    lowered, optimized = (
        sum(math.prod(map(int, dims.split(",") if dims else ())) for dims in SIZED.findall(text))
        for text in texts(JACOBIAN, PAIR, PAIR)
    )
    assert report.transcendentals == lowered
    assert report.compiled.transcendentals == optimized
    assert report.compiled.recomputed_by_xla.transcendentals == optimized - lowered > 0


@pytest.mark.parametrize("case", NOISY.values(), ids=NOISY)
def test_clones(case: Case) -> None:
    (finding,) = of(measure(case.function, case.args), case.opcode)
    assert (finding.asked, finding.computed) == (case.asked, case.computed)
    assert finding.executions == case.executions
    assert (finding.flops or finding.transcendentals) % case.executions == 0
    assert finding.places[0].file == NOISY["two readers"].function.__code__.co_filename


@pytest.mark.parametrize(("function", "arg"), QUIET.values(), ids=QUIET)
def test_no_clones(function: Any, arg: Any) -> None:
    report = measure(function, (arg,))
    assert report.compiled.recomputed_by_xla.transcendentals == 0
    assert not of(report, "sine")


def test_a_loop_of_unknown_length_makes_the_cost_a_lower_bound() -> None:
    def function(x: Any) -> Any:
        def body(carry: Any) -> Any:
            wave = jnp.sin(carry[0])
            return wave * 0.9, jnp.outer(wave, wave)

        return jax.lax.while_loop(lambda c: c[0][0] < 9, body, (x, jnp.zeros((64, 64))))

    report = measure(function, (VECTOR,))
    (finding,) = of(report, "sine")
    assert (finding.asked, finding.computed, finding.exact) == (1, 2, False)
    assert not report.metrics.reading("compiled.recomputed_by_xla").exact


def test_what_the_compiler_merged_and_repeats_is_its_own_doing() -> None:
    """Three lines ask for one sine; it is computed once, and again in two other fusions."""

    def function(x: Any) -> Any:
        return (
            jnp.outer(jnp.sin(x), jnp.arange(2.0)),
            jnp.outer(jnp.sin(x), jnp.arange(3.0)),
            jnp.outer(jnp.sin(x), jnp.arange(4.0)),
        )

    report = measure(function, (VECTOR,))
    (finding,) = of(report, "sine")
    assert (finding.asked, finding.computed) == (1, 3)
    assert report.survivors().count == 0


def test_index_arithmetic_is_bookkeeping() -> None:
    cloned = measure(*FUNCTIONS["numpy.interp"]).compiled.recomputed_by_xla
    small = [each for each in cloned.all if re.fullmatch(r"[sup]\w+\[\d?\]", each.aval)]
    assert all(each.bookkeeping for each in small)
    assert not any(each.primitive == "convert" for each in cloned)


@pytest.mark.parametrize("name", list(FUNCTIONS)[::3])
def test_each_finding_is_true_of_library_functions(name: str) -> None:
    """Every one is there as equal expressions, and with them the work is accounted for."""
    function, args = FUNCTIONS[name]
    report = measure(function, args)
    optimized = report.compiled.text
    found = report.compiled.recomputed_by_xla
    for opcode in {finding.primitive for finding in found.all}:
        count = sum(
            each.count for each in report.compiled.recomputed_by_xla.all if each.primitive == opcode
        )
        if " while(" not in optimized and " conditional(" not in optimized:
            assert count <= repeated(optimized, opcode), opcode
    asked = lowered_transcendentals(function, args)
    assert report.compiled.transcendentals <= asked + found.transcendentals


def lowered_transcendentals(function: Any, args: Any) -> int:
    jitted = function if hasattr(function, "lower") else jax.jit(function)
    text = jitted.lower(*args).as_text("hlo", debug_info=True)
    return hlo.analyze(hlo.read(text)).transcendentals


def test_the_oracle_counts_equal_expressions() -> None:
    _, four = texts(opcode_of(jnp.sin, 3, 4, 5, 6), VECTOR)
    assert (four.count(" sine("), repeated(four, "sine")) == (4, 3)
    _, different = texts(lambda x: tuple(jnp.sin(k * x) for k in range(1, 5)), VECTOR)
    assert (different.count(" sine("), repeated(different, "sine")) == (4, 0)


def test_one_lowering_and_one_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in ("lowered", "compiled"):
        make = getattr(Program, name).func
        monkeypatch.setattr(
            Program, name, property(lambda self, n=name, m=make: _once(self, n, m, made))
        )
    report = measure(JACOBIAN, (PAIR, PAIR))
    report.check(max_eqns=1000)
    assert made == []
    assert report.metrics["compiled.recomputed_by_xla"] > 0
    assert report.compiled.flops
    assert sorted(made) == ["compiled", "lowered"]


def _once(program: Program, name: str, make: Any, made: list[str]) -> Any:
    if name not in program.__dict__:
        made.append(name)
        program.__dict__[name] = make(program)
    return program.__dict__[name]


def test_without_the_lowered_program_nothing_is_known() -> None:
    found = Compiled(jax.jit(jnp.sin).lower(VECTOR).compile())
    assert found.recomputed_by_xla is None
    assert found.reasons["recomputed_by_xla"] == NO_LOWERED


def test_a_part_of_a_program_has_no_clones_of_its_own() -> None:
    reading = (
        measure(JACOBIAN, (PAIR, PAIR)).phases["jvp"].metrics.reading("compiled.recomputed_by_xla")
    )
    assert (reading.value, "not divided" in reading.reason) == (None, True)


def test_the_message_names_the_compiler() -> None:
    report = measure(opcode_of(jnp.sin, 3, 4, 5), (VECTOR,), name="waves")
    with pytest.raises(CostError) as error:
        report.check(compiled={"max_recomputed_by_xla": 0})
    written = re.sub(r"jax [\d.]+", "jax", str(error.value))
    place = r"\S*cloned_programs.py:\d+( in \S+)?"  # JAX 0.8 does not name the function
    assert re.sub(place, "FILE", written) == (
        "jaxcost: compiled.recomputed_by_xla 128 op > 0   waves\n"
        "  compiled for cpu, jax\n"
        "  the compiler's doing: the program itself asks for less.\n"
        "    sine f32[64]   computed 3 times, asked for once\n"
        "      128 transcendentals\n"
        "      FILE\n"
        "      hint: the compiler computes it again in each fusion that reads it\n"
        "        rather than keep it in memory, which is mostly faster;\n"
        "        jax.lax.optimization_barrier asks it to keep the value"
    )
