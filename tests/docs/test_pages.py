"""The reader of pages, on pages made up for it."""

from __future__ import annotations

import textwrap

import pytest

from tests.docs.pages import Example, examples
from tests.docs.printed import is_printed


def page(text: str) -> list[Example]:
    return list(examples(textwrap.dedent(text)))


@pytest.mark.parametrize(
    "text",
    [
        "no fence",
        "```console\npytest\n```",
        "```text\nout\n```",
        '```python title="conftest.py"\nimport os\n```',
        "```python\n--8<--\ndocs/examples/test_a.py:1:3\n--8<--\n```",
    ],
)
def test_nothing_to_run(text: str) -> None:
    assert page(text) == []


def test_a_script() -> None:
    assert page("```python\nprint(1)\n```") == [Example(line=1, files={}, script="print(1)\n")]


def test_a_test_with_what_it_prints() -> None:
    assert page("```python\ndef test_a(): ...\n```\nprints\n```text\n1 passed\n```") == [
        Example(line=1, files={"test_example.py": "def test_a(): ...\n"}, printed="1 passed\n")
    ]


def test_files_are_kept_until_the_next_heading() -> None:
    found = page("""
        ```toml title="pyproject.toml"
        [tool]
        ```
        ```python
        x = 1
        ```
        # Next
        ```python
        x = 2
        ```
    """)
    assert [sorted(example.files) for example in found] == [["pyproject.toml"], []]


def test_a_command_gives_its_arguments() -> None:
    (found,) = page("""
        ```python title="test_a.py"
        def test_a(): ...
        ```
        ```text title="pytest -q 'a b'"
        1 passed
        ```
    """)
    assert found.arguments == ("-q", "a b")
    assert list(found.files) == ["test_a.py"]
    assert found.script is None


OUTPUT = """\
    def test_a():
>       check()
E       pytest_jaxcost.CostError: jaxcost: 1 limit exceeded  jax 0.12.0
E
E         dead  3

test_a.py:3: CostError
"""


@pytest.mark.parametrize(
    "expected",
    [
        "jaxcost: 1 limit exceeded  jax 0.8.0",
        "jaxcost: 1 limit exceeded  jax 0.12.0\n\n  dead  3\n",
        "def test_a():\n...\ntest_a.py:3: CostError",
        "  dead  3\n",
    ],
)
def test_is_printed(expected: str) -> None:
    assert is_printed(expected, OUTPUT)


@pytest.mark.parametrize(
    "expected",
    [
        "jaxcost: 2 limits exceeded",
        "jaxcost: 1 limit",
        "1 limit exceeded  jax 0.12.0",
        "jaxcost: 1 limit exceeded  jax 0.12.0\n  dead  3\n",
        "jaxcost: 1 limit exceeded  jax 0.12.0\n\n  dead  4\n",
        "test_a.py:3: CostError\n...\ndef test_a():",
    ],
)
def test_is_not_printed(expected: str) -> None:
    assert not is_printed(expected, OUTPUT)
