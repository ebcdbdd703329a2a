"""Every mistake provoked in a model is found, priced and explained; its healthy twin is quiet."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

from pytest_jaxcost import Finding, Findings, Report, measure

from .faults import MISPLACED, MISPRICED, MISSED, MISTITLED, WITHOUT_FIX
from .provoked import Provoked
from .table import PROVOKED

NAMED = {provoked.name: provoked for provoked in PROVOKED}
WASTE = (
    *("duplicates", "repeated_callbacks", "zeros", "full_jacobians", "wrong_modes"),
    *("repeated_factorizations", "loop_invariants", "batch_invariants", "constant_work"),
    *("dead", "key_reuse"),
)
QUICKLY = {"xla_backend_optimization_level": 0}
HAS_TITLES = hasattr(Finding, "title")


def cases(*faults: dict[str, str], only: Any = lambda provoked: True) -> Any:
    """A parameter for each mistake; those with a fault are expected to fail."""
    reasons = {name: reason for each in faults for name, reason in each.items()}

    def parameter(name: str) -> Any:
        wrong = pytest.mark.xfail(strict=True, reason=reasons.get(name, ""))
        return pytest.param(NAMED[name], id=name, marks=[wrong] if name in reasons else [])

    chosen = [name for name, provoked in NAMED.items() if only(provoked)]
    return pytest.mark.parametrize("provoked", [parameter(name) for name in chosen])


@cache
def report_of(name: str, role: str = "wasteful") -> Report:
    provoked = NAMED[name]
    return measure(getattr(provoked, role) or provoked.wasteful, provoked.args)


def findings_of(provoked: Provoked) -> Findings:
    found: Findings = getattr(report_of(provoked.name), provoked.kind)
    return found


def operations(report: Report) -> int:
    return report.flops + report.transcendentals


def saving(provoked: Provoked) -> int:
    """What following the fix saves, measured on the twins."""
    dearer = operations(report_of(provoked.name, "dearer"))
    return dearer - operations(report_of(provoked.name, "healthy"))


def places(finding: Finding) -> set[tuple[str, int]]:
    return {(os.path.basename(place.file), place.line) for place in finding.places}


@cases(only=lambda provoked: provoked.has_equal_results)
def test_both_compute_the_same(provoked: Provoked) -> None:
    def both(*args: Any) -> Any:
        return provoked.wasteful(*args), provoked.healthy(*args)

    wasteful, healthy = jax.jit(both, compiler_options=QUICKLY)(*provoked.args)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 1e-3, 1e-4), wasteful, healthy)
    assert any(np.any(leaf) for leaf in jax.tree.leaves(healthy))


@cases(only=lambda provoked: not provoked.has_equal_results)
def test_both_compute_the_same_shapes(provoked: Provoked) -> None:
    wasteful = jax.eval_shape(provoked.wasteful, *provoked.args)
    assert wasteful == jax.eval_shape(provoked.healthy, *provoked.args)


@cases()
def test_the_healthy_twin_is_quiet(provoked: Provoked) -> None:
    report = report_of(provoked.name, "healthy")
    counts = {kind: getattr(report, kind).count for kind in (*WASTE, provoked.kind)}
    assert (report.waste, counts) == (0, dict.fromkeys(counts, 0))


@cases(MISSED)
def test_the_mistake_is_found(provoked: Provoked) -> None:
    assert findings_of(provoked).count >= 1


@cases(MISSED, MISPLACED)
def test_a_finding_is_at_a_line_to_mend(provoked: Provoked) -> None:
    assert provoked.lines, "no line is marked"
    assert any(places(finding) & provoked.lines for finding in findings_of(provoked))


@cases(MISSED, WITHOUT_FIX)
def test_a_hint_names_the_fix(provoked: Provoked) -> None:
    assert any(provoked.fix in finding.hint for finding in findings_of(provoked))


@cases(MISSED, MISPRICED, only=lambda provoked: provoked.is_priced)
def test_the_price_is_what_the_fix_saves(provoked: Provoked) -> None:
    """Within 2%, or less where the report says that it is a lower bound."""
    found, saved = findings_of(provoked), saving(provoked)
    assert saved > 0
    assert found.operations <= 1.02 * saved
    assert found.operations >= 0.98 * saved or not found.exact


@pytest.mark.skipif(not HAS_TITLES, reason="a finding is one equation, and has no title")
@cases(MISSED, MISTITLED)
def test_one_finding_is_one_cause(provoked: Provoked) -> None:
    """The costliest finding explains nine tenths of the kind, and its title names the function."""
    found = findings_of(provoked)
    costliest = max(found, key=lambda finding: finding.operations)
    assert costliest.operations >= 0.9 * found.operations
    assert any(name in costliest.title for name in provoked.functions)


def test_every_model_has_mistakes() -> None:
    models = [name.partition(".")[0] for name in NAMED]
    assert len(NAMED) == len(PROVOKED) >= 32
    assert len(set(models)) == 10
    assert min(models.count(model) for model in models) >= 3
