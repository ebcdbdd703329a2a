"""What every test needs before JAX is imported, and which tests are slow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Counts do not depend on the machine, but which devices JAX sees does.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# One profile for every law: the same examples on every run and machine.
LAWS = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,  # the first use of an operation compiles it
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("laws", LAWS)
settings.load_profile("laws")
# LLVM starts where the optimized HLO ends, and would take the better part of the suite's time.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Give each process of pytest-xdist half of the tests in a row: neighbors share programs."""
    if getattr(config.option, "numprocesses", None) and config.option.dist == "no":
        config.option.dist = "worksteal"


HERE = Path(__file__).parent
SLOW = (
    "analyses/stages",
    "analyses/survival",
    "analyses/test_batch_invariants.py",
    "analyses/test_constant_work.py",
    "analyses/test_differentiated_jacobians.py",
    "analyses/test_jacobian",
    "analyses/test_loop_twins.py",
    "analyses/test_zeros_apart.py",
    "benchmarks",
    "compiled/test_recomputed_by_xla.py",
    "compiled/test_effort.py",
    "cost/test_agreement.py",
    "cost/test_laws.py",
    "cost/test_library.py",
    "cost/test_primitives.py",
    "cost/test_xla.py",
    "docs/test_blocks.py",
    "docs/test_examples.py",
    "examples",
    "flow/test_constant_axes.py",
    "flow/test_invariance.py",
    "flow/test_zeros_bodies.py",
    "flow/test_zeros_sound.py",
    "hlo/test_costs.py",
    "hlo/test_programs.py",
    "hlo/test_trips.py",
    "laws",
    "plugin/test_library.py",
    "plugin/test_startup.py",
    "plugin/test_switched_off.py",
    "plugin/test_terminal.py",
    "quiet",
    "rewrite",
    "targets",
)
"""Where hundreds of programs are compiled or run, or interpreters started."""

PLATFORMS = {"tpu": "tpu:v5e:2x2", "cuda": "cuda:h100"}
"""The marks of tests that compile for devices that are not there, and a target for each."""


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            path = item.path.relative_to(HERE).as_posix()
            if path.startswith(SLOW):
                item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that compiles for a platform whose compiler is not installed."""
    from pytest_jaxcost.targets import MissingCompilerError, parse
    from pytest_jaxcost.targets.compilers import installed_compiler

    for platform in (each for each in PLATFORMS if item.get_closest_marker(each)):
        try:
            installed_compiler(parse(PLATFORMS[platform]))
        except MissingCompilerError as error:
            pytest.skip(str(error))
