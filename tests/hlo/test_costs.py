"""Costs against XLA's own analysis, against unrolled twins and against closed forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from pytest_jaxcost.hlo import Cost, Module, Pricing, analyze, price, read
from pytest_jaxcost.hlo.asynchronous import spread_collectives
from pytest_jaxcost.hlo.registry import RULES, TARGETS
from pytest_jaxcost.hlo.walk import executions
from tests.hlo.programs import PROGRAMS
from tests.hlo.texts import BACKENDS, STORED, compiled, of_backend, optimized, stored
from tests.hlo.xla import XlaCost, cost_of, normalized

DEVIATIONS = {
    "batched_sort": "XLA takes the logarithm of all elements, not of a line's",
    "fft_fft2": "XLA multiplies the logarithms of several lengths",
    "fft_fftn": "XLA multiplies the logarithms of several lengths",
    "grad_fft_fft2": "XLA multiplies the logarithms of several lengths",
    "grad_fft_fftn": "XLA multiplies the logarithms of several lengths",
}
"""The programs whose flops differ from XLA's, and why; every other one must agree."""

BRANCHES = frozenset(("cond_in_scan", "grad_cond_in_scan"))
"""XLA takes each figure from the branch where it is largest, not all from one branch."""


@dataclass(frozen=True)
class Once:
    """Loops as XLA counts them: body and condition once."""

    def times(self, *_: object) -> int:
        return 1


def priced_as_xla(module: Module) -> Pricing:
    """Return the costs with a flop for each element that is converted, as XLA has it."""
    with patch.dict(RULES, dict.fromkeys(("convert", "bitcast-convert"), RULES["negate"])):
        return price(module)


def as_xla_counts(pricing: Pricing) -> tuple[int, int]:
    """Return flops and transcendentals as XLA has them: loops once, every custom call -1."""
    module = pricing.module
    pricing = priced_as_xla(module)
    weights = executions(module, pricing.order, Once(), pricing.branches)  # type: ignore[arg-type]
    flops = transcendentals = 0
    for (computation, name), cost in pricing.own.items():
        weight = weights.get(computation, 0)
        known = module.computations[computation].named[name].opcode != "custom-call"
        flops += weight * (cost.flops if known else -1)
        transcendentals += weight * (cost.transcendentals if known else 0)
    return flops, transcendentals


def pointer_bytes(pricing: Pricing) -> int:
    """Return the bytes of the pointer tables of all tuples; XLA wrote 8 each, and now 4."""
    found = 0
    for name, weight in pricing.executions.items():
        for each in pricing.module.computations[name].instructions:
            if each.opcode == "tuple":
                found += weight * each.shape.buffer_bytes
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_compiled_program_costs_what_xla_says(name: str) -> None:
    pricing = price(optimized(name))
    theirs = normalized(compiled(name).cost_analysis())
    ours = as_xla_counts(pricing)
    if name in BRANCHES:
        assert sum(ours) < theirs.flops + theirs.transcendentals
        return
    assert (ours == theirs[:2]) == (name not in DEVIATIONS)
    assert ours[1] == theirs.transcendentals


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_straight_program_has_the_same_totals(name: str) -> None:
    module = optimized(name)
    totals = analyze(module)
    if totals.opcodes.keys() & {"while", "custom-call"} or name in DEVIATIONS:
        return
    theirs = normalized(compiled(name).cost_analysis())
    assert priced_as_xla(module).total[:2] == theirs[:2]
    assert totals.exact


def test_most_programs_are_straight() -> None:
    texts = [optimized(name) for name in PROGRAMS]
    straight = [
        each for each in texts if not analyze(each).opcodes.keys() & {"while", "custom-call"}
    ]
    assert len(straight) > 250


def multi_output(pricing: Pricing) -> bool:
    """Return whether a result is a tuple, of which jaxlib 0.8 counted the pointers alone."""
    return any(
        each.shape.elements is not None and each.opcode in ("sort", "reduce")
        for name in pricing.executions
        for each in pricing.module.computations[name].instructions
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_straight_program_accesses_the_bytes_that_xla_says(name: str) -> None:
    pricing = price(optimized(name))
    opcodes = {each.opcode for each in pricing.module.instructions}
    if opcodes & {"while", "custom-call"} or multi_output(pricing):
        return
    theirs = normalized(compiled(name).cost_analysis()).bytes_accessed
    assert pricing.total.bytes_accessed in (theirs, theirs + pointer_bytes(pricing) // 2)


def unlike_xla(pricing: Pricing) -> str | None:
    """Return why XLA's figures of a text are others than ours, if they are."""
    for each in pricing.module.instructions:
        if each.opcode == "conditional":
            return "each figure is of the branch where it is largest"
        if each.opcode == "sort" and len(each.shape.leaves[0].dimensions) > 1:
            return "XLA takes the logarithm of all elements"
        if each.opcode.startswith("reduce-scatter"):
            return "XLA counts no work"
        if each.attributes.get("kind") == "kCustom":
            (name,) = each.called["calls"]
            inside = {one.opcode for one in pricing.module.computations[name].instructions}
            if inside & {"gather", "scatter"}:
                return "XLA counts nothing else inside such a fusion"
    return (
        "a collective spread over fusions"
        if any(spread_collectives(pricing.module).values())
        else None
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_texts_of_every_backend_cost_what_xla_says(backend: str) -> None:
    import jax

    compared = 0
    for name in of_backend(backend):
        pricing = price(read(stored(name)))
        if unlike_xla(pricing) or name.partition("/")[2] in DEVIATIONS:
            continue
        try:
            theirs = cost_of(stored(name))
        except jax.errors.JaxRuntimeError:
            continue
        assert as_xla_counts(pricing) == theirs[:2], name
        compared += 1
    if not is_later(backend.partition("-")[2], jax.__version__):
        assert compared > 25


def is_later(version: str, than: str) -> bool:
    """Return whether texts of a version are too new for an installed one to read them all."""
    one, other = (tuple(map(int, each.split("."))) for each in (version, than))
    return one > other


UNARY = """HloModule m

ENTRY %e {{
  %p = {dtype}[4,8]{{1,0}} parameter(0)
  ROOT %r = {result}[4,8]{{1,0}} {opcode}(%p)
}}
"""

UNARY_OPCODES = {
    **dict.fromkeys(
        (
            *("abs", "ceil", "copy", "floor", "negate", "round-nearest-afz", "sign", "cbrt"),
            *("round-nearest-even", "cosine", "erf", "exponential", "exponential-minus-one"),
            *("log", "log-plus-one", "logistic", "rsqrt", "sine", "sqrt", "tan", "tanh"),
            *("acosh", "acos", "asin", "atanh", "cosh", "sinh"),
        ),
        ("f32", "f32"),
    ),
    **dict.fromkeys(("count-leading-zeros", "not", "popcnt"), ("s32", "s32")),
    "is-finite": ("f32", "pred"),
    "real": ("c64", "f32"),
    "imag": ("c64", "f32"),
}


@pytest.mark.parametrize("opcode", UNARY_OPCODES)
def test_one_unary_instruction(opcode: str) -> None:
    dtype, result = UNARY_OPCODES[opcode]
    text = UNARY.format(dtype=dtype, result=result, opcode=opcode)
    assert XlaCost(*price(read(text)).total) == cost_of(text)


@pytest.mark.parametrize(("opcode", "result"), [("convert", "bf16"), ("bitcast-convert", "s32")])
def test_a_conversion_is_no_work(opcode: str, result: str) -> None:
    text = UNARY.format(dtype="f32", result=result, opcode=opcode)
    assert price(read(text)).total == Cost(0, 0, cost_of(text).bytes_accessed)
    assert cost_of(text).flops == 32


MANY = """HloModule m

%add (a: f32[], b: f32[]) -> f32[] {{
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %s = f32[] add(%a, %b)
}}

%ge (c: f32[], d: f32[]) -> pred[] {{
  %c = f32[] parameter(0)
  %d = f32[] parameter(1)
  ROOT %t = pred[] compare(%c, %d), direction=GE
}}

%tanh (f: f32[]) -> f32[] {{
  %f = f32[] parameter(0)
  ROOT %g = f32[] tanh(%f)
}}

ENTRY %e {{
  %p = f32[8,8]{{1,0}} parameter(0)
  %q = f32[8,8]{{1,0}} parameter(1)
  %v = f32[16]{{0}} parameter(2)
  %z = f32[] parameter(3)
  %i = s32[] parameter(4)
  %k = s32[3,1]{{1,0}} parameter(5)
  %u = f32[3]{{0}} parameter(6)
  %y = pred[8,8]{{1,0}} parameter(7)
  %n = f32[1,8,8,2]{{3,2,1,0}} parameter(8)
  %h = f32[3,2,1,4]{{3,2,1,0}} parameter(9)
  %x = c64[8,16]{{1,0}} parameter(10)
  ROOT %r = {instruction}
}}
"""

INSTRUCTIONS = (
    *("f32[8,8]{1,0} atan2(%p, %q)", "f32[8,8]{1,0} power(%p, %q)"),
    *("f32[8,8]{1,0} remainder(%p, %q)", "f32[8,8]{1,0} select(%y, %p, %q)"),
    *("f32[8,8]{1,0} clamp(%p, %q, %p)", "pred[8,8]{1,0} compare(%p, %q), direction=LT"),
    *("c64[8,8]{1,0} complex(%p, %q)", "f32[8,8]{1,0} map(%p), dimensions={0,1}, to_apply=%tanh"),
    "f32[8,8]{1,0} reduce-precision(%p), exponent_bits=5, mantissa_bits=10",
    "f32[8,8]{1,0} dot(%p, %q), lhs_contracting_dims={1}, rhs_contracting_dims={0}",
    ("f32[8]{0} dot(%p, %q), lhs_batch_dims={0}, rhs_batch_dims={0}, lhs_contracting_dims={1}, "
    "rhs_contracting_dims={1}"),
    "f32[8]{0} reduce(%p, %z), dimensions={1}, to_apply=%add",
    "f32[] reduce(%p, %z), dimensions={0,1}, to_apply=%add",
    "f32[6,8]{1,0} reduce-window(%p, %z), window={size=3x1}, to_apply=%add",
    "f32[4,4]{1,0} reduce-window(%p, %z), window={size=3x3 stride=2x2 pad=0_1x1_0}, to_apply=%add",
    "f32[8,8]{1,0} select-and-scatter(%p, %q, %z), window={size=1x1}, select=%ge, scatter=%add",
    ("f32[16]{0} scatter(%v, %k, %u), update_window_dims={}, inserted_window_dims={0}, "
    "scatter_dims_to_operand_dims={0}, index_vector_dim=1, to_apply=%add"),
    ("f32[3]{0} gather(%v, %k), offset_dims={}, collapsed_slice_dims={0}, start_index_map={0}, "
    "index_vector_dim=1, slice_sizes={1}"),
    "f32[16]{0} sort(%v), dimensions={0}, to_apply=%ge",
    "c64[8,16]{1,0} fft(%x), fft_type=FFT, fft_length={16}",
    "f32[4]{0} slice(%v), slice={[2:6]}",
    "f32[4]{0} dynamic-slice(%v, %i), dynamic_slice_sizes={4}",
    "f32[16]{0} dynamic-update-slice(%v, %u, %i)",
    "f32[8,8]{0,1} transpose(%p), dimensions={1,0}",
    "f32[8,8]{1,0} transpose(%p), dimensions={1,0}",
    "f32[64]{0} bitcast(%p)",
    "f32[8,16]{1,0} concatenate(%p, %q), dimensions={1}",
    "f32[10,8]{1,0} pad(%p, %z), padding=1_1x0_0",
    "f32[8,8]{1,0} broadcast(%z), dimensions={}",
    "f32[8,8]{1,0} reverse(%p), dimensions={0}",
    "s32[8,8]{1,0} iota(), iota_dimension=0",
    "f32[8,8]{1,0} rng(%z, %z), distribution=rng_uniform",
    "f32[8,8]{1,0} all-reduce(%p), replica_groups={}, to_apply=%add",
    "f32[16,8]{1,0} all-gather(%p), replica_groups={{0,1}}, dimensions={0}",
    "f32[8,8]{1,0} collective-permute(%p), source_target_pairs={{0,1}}",
    *(
        f"f32[{shape}]{{3,2,1,0}} convolution(%n, %h), window={{{window}}}, "
        f"dim_labels=b01f_01io->b01f{groups}"
        for shape, window, groups in (
            ("1,6,7,4", "size=3x2", ", feature_group_count=2"),
            ("1,8,8,4", "size=3x2 pad=1_1x0_1", ", feature_group_count=2"),
            ("1,4,4,4", "size=3x2 stride=2x2 pad=1_1x0_0", ", feature_group_count=2"),
            ("1,13,14,4", "size=3x2 lhs_dilate=2x2", ", feature_group_count=2"),
            ("1,4,6,4", "size=3x2 rhs_dilate=2x2", ", feature_group_count=2"),
            ("1,7,9,4", "size=3x2 stride=3x2 pad=4_4x2_1 lhs_dilate=2x2 rhs_dilate=2x3",
             ", feature_group_count=2"),
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("instruction", INSTRUCTIONS)
def test_one_instruction(instruction: str) -> None:
    text = MANY.format(instruction=instruction)
    assert XlaCost(*price(read(text)).total) == cost_of(text)


def test_a_reduce_scatter_counts_what_it_keeps() -> None:
    scatter = (
        "f32[4,8]{1,0} reduce-scatter(%p), replica_groups={{0,1}}, dimensions={0}, to_apply=%add"
    )
    text = MANY.format(instruction=scatter)
    assert (price(read(text)).total.flops, cost_of(text).flops) == (32, 0)


def test_a_window_over_a_whole_dimension_reduces_it_once() -> None:
    window = "f32[8,8]{1,0} reduce-window(%p, %z), window={size=1x15 pad=0_0x7_7}, to_apply=%add"
    text = MANY.format(instruction=window)
    assert (price(read(text)).total.flops, cost_of(text).flops) == (8 * 7, 8 + 7)


@pytest.mark.parametrize(
    ("instruction", "ours", "xla"),
    [
        ("cholesky(%p), lower=true", (28 + 168, 8), (8**3 // 3, 0)),
        ("triangular-solve(%p, %q), left_side=true, lower=true, transpose_a=NO_TRANSPOSE",
         (8 * 64, 0), (2 * 8 * 64, 0)),
        (("triangular-solve(%p, %q), left_side=true, lower=true, unit_diagonal=true, "
          "transpose_a=NO_TRANSPOSE"),
         (8 * 56, 0), (2 * 8 * 64, 0)),
    ],
)  # fmt: skip
def test_linear_algebra_has_its_closed_form(
    instruction: str, ours: tuple[int, int], xla: tuple[int, int]
) -> None:
    text = MANY.format(instruction=f"f32[8,8]{{1,0}} {instruction}")
    assert price(read(text)).total[:2] == ours
    assert cost_of(text)[:2] == xla


def custom(call: str, shapes: tuple[str, ...]) -> Cost:
    parameters = "".join(
        f"  %p{index} = {shape} parameter({index})\n" for index, shape in enumerate(shapes)
    )
    operands = ", ".join(f"%p{index}" for index in range(len(shapes)))
    call = call.replace("()", f"({operands})")
    return price(read(f"HloModule m\n\nENTRY %e () -> f32[] {{\n{parameters}  ROOT %r = {call}\n}}\n")).total  # fmt: skip  # noqa: E501


SQUARE = "f32[3,9,9]{2,1,0}"
GEMM = (
    '(f32[8,5]{1,0}, s8[64]{0}) custom-call(), custom_call_target="TARGET", backend_config='
    '{"gemm_backend_config":{"dot_dimension_numbers":{"lhs_contracting_dimensions":["1"]}}}'
)
CUSOLVER = 'f32[6]{{0}} custom-call(), custom_call_target="cusolver_{}_ffi", backend_config={{{}}}'
CONVOLUTION = (
    'custom-call(), window={size=3x3 pad=1_1x1_1}, dim_labels=bf01_oi01->bf01, '
    'custom_call_target="__cudnn$convKIND"'
)  # fmt: skip
X, K, Y = "f32[2,3,6,6]{3,2,1,0}", "f32[4,3,3,3]{3,2,1,0}", "f32[2,4,6,6]{3,2,1,0}"
PLACES = 16 * 16  # pairs of kernel and result, 3 x 6 less the two that meet padding, both ways
LIBRARY = [
    (f'{SQUARE} custom-call(), custom_call_target="Cholesky"', (SQUARE,), 3 * (36 + 240)),
    ('(f32[2,6,4]{2,1,0}, s32[2,4]{1,0}) custom-call(), custom_call_target="lapack_dgetrf_ffi"',
     ("f32[2,6,4]{2,1,0}",), 2 * ((5 + 4 + 3 + 2) + 2 * (5 * 3 + 4 * 2 + 3 * 1))),
    ('(f32[6,4]{1,0}, f32[4]{0}) custom-call(), custom_call_target="cusolver_geqrf_ffi"',
     ("f32[6,4]{1,0}",), 2 * 6 * 16 + 6 * 4 + 16 + (4 * 14 - 2 * 64) // 3),  # LAPACK's own count
    ('f32[6,6]{1,0} custom-call(), custom_call_target="lapack_sorgqr_ffi"',
     ("f32[6,6]{1,0}", "f32[6]{0}"), 4 * 6**3 // 3 + 6**2 - 4 * 6 // 3),
    ('f32[9,2]{1,0} custom-call(), custom_call_target="lapack_ztrsm_ffi"',
     ("f32[9,9]{1,0}", "f32[9,2]{1,0}"), 2 * 81),
    (CUSOLVER.format("syevd", "algorithm = 0 : ui8, lower = true"), ("f32[6,6]{0,1}",), 9 * 6**3),
    (CUSOLVER.format("gesvdj", "compute_uv = true, full_matrices = true"), ("f32[9,6]{0,1}",),
     4 * 81 * 6 + 8 * 9 * 36 + 9 * 6**3),
    (CUSOLVER.format("gesvd", "compute_uv = true, full_matrices = false"), ("f32[9,6]{0,1}",),
     14 * 9 * 36 + 8 * 6**3),
    (CUSOLVER.format("gesvdp", "compute_uv = false, full_matrices = true"), ("f32[9,6]{0,1}",),
     4 * 9 * 36 - 4 * 6**3 // 3),
    (CUSOLVER.format("geev", "left = false, right = true"), ("f32[6,6]{0,1}",), 25 * 6**3),
    (CUSOLVER.format("geev", "left = false, right = false"), ("f32[6,6]{0,1}",), 10 * 6**3),
    (GEMM.replace("TARGET", "__cublas$gemm"), ("f32[8,7]{1,0}", "f32[7,5]{1,0}"), 2 * 8 * 5 * 7),
    (GEMM.replace("TARGET", "__cublas$lt$matmul"), ("f32[8,7]{1,0}", "f32[7,5]{1,0}"),
     2 * 8 * 5 * 7),
    ('f32[4,8,5]{2,1,0} custom-call(), custom_call_target="__onednn$matmul"',
     ("f32[4,7,8]{2,1,0}", "f32[4,7,5]{2,1,0}"), 2 * 4 * 8 * 5 * 7),
    (f"({Y}, u8[0]{{0}}) {CONVOLUTION.replace('KIND', 'Forward')}", (X, K),
     2 * 2 * 3 * 4 * PLACES),
    (f"({X}, u8[0]{{0}}) {CONVOLUTION.replace('KIND', 'BackwardInput')}", (Y, K),
     2 * 2 * 3 * 4 * PLACES),
    (f"({K}, u8[0]{{0}}) {CONVOLUTION.replace('KIND', 'BackwardFilter')}", (X, Y),
     2 * 2 * 3 * 4 * PLACES),
    ('(f32[9,2]{1,0}, s32[9,2]{1,0}) custom-call(), custom_call_target="TopK"',
     ("f32[9,20]{1,0}",), 9 * 20 * 5),
]  # fmt: skip


@pytest.mark.parametrize(("call", "shapes", "flops"), LIBRARY)
def test_library_functions_have_their_closed_forms(
    call: str, shapes: tuple[str, ...], flops: int
) -> None:
    assert custom(call, shapes).flops == flops


def test_a_call_whose_options_are_hidden_is_unknown() -> None:
    calls = [
        f"HloModule m\n\nENTRY %e () -> f32[] {{\n  %a = f32[6,6]{{1,0}} parameter(0)\n"
        f'  ROOT %r = f32[6]{{0}} custom-call(%a), custom_call_target="{target}"{options}\n}}\n'
        for target in ("lapack_sgeev_ffi", "lapack_sgees_ffi", "lapack_sgesdd_ffi")
        for options in ("", ", backend_config={mode = 78 : ui8}")
    ]
    assert [analyze(read(text)).exact for text in calls] == [False, True] * 3


def test_packed_weights_leave_a_product_unknown() -> None:
    call = 'f32[8,5]{1,0} custom-call(), custom_call_target="__onednn$matmul"'
    text = (
        "HloModule m\n\nENTRY %e () -> f32[] {\n  %a = f32[8,7]{1,0} parameter(0)\n"
        f"  %b = f32[1000]{{0}} parameter(1)\n  ROOT %r = {call.replace('()', '(%a, %b)')}\n}}\n"
    )
    totals = analyze(read(text))
    assert dict(totals.opaque) == {"__onednn$matmul": 1}
    assert not totals.exact


def test_every_opcode_and_target_of_the_texts_is_known_or_opaque() -> None:
    opaque: dict[str, int] = {}
    for name in STORED:
        for target, count in analyze(read(stored(name))).opaque.items():
            opaque[target] = opaque.get(target, 0) + count
    assert sorted(opaque) == [
        *("CompactWyHelper", "EighTpu", "send", "xla_ffi_python_cpu_callback"),
    ]
    assert not RULES.keys() & TARGETS.keys()


def test_an_unknown_opcode_is_named() -> None:
    text = MANY.format(instruction="f32[8,8]{1,0} frobnicate(%p)")
    totals = analyze(read(text))
    assert dict(totals.opaque) == {"frobnicate": 1}
    assert totals.caveats == ("the work of frobnicate is not known and not counted",)
    assert analyze(read(text.replace("frobnicate", "negate"))).exact


def total_of(function: Any, *args: Any) -> Cost:
    import jax

    return price(read(jax.jit(function).lower(*args).compile().as_text())).total


def lowered_cost(function: Any, *args: Any) -> XlaCost:
    import jax

    return normalized(jax.jit(function).lower(*args).cost_analysis())


def floating(pricing: Pricing) -> Cost:
    """Return the cost of the instructions that make floats: a loop's own counting left out."""
    total = Cost()
    for (computation, name), cost in pricing.own.items():
        weight = pricing.executions.get(computation, 0)
        shape = pricing.module.computations[computation].named[name].shape
        if all(leaf.dtype.startswith("f") for leaf in shape.leaves):
            total = total.plus(cost.times(weight))
    return total


def twins() -> dict[str, tuple[Any, Any, tuple[Any, ...]]]:
    """Return loops, the same unrolled by hand, and the arguments of both."""
    import jax.numpy as jnp
    from jax import lax

    x, w = jnp.ones((16,)), jnp.ones((16, 16))

    def repeat(step: Any, count: int) -> Any:
        def unrolled(*args: Any) -> Any:
            for _ in range(count):
                args = step(*args)
            return args

        return unrolled

    def scanned(step: Any, count: int) -> Any:
        return lambda *args: lax.scan(lambda c, _: (step(*c), None), args, None, length=count)[0]

    dense = lambda c, m: (jnp.tanh(c @ m), m)  # noqa: E731
    sine = lambda c: (jnp.sin(c),)  # noqa: E731
    nested = scanned(sine, 5)
    return {
        "dense": (scanned(dense, 11), repeat(dense, 11), (x, w)),
        "sine": (scanned(sine, 9), repeat(sine, 9), (x,)),
        "nested": (scanned(nested, 7), repeat(sine, 35), (x,)),
    }


@pytest.mark.parametrize("name", ["dense", "sine", "nested"])
def test_a_scan_costs_what_its_unrolled_twin_costs(name: str) -> None:
    import jax

    loop, unrolled, args = twins()[name]
    pricing = price(read(jax.jit(loop).lower(*args).compile().as_text()))
    ours, theirs = floating(pricing), lowered_cost(unrolled, *args)
    assert any(count for count in pricing.loops.counts.values())
    assert (ours.flops, ours.transcendentals) == theirs[:2]
    assert theirs.transcendentals > 0


def test_the_gradient_of_a_scan_costs_what_its_unrolled_twin_costs() -> None:
    import jax

    loop, unrolled, args = twins()["dense"]
    gradients = [jax.grad(lambda *a, f=each: f(*a)[0].sum()) for each in (loop, unrolled)]
    pricing = price(read(jax.jit(gradients[0]).lower(*args).compile().as_text()))
    twin = price(read(jax.jit(gradients[1]).lower(*args).compile().as_text()))
    dots = [
        sum(
            cost.flops * each.executions[computation]
            for (computation, name), cost in each.own.items()
            if each.module.computations[computation].named[name].opcode == "dot"
        )
        for each in (pricing, twin)
    ]
    assert dots[0] == dots[1] > 0
    assert pricing.total.transcendentals == twin.total.transcendentals == 11 * 16


def test_loops_multiply_and_branches_take_the_costliest() -> None:
    pricing = price(read(stored("cpu-0.12.0.1/cond_in_scan")))
    (taken,) = set(pricing.branches.values())
    dots = [
        computation
        for (computation, name) in pricing.own
        if pricing.module.computations[computation].named[name].opcode == "dot"
    ]
    (weight,) = {pricing.executions[name] for name in dots}
    assert weight == pricing.executions[taken] == 6
    totals = analyze(pricing.module)
    assert totals.executions["dot"] == 6
    assert totals.executions.get("sine") == 0
    assert totals.opcodes["sine"] == totals.opcodes["dot"] == 1


def test_a_loop_of_unknown_length_makes_lower_bounds() -> None:
    totals = analyze(read(stored("cpu-0.12.0.1/while_unknown")))
    assert not totals.exact
    (caveat,) = totals.caveats
    assert caveat.startswith("while")
    assert caveat.endswith("runs an unknown number of times; its body is counted once")
    assert analyze(read(stored("cpu-0.12.0.1/grad_scan_nested"))).exact


def test_a_started_fusion_costs_what_it_would_at_once() -> None:
    text = stored("cuda-0.12.0.1/grad_scan_nested")
    assert "fusion-start" in text
    totals = analyze(read(text))
    assert not any(opcode.endswith(("-start", "-done")) for opcode in totals.opcodes)
    assert totals.executions["cosine"] == 5 * 7
    assert totals.executions["sine"] == 2 * 5 * 7  # the compiler clones it into two fusions
    assert totals.transcendentals == 12 * 3 * 5 * 7


def test_a_multiplied_loop_is_linear_in_its_length() -> None:
    text = stored("cpu-0.12.0.1/grad_rnn")
    long = text.replace('"known_trip_count":{"n":"20"}', '"known_trip_count":{"n":"40"}')
    none = text.replace('"known_trip_count":{"n":"20"}', '"known_trip_count":{"n":"0"}')
    once, twice, never = (price(read(each)).total for each in (text, long, none))
    assert twice.flops - once.flops == once.flops - never.flops > 0
