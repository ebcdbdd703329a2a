"""What applies a computation many times: reductions, windows, scatters, sorts, transforms."""

from __future__ import annotations

from pytest_jaxcost.hlo.cost import Work
from pytest_jaxcost.hlo.registry import rule, target
from pytest_jaxcost.hlo.rules.windows import window_of
from pytest_jaxcost.hlo.site import Site


@rule("reduce")
def reduce(site: Site) -> Work:
    """The computation for each element of an operand but one for each of a result.

    Source: `HloCostAnalysis::HandleReduce`.
    """
    return site.applied().times(site.operand(0).size - site.array.size)


@rule("reduce-window")
def reduce_window(site: Site) -> Work:
    """The computation for each result and element of its window but the first, padding included.

    Source: `HloCostAnalysis::HandleReduceWindow`. A window as wide as its dimension both ways
    reduces the dimension once and broadcasts; for that XLA counts the results outside the
    dimension and its length less one, we the product.
    """
    window = window_of(site.instruction)
    results = site.array.size
    sides = [axis for axis, each in enumerate(window) if each.size != 1]
    padded = [each for each in window if each.low or each.high]
    if len(sides) == 1 and len(padded) == 1:
        length = site.array.dimensions[sides[0]]
        each = window[sides[0]]
        if each.low == each.high == length - 1 and each.size == 2 * length - 1:
            return site.applied().times(results // length * (length - 1))
    count = 1
    for each in window:
        count *= each.size
    return site.applied().times((count - 1) * results)


@rule("select-and-scatter")
def select_and_scatter(site: Site) -> Work:
    """A selection for each source and element of its window but the first, and one scatter.

    Source: `HloCostAnalysis::HandleSelectAndScatter`.
    """
    sources, count = site.operand(1).size, 1
    for each in window_of(site.instruction):
        count *= each.size
    selections = site.applied("select").times(sources * (count - 1))
    return selections.plus(site.applied("scatter").times(sources))


@rule("scatter")
def scatter(site: Site) -> Work:
    """The computation for each update. Source: `HloCostAnalysis::HandleScatter`."""
    updates = site.operand(len(site.operands) // 2 + 1)
    return site.applied().times(updates.size)


@rule("sort")
def sort(site: Site) -> Work:
    """`N * ceil(log2 n)` comparisons for N elements in lines of n.

    XLA takes the logarithm of N, which is too much where there are several lines.
    """
    return comparisons(site, *site.integers("dimensions"))


@rule("topk")
@target("TopK", "__gpu$TopK", "PartialReduce", "ApproxTopK")
def top_k(site: Site) -> Work:
    """As many comparisons as a sort of the same lines; XLA counts none."""
    return comparisons(site, -1)


@target("__cub$DeviceRadixSort", "__cub$DeviceRadixSortUnassignedScratchSize")
def radix_sort(site: Site) -> Work:
    """As many comparisons as a sort of the same lines."""
    return comparisons(site, -1)


@rule("fft")
def fft(site: Site) -> Work:
    """`8 * N * sum(floor(log2 n))` flops for N elements of the operand, n over the lengths.

    Source for one dimension: `HloCostAnalysis::HandleFft`. For several, XLA multiplies the
    logarithms; one transform after the other adds them.
    """
    levels = sum(max(0, length.bit_length() - 1) for length in site.integers("fft_length"))
    return Work(8 * site.operand(0).size * levels, 0)


def comparisons(site: Site, dimension: int) -> Work:
    """The comparisons of sorting the lines of the first operand along a dimension."""
    keys = site.operand(0)
    length = keys.dimensions[dimension]
    return Work(keys.size * max(0, length - 1).bit_length(), 0)
