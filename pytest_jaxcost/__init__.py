"""Cost limits for JAX functions and their derivatives.

Importing this package imports neither JAX nor pytest: names are looked up when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import measure as measure
    from .cost.record import Cost as Cost
    from .cost.registry import cost_rule as cost_rule
    from .plugin.fixture import Jaxcost as Jaxcost
    from .plugin.warning import JaxcostWarning as JaxcostWarning
    from .report import CostError as CostError
    from .report import Evidence as Evidence
    from .report import Finding as Finding
    from .report import Findings as Findings
    from .report import LimitError as LimitError
    from .report import Place as Place
    from .report import Report as Report
    from .report import ScopeError as ScopeError
    from .targets import MissingCompilerError as MissingCompilerError
    from .targets import TargetError as TargetError

_HOMES = {
    "Cost": "cost.record",
    "CostError": "report",
    "Evidence": "report",
    "Finding": "report",
    "Findings": "report",
    "Jaxcost": "plugin.fixture",
    "JaxcostWarning": "plugin.warning",
    "LimitError": "report",
    "MissingCompilerError": "targets",
    "Place": "report",
    "Report": "report",
    "ScopeError": "report",
    "TargetError": "targets",
    "cost_rule": "cost.registry",
    "measure": "api",
}
__all__ = [*_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("pytest-jaxcost")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})
