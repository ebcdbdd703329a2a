"""The object behind the fixture ``jaxcost``."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import api
from ..report import Report
from .failure import breach
from .session import Session
from .warning import JaxcostWarning


class Jaxcost:
    """Measures JAX functions under the limits of whichever test is running."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Report:
        """The report of ``fn(*args, **kwargs)``, which is traced and not executed.

        Raises ``CostError`` when the test's limits are exceeded.
        """
        __tracebackhide__ = True
        return self._measured(fn, args, kwargs, name=None, target=None)

    def measure(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        target: str | None = None,
    ) -> Report:
        """The same, with a ``name`` for messages and the table, and a ``target`` to compile for."""
        __tracebackhide__ = True
        return self._measured(fn, args, kwargs, name=name, target=target)

    def __repr__(self) -> str:
        return "<jaxcost: jaxcost(fn, *args, **kwargs) measures fn>"

    def _measured(
        self,
        fn: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
        *,
        name: str | None,
        target: str | None,
    ) -> Report:
        __tracebackhide__ = True
        session = self._session
        session.add_cost_rules()
        rules = session.rules
        report = api.measure(fn, args, kwargs, **session.measuring(name, target))
        report = report.ignoring(rules.ignore)
        session.record(report)
        error = breach(report, rules, session.config)
        if error is not None and rules.mode == "fail":
            raise error
        if error is not None:
            warnings.warn(JaxcostWarning(str(error), headline=error.headline), stacklevel=3)
        return report
