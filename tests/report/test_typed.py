"""What type checkers are told of limits is what limits take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from pytest_jaxcost.analyses import ANALYSES
from pytest_jaxcost.report import SUBJECTS, Report, limit_names, typed
from pytest_jaxcost.report.kinds import KindAttribute
from pytest_jaxcost.report.limits import OPTIONS, SCOPES
from pytest_jaxcost.report.phases import NAMES

PREFIXES = ("max_", "min_", "")


def keys(record: type) -> set[str]:
    return set(record.__annotations__)


def named(stage: str) -> set[str]:
    subjects = (name for name, each in SUBJECTS.items() if getattr(each, stage))
    return {f"{prefix}{name}" for name in subjects for prefix in PREFIXES}


def test_every_keyword_is_declared() -> None:
    whole = keys(typed.Keywords) | keys(typed.Part)
    assert whole == set(limit_names()) == named("traced") | {"forbid", *SCOPES, *OPTIONS}
    assert keys(typed.Part) == whole - {"compiled", *OPTIONS}
    assert keys(typed.Optimized) == named("compiled") | {"forbid"}
    assert set(get_args(typed.Phase)) == set(NAMES)


def test_counts_by_name_are_mappings() -> None:
    for stage, record in (("traced", typed.Part), ("compiled", typed.Optimized)):
        counts = {f"{p}{name}" for name, each in SUBJECTS.items() if each.names for p in PREFIXES}
        hints = record.__annotations__.items()
        declared = {key for key, written in hints if "Counts" in str(written)}
        assert declared == counts & named(stage)


CALLS = """
from pytest_jaxcost import Jaxcost, Report

def measured(jaxcost: Jaxcost) -> int:
    return jaxcost(abs, 1.0).duplicates.count + len(jaxcost(abs, 1.0).loop_invariants)

def check(report: Report) -> None:
    report.check(max_flops="2 MFLOP", max_duplicates=0, primitives={"sin": 1}, forbid="while")
    report.check(compiled={"max_duplicates": "5%", "max_opcodes": {"dot": 4}}, relative_to=report)
    report.check(phases={"backward": {"max_flops": "5x"}}, relative_to=check)
    report.check(scopes={"attention": {"max_zeros": 0}, check: {"max_eqns": None}})
"""
WRONG = {
    "max_duplicate=0": "max_duplicate",
    "max_flop=0": "max_flop",
    'compiled={"max_flop": 0}': "Optimized",
    'phases={"sideward": {"max_flops": 0}}': "sideward",
    'scopes={"attention": {"max_temp_bytes": 0}}': "Part",
    "max_primitives=3": "max_primitives",
    "max_flops=report.flop": "flop",
    "max_flops=report.duplicate.count": "duplicate",
}


def test_each_kind_of_finding_is_an_attribute_that_a_type_checker_knows() -> None:
    declared = {name for name, each in vars(Report).items() if isinstance(each, KindAttribute)}
    assert declared == set(ANALYSES)


def test_a_type_checker_finds_a_misspelt_name(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    wrong = "".join(f"    report.check({each})\n" for each in WRONG)
    (tmp_path / "calls.py").write_text(CALLS + wrong, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), "--strict", "calls.py"]
    ran = subprocess.run(
        [*command, "--config-file", ""], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    first = CALLS.count("\n") + 1
    found = [line for line in ran.stdout.splitlines() if line.startswith("calls.py")]
    for number, name in enumerate(WRONG.values(), first):
        assert any(line.startswith(f"calls.py:{number}:") and name in line for line in found), name
    assert {int(line.split(":")[1]) for line in found} == set(range(first, first + len(WRONG)))
