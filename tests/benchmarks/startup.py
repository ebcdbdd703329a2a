"""What an unrelated pytest run pays for the plugin."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGIN = ("-p", "pytest_jaxcost.plugin")


def startup(pairs: int) -> tuple[float, float]:
    """Median seconds of a bare run, and of the pairwise difference that the plugin makes."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing(): ...\n", encoding="utf-8")
        _run(folder), _run(folder, *PLUGIN)  # byte code is written
        times = [_pair(folder, plugin_first=bool(n % 2)) for n in range(pairs)]
    bare, extra = zip(*((bare, plugged - bare) for bare, plugged in times), strict=True)
    return statistics.median(bare), statistics.median(extra)


def _pair(folder: str, *, plugin_first: bool) -> tuple[float, float]:
    if plugin_first:
        plugged = _run(folder, *PLUGIN)
        return _run(folder), plugged
    return _run(folder), _run(folder, *PLUGIN)


def _run(folder: str, *arguments: str) -> float:
    root = str(Path(__file__).parents[2])
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": root}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    start = _spent()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return _spent() - start


def _spent() -> float:
    """Processor seconds of the processes that were run."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
