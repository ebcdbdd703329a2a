"""Functions called twice, in five ways: verdicts against the truth by counting.

A run of the suite looks at every 23rd of two thousand programs; `JAXCOST_SURVIVAL_EVERY=1` in the
environment makes it look at all of them, which takes twenty minutes.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.analyses.survival.mechanical import WAYS, Judged, Twice, judged, programs, truth

EVERY = int(os.environ.get("JAXCOST_SURVIVAL_EVERY", "23"))
MOST_UNKNOWN = 0.05
"""The part of all findings that may be unknown."""


@pytest.fixture(scope="module")
def findings() -> dict[str, list[Judged]]:
    return {name: judged(twice) for name, twice in list(programs())[::EVERY]}


def test_no_verdict_is_wrong(findings: dict[str, list[Judged]]) -> None:
    wrong = [
        (name, each)
        for name, judgements in findings.items()
        for each in judgements
        if each.verdict != "unknown" and each.truth not in (None, each.verdict)
    ]
    assert not wrong


def test_few_are_unknown_and_each_has_a_reason(findings: dict[str, list[Judged]]) -> None:
    every = [each for judgements in findings.values() for each in judgements]
    unknown = [each for each in every if each.verdict == "unknown"]
    assert len(unknown) <= MOST_UNKNOWN * len(every)
    assert all(each.reason for each in unknown)


def test_both_verdicts_are_held_against_the_truth(findings: dict[str, list[Judged]]) -> None:
    truths = Counter(each.truth for judgements in findings.values() for each in judgements)
    assert min(truths["removed"], truths["survives"]) >= 20
    assert {name.partition(" ")[0] for name in findings} == {way.__name__ for way in WAYS}


def test_counting_tells_what_became_of_a_second_call() -> None:
    twice = Twice(len, len, len, times=5, first=1, avals=())
    once = {"sine": 1}
    assert truth(twice, "sin", 1, {"sine": 1}, once, once) == "removed"
    assert truth(twice, "sin", 1, {"sine": 6}, once, once) == "survives"
    assert truth(twice, "sin", 1, {"sine": 3}, once, once) is None
    assert truth(twice, "sin", 1, {"sine": 2}, {"sine": 2}, once) is None
    assert truth(twice, "sin", 1, {}, {}, {}) is None
