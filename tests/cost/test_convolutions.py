"""Convolutions and their derivatives cost what XLA counts in the lowered program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import pytest
from jax import lax

from tests.cost.programs import Program
from tests.cost.test_xla import counted

IMAGE, KERNEL = (9, 8, 7), (3, 2, 4)
STRIDES, DILATION = (2, 3, 2), (3, 2, 2)


def options(spatial: int) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield a name, what `conv_general_dilated` takes, and how many features a kernel reads."""
    ones = (1,) * spatial
    for padding in (
        *("SAME", "VALID"),
        *(((2, 1), (0, 3), (1, 1)), ((-1, 2), (1, -1), (0, 0)), ((5, 6), (4, 2), (7, 0))),
    ):
        padded = padding if isinstance(padding, str) else padding[:spatial]
        yield f"{padded}", {"window_strides": ones, "padding": padded}, 4
    wide = ((2, 1),) * spatial
    strides, dilation = STRIDES[:spatial], DILATION[:spatial]
    yield from (
        ("strides, SAME", {"window_strides": strides, "padding": "SAME"}, 4),
        ("strides, VALID", {"window_strides": strides, "padding": "VALID"}, 4),
        ("wide kernel", {"window_strides": ones, "padding": "SAME", "rhs_dilation": dilation}, 4),
        ("wide image", {"window_strides": ones, "padding": wide, "lhs_dilation": dilation}, 4),
        (
            "all",
            {
                **{"window_strides": strides, "padding": wide},
                **{"lhs_dilation": dilation, "rhs_dilation": strides, "feature_group_count": 2},
            },
            2,
        ),
        ("groups", {"window_strides": ones, "padding": "SAME", "feature_group_count": 2}, 2),
        ("depthwise", {"window_strides": strides, "padding": "SAME", "feature_group_count": 4}, 1),
        ("batch groups", {"window_strides": ones, "padding": "SAME", "batch_group_count": 2}, 4),
    )


def convolution(spatial: int, options: dict[str, Any]) -> Callable[..., Any]:
    return lambda x, k: lax.conv_general_dilated(x, k, **options)


def pulled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The value and both gradients, with a cotangent that is an argument: nothing is dead."""

    def both(x: Any, k: Any, cotangent: Any) -> Any:
        y, pull = jax.vjp(function, x, k)
        return y, pull(cotangent)

    return both


def array(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, "float32")


def programs() -> Iterator[Program]:
    for spatial in (1, 2, 3):
        for name, given, features in options(spatial):
            function = convolution(spatial, given)
            x, k = array(2, 4, *IMAGE[:spatial]), array(8, features, *KERNEL[:spatial])
            y = jax.eval_shape(function, x, k)
            kernels, cotangents = array(5, *k.shape), array(5, *y.shape)
            gradients = pulled(function)
            by_kernel = jax.vmap(gradients, (None, 0, 0))
            title = f"{spatial}-D {name}"
            yield Program(f"{title}: gradients", gradients, (x, k, y))
            yield Program(f"{title}: of 5 kernels", by_kernel, (x, kernels, cotangents))


@pytest.mark.parametrize("program", list(programs()), ids=lambda program: program.name)
def test_a_convolution_and_its_gradients_cost_what_xla_counts(program: Program) -> None:
    ours, xla = counted(program)
    assert ours == xla


@pytest.mark.parametrize("argument", [0, 1])
def test_the_gradient_of_a_sum_costs_one_convolution(argument: int) -> None:
    """Transposed by hand: the gradient by the kernel is a convolution of the image with ones."""

    def total(x: Any, k: Any) -> Any:
        return lax.conv(x, k, (1, 1), "VALID").sum()

    x, k = array(2, 4, 9, 8), array(6, 4, 3, 2)
    ours, _ = counted(Program("", jax.value_and_grad(total, argument), (x, k)))
    y = jax.eval_shape(lambda x, k: lax.conv(x, k, (1, 1), "VALID"), x, k)
    pairs = 2 * y.size * 4 * 3 * 2  # of a result and what it is a sum of
    assert ours == (2 * pairs + y.size - 1, 0)
