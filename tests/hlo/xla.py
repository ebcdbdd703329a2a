"""XLA's own cost analysis of a text, the oracle of ours."""

from __future__ import annotations

from typing import Any, NamedTuple


class XlaCost(NamedTuple):
    flops: int
    transcendentals: int
    bytes_accessed: int


def normalized(analysis: Any) -> XlaCost:
    keys = ("flops", "transcendentals", "bytes accessed")
    return XlaCost(*(int(analysis.get(key, 0)) for key in keys))


def cost_of(text: str) -> XlaCost:
    """Return what `HloCostAnalysis` says of a text of any backend; loops count once there.

    Raises `JaxRuntimeError` where the installed jaxlib cannot read the text: one of a later
    version, or of a GPU's asynchronous all-reduce, which XLA prints but does not read.
    """
    import jax
    import jaxlib._jax

    try:
        from jaxlib._hlo import hlo_module_from_text
    except ImportError:  # jaxlib 0.8
        from jaxlib._jax import hlo_module_from_text
    module = hlo_module_from_text(text)
    client = jax.local_devices(backend="cpu")[0].client
    return normalized(jaxlib._jax.hlo_module_cost_analysis(client, module))
