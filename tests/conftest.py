"""What every test needs before JAX is imported."""

from __future__ import annotations

import os

# Counts do not depend on the machine, but which devices JAX sees does.
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# LLVM starts where the optimized HLO ends, and would take the better part of the suite's time.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
