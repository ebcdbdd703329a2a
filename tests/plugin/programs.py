"""Test files for the runs inside tests, and what to look for in their output."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pytest

PRELUDE = """\
import jax
import jax.numpy as jnp
import pytest
from jax import lax

X = jnp.ones(8)

def once(x):
    return lax.sin(x)

def twice(x):
    return lax.sin(x) * lax.sin(x)

"""


def source(tests: str) -> str:
    """A test file: the functions above, and these tests."""
    return PRELUDE + textwrap.dedent(tests).strip("\n") + "\n"


def run(pytester: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    """Run `tests`, which may use the functions of the prelude, as `test_it.py`."""
    pytester.makepyfile(test_it=source(tests))
    # A run in this process inherits its filters, and finds the plugin imported already.
    return pytester.runpytest(
        "-Wdefault", *arguments, "-Wignore::pytest.PytestAssertRewriteWarning"
    )


def block(result: pytest.RunResult, first: str, last: str) -> list[str]:
    """The lines of the output between the line with `first` and the next one with `last`."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if first in line)
    end = next(n for n, line in enumerate(lines) if n > start and last in line)
    return [line.rstrip() for line in lines[start + 1 : end]]


def errors(lines: Sequence[str]) -> list[str]:
    """What pytest marks as the error of a traceback."""
    return [line.removeprefix("E").removeprefix("       ") for line in lines if line[:1] == "E"]
