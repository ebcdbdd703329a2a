"""Where counts differ, and why: the one list of it, for the docs and the tests.

`DEVIATIONS` are from XLA's own count of the lowered program. `REWRITTEN` are where the lowered or
the compiled program, counted by the same formulas, says other than the equation.
"""

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
        primitives=(),
        ours="2 M N K for a dot, 1 transcendental an element for a power, of operands of two types",
        xla="1 flop more for each element that is converted first",
        reason="as for convert_element_type.",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LoweredForm:
    """Primitives, the stages at which their program says something else, and the reason.

    With a `form` it is so of programs of that form alone.
    """

    primitives: tuple[str, ...]
    stages: tuple[str, ...] = ("lowered", "compiled")
    form: str = ""
    reason: str


REWRITTEN = (
    LoweredForm(
        primitives=(
            *("cholesky", "lu", "qr", "eigh", "eig", "schur", "svd", "hessenberg", "tridiagonal"),
            "tridiagonal_solve",
        ),
        reason="the library call costs the same; around it the program tests whether it failed, "
        "and fills in NaNs or zeros.",
    ),
    LoweredForm(
        primitives=("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"),
        reason="JAX writes a window over the whole line, whose combinations are all counted.",
    ),
    LoweredForm(
        primitives=("ragged_dot_general",),
        reason="where there is no ragged dot, the dense product over all groups runs.",
    ),
    LoweredForm(
        primitives=(
            *("lu_pivots_to_permutation", "threefry2x32", "random_bits", "random_split"),
            "random_fold_in",
        ),
        reason="the loop's own counting comes on top.",
    ),
    LoweredForm(
        primitives=(
            *("sinh", "cosh", "erfc", "erf_inv", "lgamma", "digamma", "bessel_i0e", "bessel_i1e"),
            *("nextafter", "polygamma", "zeta", "cholesky_update", "rng_bit_generator"),
        ),
        reason="it is many instructions: conversions among them are counted where XLA is asked "
        "about the equation, and the compiler merges, folds and repeats some.",
    ),
    LoweredForm(
        primitives=("asin", "acos", "asinh", "acosh", "log", "sqrt", "conv_general_dilated"),
        stages=("compiled",),
        form="of complex numbers",
        reason="it is many instructions, of which the compiler merges, folds and repeats some.",
    ),
    LoweredForm(
        primitives=("igamma", "igammac", "igamma_grad_a", "regularized_incomplete_beta"),
        reason="the tests of loops inside, whose length depends on data, are counted or not.",
    ),
    LoweredForm(
        primitives=("rng_uniform", "select_and_scatter_add"),
        stages=("compiled",),
        reason="the compiler writes the one instruction out in many.",
    ),
    LoweredForm(
        primitives=("dot_general",),
        stages=("compiled",),
        form="of vectors",
        reason="an outer product becomes a multiplication, an inner one a multiplication and sum.",
    ),
)
