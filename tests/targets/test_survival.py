"""What survives on devices that are not there: the tables of the CPU, compiled for others.

Run with `-m tpu` or `-m cuda` where the compiler is installed: `nox -s targets` installs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import pytest
from jax import lax

from pytest_jaxcost import measure
from tests.analyses.survival import (
    everyday,
    kinds,
    oracles,
    programs,
    realistic,
    table,
    test_kinds,
)
from tests.analyses.survival.oracles import TARGETS
from tests.analyses.survival.survivals import about, is_left, survivals
from tests.analyses.survival.test_verdicts import NOT_FOUND, UNKNOWN
from tests.docs.test_survival_table import STORED

PLATFORMS = ("tpu", "cuda")

TABLES = (programs, everyday, realistic)
"""The modules whose programs are in the one table."""

CASES = programs.CASES

REPETITIONS: Mapping[str, Mapping[str, set[str]]] = {
    "tpu": {
        # a sine stays before the branches that read it
        "inside_and_outside_a_branch_in_a_loop": {"survives"},
        "branch_in_a_shard": {"survives"},
        # a callback stays in its loop
        "callbacks_inside_and_outside_a_loop": {"survives"},
        # it takes fewer operations than were traced
        "complex_exponential_again_in_a_branch": {"partly"},
        # a transposition is folded into a product
        "product_and_its_transpose": {"removed"},
    },
    "cuda": {
        # nothing leaves a loop
        "inside_and_outside_a_loop": {"survives"},
        "dot_inside_and_outside_a_loop": {"survives"},
        "inside_and_outside_an_open_loop": {"survives"},
        "inside_and_outside_a_map": {"survives"},
        "outside_and_in_an_open_loop": {"survives"},
        "outside_and_inside_two_loops": {"survives"},
        # a branch this small is a selection
        "outside_and_in_a_nested_branch": {"removed"},
        # a sine stays before the branches that read it
        "inside_and_outside_a_branch_in_a_loop": {"survives"},
        "branch_in_a_shard": {"survives"},
    },
}
"""Verdicts on repeated values that are not those of the CPU, as the compiled texts have it."""

CALLBACKS = {
    "callbacks",
    "callbacks_inside_and_outside_a_loop",
    "callback_again_in_a_branch",
}
"""They ask for a client of the GPU, so that they compile for a TPU alone."""


def on(platform: str, name: str) -> object:
    return pytest.param(
        platform, name, marks=getattr(pytest.mark, platform), id=f"{platform}-{name}"
    )


REPEATING = [
    on(platform, name)
    for platform in PLATFORMS
    for name in CASES
    if platform != "cuda" or name not in CALLBACKS
]
OTHERS = [on(platform, name) for platform in PLATFORMS for name in kinds.CASES]
DIFFERENT = [
    on(platform, name)
    for platform in PLATFORMS
    for name, case in kinds.CASES.items()
    if case.verdicts[platform] not in (case.verdicts["cpu"], "unknown")
]


@pytest.mark.parametrize(("platform", "name"), REPEATING)
def test_repetitions(platform: str, name: str) -> None:
    case = CASES[name]
    if name in NOT_FOUND:
        pytest.xfail("it is listed as JAX's own")
    report = measure(case.function, case.avals, target=TARGETS[platform])
    known = {"unknown" if name in UNKNOWN else case.verdict}
    expected = REPETITIONS[platform].get(name, known)
    told = survivals(report, case.kind, case.primitive)
    found = about(report.findings(case.kind), case.primitive)
    are_alone = all(len({one.primitive for one in each.equations}) == 1 for each in found)
    assert (told if are_alone else is_left(told)) == (expected if are_alone else is_left(expected))


@pytest.mark.parametrize(("platform", "name"), OTHERS)
def test_other_kinds(platform: str, name: str) -> None:
    case = kinds.CASES[name]
    report = measure(case.function, case.avals, target=TARGETS[platform])
    expected = "unknown" if name in test_kinds.UNKNOWN else case.verdicts[platform]
    assert is_left(survivals(report, case.kind, case.primitive)) == {expected}


@pytest.mark.parametrize(("platform", "name"), DIFFERENT)
def test_the_compiled_text_agrees_where_the_cpu_does_otherwise(platform: str, name: str) -> None:
    case = kinds.CASES[name]
    assert oracles.verdict(case, platform) == case.verdicts[platform]


@pytest.mark.parametrize(
    "platform", [pytest.param(p, marks=getattr(pytest.mark, p)) for p in PLATFORMS]
)
def test_the_table_in_the_documentation(platform: str) -> None:
    stored = STORED["columns"][platform]
    if stored["versions"] != table.versions(platform):
        pytest.skip("it was measured with " + stored["versions"])
    assert stored == table.column(platform)


@pytest.mark.tpu
@pytest.mark.parametrize("platform", ["tpu"])
def test_what_is_lowered_to_other_primitives_survives(platform: str) -> None:
    def transforms(x: Any) -> Any:
        first = jnp.fft.fft(x)
        return first, lax.cond(
            x[0] > 0, lambda: jnp.fft.fft(x) * 2, lambda: x.astype(jnp.complex64)
        )

    report = measure(transforms, (kinds.V,), target=TARGETS[platform])
    assert is_left(survivals(report, "duplicates", "fft")) == {"survives"}
