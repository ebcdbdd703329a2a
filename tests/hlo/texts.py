"""The stored texts, and the programs compiled here and now."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from pytest_jaxcost import hlo

FOLDER = Path(__file__).parent / "texts"
STORED = {
    f"{path.parent.name}/{path.name.removesuffix('.hlo.gz')}": path
    for path in sorted(FOLDER.glob("*/*.hlo.gz"))
}
"""The stored texts by `<backend>-<version of JAX>/<program>`."""

BACKENDS = sorted({name.partition("/")[0] for name in STORED})


def stored(name: str) -> str:
    return gzip.decompress(STORED[name].read_bytes()).decode()


def of_backend(backend: str) -> list[str]:
    return [name for name in STORED if name.startswith(f"{backend}/")]


@cache
def compiled(name: str) -> Any:
    """Return the compiled stage of a program of `PROGRAMS`, compiled at most once."""
    import jax

    from tests.hlo.programs import PROGRAMS

    function, avals = PROGRAMS[name]
    return jax.jit(function).lower(*avals).compile()


@cache
def optimized(name: str) -> hlo.Module:
    """Return the optimized program of a program of `PROGRAMS`, compiled and read at most once."""
    return hlo.read(compiled(name).as_text())


def compile_text(function: Callable[..., Any], *args: Any) -> str:
    import jax

    return str(jax.jit(function).lower(*args).compile().as_text())
