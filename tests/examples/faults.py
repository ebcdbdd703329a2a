"""Where the reports of provoked mistakes are wrong so far: what they say, and what is right.

Each test of ``test_examples.py`` is expected to fail for the mistakes listed for it, and fails if
one of them passes: then its line goes.
"""

from __future__ import annotations

MISSED = {
    "rnn.unit_columns": "JAX hoists the forward pass out of the loop; that the backward pass pulls "
    "through unit_columns in each of 20 steps, a third of the program, is not found",
    "rnn.standardized": "the mean and the mean inside jnp.var are called JAX's own; the user can "
    "pass mean= or center once, for 2,560 of 9,022 operations",
    "kalman.missing": "a cond under vmap is found by itself, and not in the body of a scan",
    "hmc.keys": "one key is consumed twice, by draws of other shapes or distributions",
}
"""Mistakes that are not found."""

MISPLACED: dict[str, str] = {}
"""No place is the line to mend."""

MISPRICED = {
    "mlp.unused_entropy": "240 of 625: under value_and_grad the softmax that only the entropy "
    "reads is called JAX's own; of the plain function it is 625",
    "mlp.hessian": "133,290 of 208,188: zeros claim 74,896 first, which the fix saves as well",
    "gaussian_process.two_factors": "6,052 of 6,628: the second triangle is still cut out",
    "pinn.gradient": "28,666 of 68,526: zeros claim 39,860 first, which the fix saves as well",
    "pinn.stiffness": "1,424 of 1,392: what JAX's rules repeat inside one call, 1 - tanh twice, is "
    "merged with it",
    "hmc.leapfrog": "4,600 of 4,480: what JAX's rules repeat inside one call is merged with it",
    "cnn.forgotten_penalty": "2,688 of 4,033: under value_and_grad the differences that only the "
    "penalty reads are called JAX's own; of the plain function it is 4,033",
}
"""The price is not what the fix saves; the figures are those of JAX 0.10."""

WITHOUT_FIX: dict[str, str] = {}
"""No hint names the fix."""

MISTITLED: dict[str, str] = {}
"""No single finding with a title explains the mistake."""
