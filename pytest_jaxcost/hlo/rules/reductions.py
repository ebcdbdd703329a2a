"""What applies a computation many times: reductions, windows, scatters, sorts, transforms."""

from __future__ import annotations

from pytest_jaxcost.formulas.reductions import comparisons, fft, prefixes, reduction, windows
from pytest_jaxcost.hlo.cost import Cost
from pytest_jaxcost.hlo.registry import rule, target
from pytest_jaxcost.hlo.rules.windows import window_of
from pytest_jaxcost.hlo.site import Site


@rule("reduce")
def reduce(site: Site) -> Cost:
    """The computation, once a combination."""
    return site.applied().times(reduction(site.operand(0).size, site.array.size))


@rule("reduce-window")
def reduce_window(site: Site) -> Cost:
    """The computation, once a combination.

    A window as wide as its dimension both ways reduces the dimension once and broadcasts; for that
    XLA counts the results outside the dimension and its length less one, we the product.
    """
    window = window_of(site.instruction)
    results = site.array.size
    sides = [axis for axis, each in enumerate(window) if each.size != 1]
    padded = [each for each in window if each.low or each.high]
    if len(sides) == 1 and len(padded) == 1:
        length = site.array.dimensions[sides[0]]
        each = window[sides[0]]
        if each.low == each.high == length - 1 and each.size == 2 * length - 1:
            return site.applied().times(prefixes(results, length))
    return site.applied().times(windows(results, [each.size for each in window]))


@rule("select-and-scatter")
def select_and_scatter(site: Site) -> Cost:
    """A selection a combination, and one scatter for each source."""
    sources = site.operand(1).size
    count = windows(sources, [each.size for each in window_of(site.instruction)])
    return site.applied("select").times(count).plus(site.applied("scatter").times(sources))


@rule("scatter")
def scatter(site: Site) -> Cost:
    """The computation for each update. Source: `HloCostAnalysis::HandleScatter`."""
    updates = site.operand(len(site.operands) // 2 + 1)
    return site.applied().times(updates.size)


@rule("sort")
def sort(site: Site) -> Cost:
    """Comparisons along the dimension that is named."""
    return _comparisons(site, *site.integers("dimensions"))


@rule("topk")
@target("TopK", "__gpu$TopK", "PartialReduce", "ApproxTopK")
@target("__cub$DeviceRadixSort", "__cub$DeviceRadixSortUnassignedScratchSize")
def sort_of_last(site: Site) -> Cost:
    """As many comparisons as a sort along the last dimension."""
    return _comparisons(site, -1)


@rule("fft")
def transform(site: Site) -> Cost:
    """The butterflies along each axis."""
    return Cost(fft(site.operand(0).size, site.integers("fft_length")))


def _comparisons(site: Site, dimension: int) -> Cost:
    keys = site.operand(0)
    return Cost(comparisons(keys.size, keys.dimensions[dimension]))
