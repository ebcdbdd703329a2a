"""Prints a table of what is measured, what it came to and what it should come to."""

from __future__ import annotations

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import sys
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import jax

from .clock import medians
from .programs import BLOCKS, block_attending_twice, nested_jits, transformer_gradient
from .startup import startup
from .tasks import (
    analyzed,
    compiled_alone,
    eliminated,
    equations,
    judged,
    measured,
    peak_bytes,
    repetitions,
    searched,
    searched_alone,
    trace,
)

SMALL = partial(transformer_gradient, BLOCKS)
LARGE = partial(transformer_gradient, 25 * BLOCKS)
TWICE = partial(transformer_gradient, BLOCKS, block_attending_twice)
FEWER = partial(transformer_gradient, BLOCKS // 4, block_attending_twice)


class Row(NamedTuple):
    what: str
    came_to: str
    at_most: str = ""


def against_tracing() -> Iterator[Row]:
    tasks = {
        "trace": partial(trace, SMALL),
        "measure": partial(measured, SMALL),
        "search": partial(searched, SMALL),
        "analyze": partial(analyzed, SMALL),
        "eliminate": partial(eliminated, SMALL),
    }
    seconds = medians(tasks, repetitions=7)
    yield Row(f"gradient of {BLOCKS} blocks", f"{equations(SMALL):,} equations")
    yield Row("jax.jit(f).trace", _ms(seconds["trace"]))
    yield Row("measure with limits", _ms(seconds["measure"]))
    yield Row("  measure / trace", f"{seconds['measure'] / seconds['trace']:.2f}", "1.25")
    yield Row("measure with all traced analyses", _ms(seconds["search"]))
    yield Row("  measure / trace", f"{seconds['search'] / seconds['trace']:.2f}", "1.50")
    yield Row("limits of a traced program", _ms(seconds["analyze"]))
    yield Row("dce_jaxpr, lower, MLIR cse of it", _ms(seconds["eliminate"]))
    yield Row("  ours / theirs", f"{seconds['analyze'] / seconds['eliminate']:.2f}")


def by_size() -> Iterator[Row]:
    small, large = equations(SMALL), equations(LARGE)
    yield Row(f"gradient of {25 * BLOCKS} blocks", f"{large:,} equations")
    for what, task in (("limits", analyzed), ("all traced analyses", searched_alone)):
        tasks = {"small": partial(task, SMALL), "large": partial(task, LARGE)}
        seconds = medians(tasks, repetitions=3)
        each = {"small": seconds["small"] / small, "large": seconds["large"] / large}
        yield Row(f"{what}, per equation of {BLOCKS}", _us(each["small"]))
        yield Row(f"{what}, per equation of {25 * BLOCKS}", _us(each["large"]))
        yield Row("  large / small", f"{each['large'] / each['small']:.2f}", "1.50")
    yield Row("peak extra memory per equation", f"{peak_bytes(SMALL) / small:,.0f} bytes")


def against_compiling() -> Iterator[Row]:
    for name, fresh, most in (
        (f"gradient of {BLOCKS} blocks", SMALL, "0.100"),
        ("attention computed twice", TWICE, "0.200"),
    ):
        tasks = {"compile": partial(compiled_alone, fresh), "judge": partial(judged, fresh)}
        seconds = medians(tasks, repetitions=5)
        yield Row(name, f"{repetitions(fresh):,} findings")
        yield Row("  compile", _ms(seconds["compile"]))
        yield Row("  read and judge", _ms(seconds["judge"]))
        yield Row("  judge / compile", f"{seconds['judge'] / seconds['compile']:.3f}", most)
    fewer = medians({"judge": partial(judged, FEWER)}, repetitions=3)["judge"]
    ratio = seconds["judge"] / repetitions(TWICE) / (fewer / repetitions(FEWER))
    yield Row(f"  each finding, {BLOCKS} / {BLOCKS // 4} blocks", f"{ratio:.2f}", "1.50")


def of_nested_jits() -> Iterator[Row]:
    fresh = partial(nested_jits, 30)
    tasks = {"measure": partial(measured, fresh), "trace": partial(trace, fresh)}
    seconds = medians(tasks, repetitions=5)
    yield Row("30 nested jits, trace", _ms(seconds["trace"]))
    yield Row("30 nested jits, measure", _ms(seconds["measure"]), "1,000 ms")


def of_startup() -> Iterator[Row]:
    bare, extra = startup(pairs=21)
    yield Row("unrelated pytest run, bare", _ms(bare))
    yield Row("  with the plugin, more by", _ms(extra), "5.0 ms")


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms"


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} us"


SECTIONS = {
    "tracing": against_tracing,
    "size": by_size,
    "compiling": against_compiling,
    "nesting": of_nested_jits,
    "startup": of_startup,
}


def main(names: list[str]) -> None:
    """Write the sections named, or all of them."""
    _write(f"Python {sys.version.split()[0]}, jax {jax.__version__}; processor time, medians")
    _write(_line(Row("", "measured", "at most")))
    for name in names or SECTIONS:
        for row in SECTIONS[name]():
            _write(_line(row))


def _line(row: Row) -> str:
    return f"{row.what:36}{row.came_to:>18}{row.at_most:>12}".rstrip()


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
