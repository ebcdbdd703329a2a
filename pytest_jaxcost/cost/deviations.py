"""Where the count is not XLA's, and why: the one list of it, for the docs and the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Primitives, what we count, what XLA counts in the lowered program, and the reason."""

    primitives: tuple[str, ...]
    """None where the difference lies in the program around an equation."""
    ours: str
    xla: str
    reason: str


LINALG = (
    *("cholesky", "lu", "qr", "geqrf", "geqp3", "householder_product", "ormqr"),
    *("triangular_solve", "tridiagonal_solve", "eigh", "eigh_jacobi", "eig", "schur", "svd"),
    *("hessenberg", "tridiagonal"),
)

DEVIATIONS = (
    Deviation(
        primitives=("convert_element_type", "bitcast_convert_type"),
        ours="0",
        xla="1 flop an element",
        reason="how a number is written changes, not its value: bookkeeping. A conversion inside "
        "another primitive's lowering counts as XLA counts it.",
    ),
    Deviation(
        primitives=("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"),
        ours="n - 1 combinations for a line of n",
        xla="n * (n - 1) combinations",
        reason="JAX writes a window over the whole line, which compilers rewrite as a scan.",
    ),
    Deviation(
        primitives=("sort",),
        ours="N * ceil(log2 n) for N elements in lines of n",
        xla="N * ceil(log2 N)",
        reason="lines are sorted apart; the two agree on one line.",
    ),
    Deviation(
        primitives=("top_k",),
        ours="N * ceil(log2 n) for N elements in lines of n",
        xla="0",
        reason="finding the largest is work; it is counted as the sort that it is on most devices.",
    ),
    Deviation(
        primitives=("approx_top_k",),
        ours="N * ceil(log2 n) for N elements in lines of n",
        xla="N * ceil(log2 N), or a custom call",
        reason="as for sort and top_k.",
    ),
    Deviation(
        primitives=("fft",),
        ours="8 * N * sum(floor(log2 n)) over the lengths n",
        xla="8 * N * product(floor(log2 n))",
        reason="axes are transformed one after the other; the two agree in one dimension.",
    ),
    Deviation(
        primitives=LINALG,
        ours="textbook forms, the square roots of cholesky as transcendentals",
        xla="-1 for each custom call, and the arithmetic around it",
        reason="XLA cannot see into LAPACK and its like.",
    ),
    Deviation(
        primitives=("lu_pivots_to_permutation",),
        ours="0",
        xla="one iteration of a loop's index arithmetic",
        reason="entries are swapped and nothing is computed.",
    ),
    Deviation(
        primitives=("threefry2x32", "random_bits", "random_split", "random_fold_in"),
        ours="117 integer flops for each block of two words, and the counters",
        xla="a fifth of it",
        reason="on CPUs the rounds are a loop that runs five times; XLA counts loops once.",
    ),
    Deviation(
        primitives=("ragged_dot_general",),
        ours="2 flops for each element of the left operand and free element of the right one",
        xla="the dense product over all groups",
        reason="each row belongs to one group; JAX multiplies by zeros only where it must.",
    ),
    Deviation(
        primitives=("reduce_scatter",),
        ours="1 flop for each element that is kept",
        xla="0",
        reason="what is scattered is a sum, as the result of psum is, which XLA counts so.",
    ),
    Deviation(
        primitives=(),
        ours="arithmetic with constants as it is written",
        xla="0 for x + 0, x * 1 and the like, and for constants among themselves",
        reason="XLA's reader folds constants before the count; the program has the equation.",
    ),
    Deviation(
        primitives=(),
        ours="a loop's body times its trip count, a cond's costliest branch",
        xla="a loop's body once",
        reason="XLA's analysis of the lowered program knows no trip counts.",
    ),
)
