"""How many operations reductions, windows, sorts and Fourier transforms take."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod


def reduction(elements: int, results: int) -> int:
    """The pairs that are combined: one for each element but one for each result.

    Source: ``HloCostAnalysis::HandleReduce``.
    """
    return max(0, elements - results)


def prefixes(elements: int, length: int) -> int:
    """The pairs that are combined for all prefixes of each line: all elements but a line's first.

    XLA counts the window over the whole line that JAX writes: `length` times as many.
    """
    return elements // length * (length - 1) if length else 0


def windows(results: int, sizes: Iterable[int]) -> int:
    """The pairs that are combined in windows, padding included: all but the first of each window.

    Source: ``HloCostAnalysis::HandleReduceWindow`` and ``HandleSelectAndScatter``.
    """
    return results * (prod(sizes) - 1)


def comparisons(elements: int, length: int) -> int:
    """``N * ceil(log2 n)`` to sort N elements in lines of n, or to find the largest of a line.

    XLA takes the logarithm of N, which is too much where there are several lines, and counts
    nothing for the largest.
    """
    return elements * max(0, length - 1).bit_length()


def fft(elements: int, lengths: Iterable[int]) -> int:
    """``8 * N * sum(floor(log2 n))`` flops for N elements of the operand, n over the lengths.

    A butterfly's complex multiplication and addition are 8 real flops an element and level. Source
    for one dimension: ``HloCostAnalysis::HandleFft``. For several, XLA multiplies the logarithms;
    one transform after the other adds them.
    """
    return 8 * elements * sum(max(0, length.bit_length() - 1) for length in lengths)
