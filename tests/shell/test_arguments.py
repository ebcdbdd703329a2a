"""Arguments as they are written in a shell."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost.shell.arguments import KEYS, argument
from pytest_jaxcost.shell.usage import UsageError

DTYPES = ["float32", "float16", "bfloat16", "int32", "int8", "uint8", "bool", "complex64"]


@pytest.mark.parametrize("dtype", [*DTYPES, "float8_e4m3fn"])
@pytest.mark.parametrize("shape", [(), (3,), (64, 128)])
def test_what_jax_prints_is_read_again(dtype: str, shape: tuple[int, ...]) -> None:
    aval = jax.make_jaxpr(lambda x: x)(jax.ShapeDtypeStruct(shape, dtype)).in_avals[0]
    read = argument(aval.str_short(short_dtypes=True))
    assert (read.shape, read.dtype) == (shape, jnp.dtype(dtype))


@pytest.mark.parametrize("impl", KEYS.values())
def test_keys_are_read_as_jax_prints_them(impl: str) -> None:
    aval = jax.make_jaxpr(lambda: jax.random.key(0, impl=impl))().out_avals[0]
    read = argument(aval.str_short(short_dtypes=True))
    assert (read.shape, read.dtype) == (aval.shape, aval.dtype)


@pytest.mark.parametrize("text", ["3", "-0.5", "(1, 2.0)", "[True, None]", "{'a': 1}", "'relu'"])
def test_literals(text: str) -> None:
    assert repr(argument(text)) == text


def test_shapes_within_literals() -> None:
    read = argument("{'layers': [('f32[3,3]', 'f32[3]'), 2.0]}")
    (weights, bias), scale = read["layers"]
    assert (weights.shape, bias.shape, scale) == ((3, 3), (3,), 2.0)


def test_blanks_do_not_matter() -> None:
    assert argument(" f32[ 3, 4 ] ").shape == (3, 4)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("f32(3)", "'f32(3)' is no argument; accepted are shapes as JAX prints them, such as f32["),
        ("f32", "'f32' is no argument"),
        ("f32[3", "'f32[3' is no argument"),
        ("f32[n]", "'f32[n]' is no argument"),
        ("f32[3,,4]", "'f32[3,,4]' has a size that is no number"),
        ("f33[3]", "'f33[3]' has the unknown dtype 'f33'"),
        ("float[3]", "'float[3]'"),
        ("f64[3]", "'f64[3]' has 64 bits, which JAX has with JAX_ENABLE_X64=1 only"),
        ("key<fly>[]", "'key<fly>[]' is no key; accepted are key<fry>, key<rbg>, key<urbg>"),
        ("{'w': 'f33[3]'}", "'f33[3]' has the unknown dtype 'f33'"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        argument(text)
    assert str(raised.value).startswith(said)
