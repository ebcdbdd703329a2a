"""What is printed, whole, for a program with dead code and duplicates and the original question.

The texts are kept by JAX release, because what JAX lowers and XLA makes of it differs. The figures
in them are held against others in the tests beside this one.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from pytest_jaxcost import measure

TEXTS = Path(__file__).parent / "texts"
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
RELEASE = ".".join(jax.__version__.split(".")[:2])


def features(x: Any) -> Any:
    return jnp.sin(x @ x)


def model(x: Any) -> Any:
    unused = jnp.tanh(x) @ x  # noqa: F841
    return features(x) @ jnp.exp(features(x))


def expected(name: str) -> list[str]:
    path = TEXTS / f"{name}-{RELEASE}.txt"
    if not path.exists():
        pytest.skip(f"no text of JAX {RELEASE} is kept")
    return path.read_text(encoding="utf-8").splitlines()


def printed(function: Any, *args: Any) -> list[str]:
    """The lines below the heading, which names the release."""
    head, *lines = str(measure(function, args).stages()).splitlines()
    assert head.endswith(f": traced, lowered and compiled for cpu, jax {jax.__version__}")
    assert max(map(len, lines)) <= 80
    return lines


def test_dead_code_and_duplicates() -> None:
    x = jax.ShapeDtypeStruct((64, 64), jnp.float32)
    assert printed(model, x) == expected("model")


def test_the_original_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import test_original_question as question

    lines = printed(question.jointly, question.params1, question.params2)
    sys.modules.pop("test_original_question")
    assert lines == expected("question")


def test_texts_of_the_supported_releases_are_kept() -> None:
    releases = {path.stem.partition("-")[2] for path in TEXTS.glob("*.txt")}
    assert {"0.8", "0.10", "0.12"} <= releases
