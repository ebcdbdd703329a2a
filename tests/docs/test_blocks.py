"""Every Python block of the README and the documentation does what the page says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

# pytester forgets what a run imported, and JAX cannot be imported twice in one process.
import jax  # noqa: F401
import pytest

import pytest_jaxcost.api  # noqa: F401  # nor do errors of one import match those of another
from tests.docs.pages import ROOT, SNIPPET, Example, examples, sections
from tests.docs.printed import is_printed

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = [
    pytest.param(example, id=f"{page.relative_to(ROOT)}:{example.line}")
    for page in PAGES
    for example in examples(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(
    example: Example, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in example.files.items():
        pytester.path.joinpath(name).write_text(content, encoding="utf-8")
    if example.script is not None:
        exec(compile(example.script, "example.py", "exec"), {"__name__": "__main__"})
        output = capsys.readouterr().out
    else:
        result = pytester.runpytest_inprocess(*example.arguments)
        output = str(result.stdout)
        assert example.printed is not None or result.ret == pytest.ExitCode.OK
    assert example.printed is None or is_printed(example.printed, output)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_python_escapes(page: Path) -> None:
    """An indented fence, or a titled one that nothing runs, would be checked by nobody."""
    text = page.read_text(encoding="utf-8")
    fences = [fence for section in sections(text) for fence in section]
    written = [fence for fence in fences if fence.language == "python"]
    assert text.count("```python") == len(written)
    ran = {content for example in examples(text) for content in example.files.values()}
    ran |= {example.script for example in examples(text) if example.script is not None}
    assert [f.line for f in written if f.content not in ran and f.snippet is None] == []


SNIPPETS = [
    pytest.param(found, id=f"{page.relative_to(ROOT)}:{found['path']}:{found['first']}")
    for page in PAGES
    for found in SNIPPET.finditer(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("found", SNIPPETS)
def test_snippets_are_whole(found: re.Match[str]) -> None:
    """The lines shown begin where a statement does, its decorators included, and end likewise."""
    source = (ROOT / found["path"]).read_text(encoding="utf-8")
    statements = ast.parse(source).body
    begins = {_first_line(statement) for statement in statements}
    if found["first"] is not None:
        assert int(found["first"]) in begins
        assert int(found["last"]) in {statement.end_lineno for statement in statements}


def test_no_snippet_escapes() -> None:
    written = sum(page.read_text(encoding="utf-8").count("--8<--") for page in PAGES)
    assert 2 * len(SNIPPETS) == written


def _first_line(statement: ast.stmt) -> int:
    return min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
