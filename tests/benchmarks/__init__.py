"""Our time and memory as ratios to JAX's own, measured in one run: `python -m tests.benchmarks`."""
