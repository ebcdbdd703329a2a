"""Each example has one failing variant, and a page shows what it prints."""

from __future__ import annotations

from pathlib import Path

import jax  # noqa: F401  # see test_blocks
import pytest

from tests.docs.pages import ROOT, examples
from tests.docs.test_blocks import PAGES
from tests.docs.variants import HEADING, with_failing_variant

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("test_*.py"))
SHOWN = [
    example.files
    for page in PAGES
    for example in examples(page.read_text(encoding="utf-8"))
    if example.printed is not None
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_variant_alone_fails(path: Path, pytester: pytest.Pytester) -> None:
    source = path.read_text(encoding="utf-8")
    passing = source.count("\ndef test_")
    pytester.makepyfile(**{path.stem: with_failing_variant(source)})
    pytester.runpytest_inprocess().assert_outcomes(passed=passing, failed=1)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_page_shows_what_the_variant_prints(path: Path) -> None:
    files = {path.name: with_failing_variant(path.read_text(encoding="utf-8"))}
    assert files in SHOWN


def test_the_variant_is_uncommented() -> None:
    source = f"x = 1\n# y\n{HEADING}# def f():\n#     x\n#\n# z\n"
    assert with_failing_variant(source) == f"x = 1\n# y\n{HEADING}def f():\n    x\n\nz\n"


@pytest.mark.parametrize("source", ["x = 1\n", f"x = 1\n{HEADING}", f"{HEADING}# y\nz\n"])
def test_no_variant(source: str) -> None:
    with pytest.raises(ValueError, match="no commented lines"):
        with_failing_variant(source)
