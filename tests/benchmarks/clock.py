"""Processor time of tasks, taken in turn: what else the machine does falls on all of them."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Mapping
from time import process_time

Task = Callable[[], Callable[[], object]]
"""Prepares, which is not timed, and returns what is."""


def medians(tasks: Mapping[str, Task], repetitions: int) -> dict[str, float]:
    """The median seconds of each task."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repetitions):
        for name, task in tasks.items():
            run = task()
            gc.collect()
            start = process_time()
            run()
            times[name].append(process_time() - start)
    return {name: statistics.median(each) for name, each in times.items()}
