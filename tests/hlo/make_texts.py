"""Write the texts that the reader is tested on: real programs, compiled and gzipped.

One run writes the texts of one backend with the JAX it runs under; no device is needed:

    python tests/hlo/make_texts.py cpu
    python tests/hlo/make_texts.py tpu     # with `jax[tpu]` installed
    python tests/hlo/make_texts.py cuda    # with `jax-cuda13-plugin` and `jax-cuda13-pjrt`

Texts go to `tests/hlo/texts/<backend>-<version of JAX>/<program>.hlo.gz`. JAX 0.8 gives no text for
a GPU that is not there.
"""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax
import numpy as np
from jax.sharding import Mesh, SingleDeviceSharding

from tests.hlo.absent import devices_of
from tests.hlo.programs import PROGRAMS, SHARDED

TEXTS = Path(__file__).parent / "texts"

CHOSEN = (
    *("average_pool", "callback_in_scan", "cast", "cho_solve", "complex", "cond_in_scan"),
    *("conjugate_gradient", "conv_grouped", "dot_accumulated", "dot_batched_big", "dot_bf16"),
    *("fft_fft2", "grad_attention", "grad_conv_dilated", "grad_dot_big", "grad_einsum"),
    *("grad_fft_rfft", "grad_gather", "grad_linalg_cholesky", "grad_linalg_eigh"),
    *("grad_max_pool", "grad_mlp", "grad_rnn", "grad_scan_nested", "grad_scatter_mul"),
    *("grad_switch", "grad_transformer_blocks", "jnp_cumsum", "linalg_lu_factor", "linalg_qr"),
    *("linalg_svd", "batched_sort", "random_normal", "scan_unrolled", "scope", "top_k"),
    *("triangular_solve", "vmap_while", "while_unknown"),
)
"""What is compiled besides every program of `SHARDED`."""


def compiled_texts(backend: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each program's name and its optimized text; a program without a text raises."""
    devices = devices_of(backend)
    mesh = Mesh(np.array(devices[:4]), ("x",))
    sharding = SingleDeviceSharding(devices[0])
    for name in names:
        program = PROGRAMS[name]
        placed = [
            jax.ShapeDtypeStruct(each.shape, each.dtype, sharding=sharding)
            for each in program.avals
        ]
        yield name, jax.jit(program.function).lower(*placed).compile().as_text()
    for name, build in SHARDED.items():
        function, avals = build(mesh)
        yield f"sharded_{name}", function.lower(*avals).compile().as_text()


def write(backend: str) -> int:
    """Write the backend's texts and return their number."""
    folder = TEXTS / f"{backend}-{jax.__version__}"
    folder.mkdir(parents=True, exist_ok=True)
    # A GPU that is not there has no client, which a Python callback asks for.
    skipped = ("callback_in_scan",) if backend == "cuda" else ()
    names = tuple(name for name in CHOSEN if name not in skipped)
    count = 0
    for name, text in compiled_texts(backend, names):
        text = text.replace(str(Path(__file__).parents[2]), ".").replace(sys.prefix, "python")
        (folder / f"{name}.hlo.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
        count += 1
    return count


if __name__ == "__main__":
    print(write(sys.argv[1]), "texts")  # noqa: T201
