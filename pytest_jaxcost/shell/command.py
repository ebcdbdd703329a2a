"""The command line: measure, print, judge."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

import jax

from pytest_jaxcost import api
from pytest_jaxcost.report.dotted import bounded, in_scopes
from pytest_jaxcost.report.errors import LimitError
from pytest_jaxcost.report.limits import Limits
from pytest_jaxcost.report.report import CostError, Report
from pytest_jaxcost.targets import TargetError

from .arguments import argument
from .functions import function
from .usage import UsageError

Argnums = int | tuple[int, ...]

DERIVATIVES: Mapping[str, Callable[..., Callable[..., Any]]] = MappingProxyType(
    {
        "grad": jax.grad,
        "value-and-grad": jax.value_and_grad,
        "jacfwd": jax.jacfwd,
        "jacrev": jax.jacrev,
        "hessian": jax.hessian,
    }
)

EPILOG = """examples:
  python -m pytest_jaxcost model:loss 'f32[64,64]' 'f32[64]' --grad 0
  python -m pytest_jaxcost model:loss 'f32[64,64]' 'f32[64]' --grad 0,1 --max duplicates=0

Nothing is executed. The exit status is 1 where a limit is exceeded, and 2 where the command
cannot be meant.
"""


def main(written: Sequence[str] | None = None) -> int:
    """Run the command `written`, or that of the process; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(written)
    try:
        report = _measured(options)
        exceeded = _exceeded(report, options.max)
    except (UsageError, LimitError, TargetError) as error:
        parser.error(str(error))
    text = json.dumps(report.to_dict(), indent=2) if options.json else str(report)
    sys.stdout.write(f"{text}\n")
    sys.stderr.write(exceeded)
    return 1 if exceeded else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pytest_jaxcost",
        description="Measure a JAX function or its derivative, and print the report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("function", help="what to measure: package.module:function")
    add(
        "arguments",
        nargs="*",
        type=_told(argument),
        metavar="argument",
        help="a shape as JAX prints it, f32[64,64] or i32[], or a Python literal",
    )
    group = parser.add_mutually_exclusive_group()
    for name in DERIVATIVES:
        text = f"measure jax.{name.replace('-', '_')}, by these arguments: 0 or 0,1"
        group.add_argument(f"--{name}", type=_told(_argnums), metavar="ARGNUMS", help=text)
    add("--target", metavar="TARGET", help="compile for it too, such as cpu or tpu:v5e:2x2")
    add(
        "--max",
        action="append",
        default=[],
        type=_told(_limit),
        metavar="NAME=BOUND",
        help="a limit, such as duplicates=0 or flops='2 GFLOP' (repeatable)",
    )
    add("--json", action="store_true", help="print the report as JSON")
    return parser


def _told(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """What argparse calls, whose own message for an error does not say why."""

    def told(text: str) -> Any:
        try:
            return read(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return told


def _argnums(text: str) -> Argnums:
    numbers = [number.strip() for number in text.split(",")]
    if not all(number.isdecimal() for number in numbers):
        raise UsageError(f"{text!r} are no positions of arguments; accepted are 0, or 0,1")
    positions = tuple(map(int, numbers))
    return positions if len(positions) > 1 else positions[0]


def _limit(text: str) -> Limits:
    name, equals, bound = text.partition("=")
    if not (name.strip() and equals and bound.strip()):
        raise UsageError(f"{text!r} is no limit; accepted is NAME=BOUND, as in flops='2 GFLOP'")
    return Limits.of(in_scopes(name.strip(), bounded("max_", bound.strip())))


def _measured(options: argparse.Namespace) -> Report:
    report = api.measure(_function(options), options.arguments, target=options.target)
    if options.target:
        _ = report.compiled  # which is what a target is for
    return report


def _function(options: argparse.Namespace) -> Callable[..., Any]:
    """The function, or the derivative that was asked for."""
    found = function(options.function)
    for name, derivative in DERIVATIVES.items():
        argnums = getattr(options, name.replace("-", "_"))
        if argnums is not None:
            return derivative(found, argnums=argnums)
    return found


def _exceeded(report: Report, limits: Iterable[Limits]) -> str:
    """The message about limits that are not kept."""
    try:
        report.enforce(reduce(lambda below, above: above.over(below), limits, Limits()))
    except CostError as error:
        return f"{error}\n"
    return ""
