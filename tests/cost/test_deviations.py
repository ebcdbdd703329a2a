"""Where the count is not XLA's, it is a closed form's, and the list of deviations says so."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend import random as jax_random
from jax.sharding import PartitionSpec

from pytest_jaxcost.cost.deviations import DEVIATIONS, LINALG
from pytest_jaxcost.cost.price import price
from tests.cost.equations import equation
from tests.cost.programs import Program, program
from tests.cost.test_xla import counted

BLOCK = 2 + 5 * (4 * 5 + 3)
"""Flops of one run of the Threefry below: `test_threefry_counts_what_a_program_of_it_counts`."""


def keyed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a key as a function of the key's words."""
    return lambda words, *args: function(
        jax.random.wrap_key_data(words, impl="threefry2x32"), *args
    )


def scattered(x: Any) -> Any:
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), "i")
    spec = PartitionSpec("i")
    body = jax.shard_map(
        lambda y: lax.psum_scatter(y, "i", tiled=True), mesh=mesh, in_specs=spec, out_specs=spec
    )
    return body(x)


CASES = {
    "convert_element_type": [
        (0, lambda x: lax.convert_element_type(x, "int8"), "f32[3,7]"),
        (0, lambda x: lax.convert_element_type(x, "float32"), "bool[3,7]"),
        (0, lambda x: lax.convert_element_type(x, "complex64"), "f32[3,7]"),
    ],
    "bitcast_convert_type": [(0, lambda x: lax.bitcast_convert_type(x, "int32"), "f32[3,7]")],
    "cumsum": [
        (3 * 6, lambda x: lax.cumsum(x, 1), "f32[3,7]"),
        (7 * 2, lambda x: lax.cumsum(x, 0, reverse=True), "i32[3,7]"),
    ],
    "cumprod": [(3 * 6, lambda x: lax.cumprod(x, 1), "c64[3,7]")],
    "cummax": [(3 * 6, lambda x: lax.cummax(x, 1), "f32[3,7]")],
    "cummin": [(3 * 6, lambda x: lax.cummin(x, 1), "u8[3,7]")],
    "sort": [
        (3 * 37 * ceil(log2(37)), lambda x: lax.sort(x, dimension=1), "f32[3,37]"),
        (3 * 32 * 5, lambda x, y: lax.sort((x, y), dimension=0), "i32[32,3]", "f32[32,3]"),
    ],
    "top_k": [(3 * 37 * ceil(log2(37)), lambda x: lax.top_k(x, 2), "f32[3,37]")],
    "approx_top_k": [(3 * 37 * ceil(log2(37)), lambda x: lax.approx_max_k(x, 2), "f32[3,37]")],
    "fft": [
        (8 * 3 * 8 * 16 * (3 + 4), lambda x: lax.fft(x, "FFT", (8, 16)), "c64[3,8,16]"),
        (8 * 4 * 8 * 16 * (2 + 3 + 4), lambda x: lax.fft(x, "RFFT", (4, 8, 16)), "f32[4,8,16]"),
    ],
    "lu_pivots_to_permutation": [
        (0, lambda x: lax.linalg.lu_pivots_to_permutation(x, 7), "i32[2,5]")
    ],
    "threefry2x32": [
        (9 * BLOCK + 2, jax_random.threefry2x32_p.bind, "u32[]", "u32[]", "u32[9]", "u32[9]"),
    ],
    "ragged_dot_general": [(2 * 12 * 5 * 4, lax.ragged_dot, "f32[12,5]", "f32[3,5,4]", "i32[3]")],
    "reduce_scatter": [(7, scattered, "f32[7]")],
}


FORMS = {
    program(f"{name} {' '.join(args)}", function, *args): (name, flops)
    for name, cases in CASES.items()
    for flops, function, *args in cases
}
DRAWS = {
    program(f"{name} {blocks}", keyed(function), "u32[2]"): (name, blocks)
    for name, function, blocks in (
        ("random_bits", lambda key: jax.random.bits(key, (100,)), 100),
        ("random_bits", lambda key: jax.random.bits(key, (10, 3), "uint8"), 30),
        ("random_split", lambda key: jax.random.split(key, 50), 50),
        ("random_fold_in", lambda key: jax.random.fold_in(key, 7), 1),
    )
}
LOG_SUM = program("cumlogsumexp", lambda x: lax.cumlogsumexp(x, 1), "f32[3,7]")
PROGRAMS = (*FORMS, *DRAWS, LOG_SUM)


@pytest.mark.parametrize("made", FORMS, ids=lambda made: made.name)
def test_the_count_is_the_closed_form_and_not_xla_s(made: Program) -> None:
    name, flops = FORMS[made]
    cost = price(equation(name, made.function, *made.args))
    assert cost is not None
    assert (cost.flops, cost.transcendentals) == (flops, 0)
    assert counted(made)[1][0] != flops


def test_xla_counts_a_cumulative_n_times() -> None:
    ours, xla = counted(LOG_SUM)
    assert ours is not None
    assert tuple(7 * count for count in ours) == xla
    assert ours[1] == 2 * 3 * 6  # an exponential and a logarithm a combination


def test_a_transform_of_two_axes_is_one_of_each() -> None:
    both, _ = counted(program("both", lambda x: lax.fft(x, "FFT", (8, 16)), "c64[8,16]"))
    _, apart = counted(
        program(
            "apart",
            lambda x: lax.fft(lax.fft(x, "FFT", (16,)).T, "FFT", (8,)).T,
            "c64[8,16]",
        )
    )
    assert both == apart


def threefry(key: list[Any], words: list[Any]) -> list[Any]:
    """Threefry-2x32 with 20 rounds, unrolled."""
    third = key[0] ^ key[1] ^ np.uint32(0x1BD11BDA)
    keys = [key[0], key[1], third]
    x, y = words[0] + keys[0], words[1] + keys[1]
    for group in range(5):
        for distance in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x = x + y
            y = (y << distance) | lax.shift_right_logical(y, np.uint32(32 - distance))
            y = x ^ y
        x = x + keys[(group + 1) % 3]
        y = y + keys[(group + 2) % 3] + np.uint32(group + 1)
    return [x, y]


def test_threefry_counts_what_a_program_of_it_counts() -> None:
    key, words = [np.uint32(3), np.uint32(5)], [np.arange(9, dtype=np.uint32)] * 2
    assert np.array_equal(
        threefry([jnp.uint32(3), jnp.uint32(5)], [jnp.asarray(w) for w in words]),
        jax_random.threefry2x32_p.bind(*key, *words),
    )
    unrolled = program(
        "unrolled",
        lambda a, b, x, y: threefry([a, b], [x, y]),
        *("u32[]", "u32[]", "u32[9]", "u32[9]"),
    )
    assert counted(unrolled) == ((9 * BLOCK + 2, 0), (9 * BLOCK + 2, 0))


@pytest.mark.parametrize("made", DRAWS, ids=lambda made: made.name)
def test_a_draw_costs_its_blocks_and_little_more(made: Program) -> None:
    name, blocks = DRAWS[made]
    cost = price(equation(name, made.function, *made.args))
    assert cost is not None
    # a block of counters known to be zero saves an addition; counters and narrowing are few flops
    assert blocks * BLOCK - 2 <= cost.flops <= blocks * (BLOCK + 8) + 2
    assert counted(made)[1][0] < blocks * BLOCK / 2


@pytest.mark.parametrize(
    ("flops", "transcendentals", "function", "args"),
    [
        (60, 0, lambda x, y: lax.dot_general(x, y, (((1,), (0,)), ((), ())), None, "float32"),
         ("bf16[3,5]", "f32[5,2]")),
        (0, 21, lax.pow, ("f32[3,7]", "i32[3,7]")),
    ],
)  # fmt: skip
def test_xla_counts_the_conversion_of_operands(
    flops: int, transcendentals: int, function: Callable[..., Any], args: tuple[str, ...]
) -> None:
    made = program("converted", function, *args)
    converted = sum(arg.size for arg in made.args if arg.dtype != "float32")
    assert counted(made) == ((flops, transcendentals), (flops + converted, transcendentals))


@pytest.mark.parametrize("function", [lambda x: x + 0.0, lambda x: x * 1.0, lambda x: 1.0 * x])
def test_xla_s_reader_folds_constants(function: Callable[..., Any]) -> None:
    assert counted(program("folded", function, "f32[3,7]")) == ((21, 0), (0, 0))
    kept = program("kept", lambda x: function(x) * 2.0, "f32[3,7]")
    assert counted(kept) == ((42, 0), (21, 0))


def test_xla_counts_a_loop_once() -> None:
    def loop(x: Any) -> Any:
        return lax.scan(lambda carry, _: (jnp.sin(carry) * 2, None), x, None, length=10)[0]

    ours, xla = counted(program("loop", loop, "f32[3,7]"))
    assert ours == (210, 210)
    assert xla[1] == 21


def test_the_list_of_deviations_is_complete() -> None:
    listed = [name for deviation in DEVIATIONS for name in deviation.primitives]
    tested = {*CASES, *LINALG, "cumlogsumexp", "random_bits", "random_split", "random_fold_in"}
    assert sorted(listed) == sorted(tested)
