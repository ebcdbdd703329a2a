"""What every test needs before JAX is imported."""

from __future__ import annotations

import os

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
