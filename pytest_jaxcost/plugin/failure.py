"""What a test is told when a limit is exceeded: a failure, a warning or nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from _pytest.outcomes import Failed

from ..report import CostError, LimitError, Report, ScopeError, Verdict
from .rules import Rules


class BodyCostError(CostError, Failed):
    """Limits exceeded in a watched test body.

    No frame of the test leads to it: pytest shows the message and no traceback.
    """

    def __init__(
        self, message: str, *, headline: str = "", verdicts: tuple[Verdict, ...] = ()
    ) -> None:
        super().__init__(message, headline=headline, verdicts=verdicts)
        self.msg = message
        self.pytrace = False

    __module__ = "pytest_jaxcost"  # shown as what it is to users: a CostError
    __qualname__ = "CostError"

    @classmethod
    def of(cls, errors: Sequence[CostError]) -> BodyCostError:
        """The errors of several programs as one."""
        verdicts = tuple(verdict for error in errors for verdict in error.verdicts)
        message = "\n\n".join(map(str, errors))
        return cls(message, headline=errors[0].headline, verdicts=verdicts)


def breach(report: Report, rules: Rules, config: pytest.Config) -> CostError | None:
    """The error that ``report`` deserves under ``rules``, with all culprits if pytest has -vv.

    Fails the test for a primitive that JAX does not know, and a scope that the program lacks.
    """
    __tracebackhide__ = True
    if rules.mode == "off":
        return None
    try:
        report.enforce(rules.limits)
    except CostError as error:
        return _retold(error, config.get_verbosity())
    except (LimitError, ScopeError) as error:
        reason = str(error)
    else:
        return None
    pytest.fail(f"jaxcost: {reason}", pytrace=False)


def _retold(error: CostError, verbosity: int) -> CostError:
    """The error with the message for this verbosity, and without the frames that led to it."""
    if error.report is None:
        return error
    message = error.report.explain(error.verdicts, verbosity=verbosity)
    return CostError(message, headline=error.headline, verdicts=error.verdicts, report=error.report)
