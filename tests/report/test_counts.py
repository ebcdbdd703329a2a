from __future__ import annotations

import pytest

from pytest_jaxcost.report import Counts

from .fake import ALIASES


def canonical(name: str) -> str:
    return ALIASES.get(name, name)


COUNTS = Counts({"tanh": 2, "mul": 4, "add": 0}, {"jit": 3, "checkpoint": 1}, canonical)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("tanh", 2),
        ("add", 0),
        ("sin", 0),
        ("jit", 3),
        ("pjit", 3),
        ("remat2", 1),
        ("remat", 1),
        ("checkpoint", 1),
    ],
)
def test_a_name_reads_its_count_under_every_alias(name: str, count: int) -> None:
    assert COUNTS[name] == COUNTS.get(name) == count
    assert type(COUNTS[name]) is int
    assert (name in COUNTS) is (count > 0)


def test_what_occurs_is_listed_by_name_without_calls() -> None:
    assert list(COUNTS) == ["mul", "tanh"]
    assert len(COUNTS) == 2
    assert repr(COUNTS) == "{'mul': 4, 'tanh': 2}"


@pytest.mark.parametrize(
    "same",
    [
        {"tanh": 2, "mul": 4},
        {"tanh": 2, "mul": 4, "sin": 0},
        {"tanh": 2, "mul": 4, "pjit": 3},
        Counts({"tanh": 2, "mul": 4}, {}, canonical),
    ],
)
def test_equal_to_the_same_counts(same: dict[str, int]) -> None:
    assert same == COUNTS
    assert same == COUNTS


@pytest.mark.parametrize(
    ("other", "differences"),
    [
        ({"tanh": 2}, {"mul": (4, 0)}),
        ({"tanh": 3, "mul": 4}, {"tanh": (2, 3)}),
        ({"tanh": 2, "mul": 4, "sin": 1}, {"sin": (0, 1)}),
        ({"tanh": 2, "mul": 4, "pjit": 2}, {"jit": (3, 2)}),
    ],
)
def test_different_counts_differ_by_name(
    other: dict[str, int], differences: dict[str, tuple[int, int]]
) -> None:
    assert other != COUNTS
    assert COUNTS.differences(other) == differences


def test_counts_are_no_number() -> None:
    assert COUNTS != 2
    with pytest.raises(TypeError):
        hash(COUNTS)
