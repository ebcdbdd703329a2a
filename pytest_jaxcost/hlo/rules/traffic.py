"""Bytes accessed where it is not all operands and the result.

Source: `HloCostAnalysis`, whose default is the sum of the buffers of operands and result. What it
writes for a result that is a tuple has changed: pointers in jaxlib 0.8, since then the elements.
"""

from __future__ import annotations

from pytest_jaxcost.hlo.registry import traffic
from pytest_jaxcost.hlo.site import Site

FREE = (
    *("add-dependency", "after-all", "bitcast", "constant", "domain", "get-tuple-element"),
    *("parameter", "async", "call", "conditional", "while"),
)


def touched(site: Site) -> int:
    """The default: all operands read and all results written."""
    return site.shape.nbytes + sum(shape.nbytes for shape in site.operands)


@traffic(*FREE)
def nothing(_: Site) -> int:
    """No memory is touched, or by the computations entered only."""
    return 0


@traffic("tuple")
def pointers(site: Site) -> int:
    """The table of pointers written."""
    return site.shape.buffer_bytes


@traffic("slice")
def sliced(site: Site) -> int:
    """The result written, and as much read."""
    return 2 * site.shape.nbytes


@traffic("dynamic-slice")
def dynamically_sliced(site: Site) -> int:
    """The result written, as much read, and the first index."""
    return 2 * site.shape.nbytes + site.operand(1).nbytes


@traffic("dynamic-update-slice")
def dynamically_updated(site: Site) -> int:
    """The update read and written in place, and the first index."""
    return 2 * site.operand(1).nbytes + site.operand(2).nbytes


@traffic("gather")
def gathered(site: Site) -> int:
    """The result written, as much read, and the indices."""
    return 2 * site.shape.nbytes + site.operand(1).nbytes


@traffic("scatter")
def scattered(site: Site) -> int:
    """Three times the updates, as input, update and output, and the indices."""
    inputs = len(site.operands) // 2
    updates = sum(shape.nbytes for shape in site.operands[inputs + 1 :])
    return 3 * updates + site.operand(inputs).nbytes


@traffic("transpose")
def transposed(site: Site) -> int:
    """Nothing where the layouts make it a change of name."""
    return 0 if is_bitcast(site) else touched(site)


def is_bitcast(site: Site) -> bool:
    """Return whether a transpose leaves every element where it is in memory."""
    before, after = site.operand(0).minor_to_major, site.shape.minor_to_major
    dimensions = site.integers("dimensions")
    return after is not None and tuple(dimensions[each] for each in after) == before


@traffic("cholesky")
def half_read_half_written(site: Site) -> int:
    """Half of the matrix read and half of the result written."""
    return site.operand(0).nbytes


@traffic("triangular-solve")
def half_read(site: Site) -> int:
    """Half of the matrix read, the right-hand side read and the result written."""
    return site.shape.nbytes + site.operand(0).nbytes // 2 + site.operand(1).nbytes


@traffic("infeed", "outfeed", "send", "recv")
def transferred(site: Site) -> int:
    """What goes out or comes in."""
    incoming = site.instruction.opcode in ("infeed", "recv")
    shape = (site.shape.elements or (site.shape,))[0] if incoming else site.operand(0)
    return shape.nbytes


@traffic("custom-call")
def of_library(site: Site) -> int:
    """All operands read and all results written; nothing by a call that only places values."""
    placing = ("AllocateBuffer", "AsyncCollectiveStart", "AsyncCollectiveDone")
    return 0 if site.instruction.target in placing else touched(site)
