"""The runnable examples of a Markdown page.

Under one heading, a fence with a `title` is a file of that name. An untitled `python` fence is run
beside those files: with pytest when it defines a test, as a script otherwise. The `text` fence
after it is what that prints, and its title, if any, the pytest command that does. A snippet of an
example has a test of its own; a `text` fence after it is what its failing variant prints.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from markdown_it import MarkdownIt

from tests.docs.variants import with_failing_variant

INFO = re.compile(r'(?P<language>\w+)(?: title="(?P<title>[^"]+)")?(?: linenums="\d+")?')
TEST = re.compile(r"^ *(?:async )?(?:def test_|class Test)", re.MULTILINE)
SNIPPET = re.compile(
    r"^--8<--\n(?P<path>[^:\n]+)(?::(?P<first>\d+):(?P<last>\d+))?\n--8<--$", re.MULTILINE
)
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """One fenced block; `line` counts from 1 in its page."""

    language: str
    title: str
    content: str
    line: int

    @property
    def is_run(self) -> bool:
        """Whether the block is run where it stands (a snippet is a file that has its own test)."""
        return self.language == "python" and not self.title and self.snippet is None

    @property
    def snippet(self) -> Path | None:
        """The file that the block shows a part of."""
        found = SNIPPET.search(self.content)
        return found and ROOT / found["path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Files to write, what to run beside them, and what that prints if the page says so."""

    line: int
    files: Mapping[str, str]
    script: str | None = None
    arguments: tuple[str, ...] = ()
    printed: str | None = None


def examples(markdown: str) -> Iterator[Example]:
    """Yield the runnable examples of a page from top to bottom."""
    for section in sections(markdown):
        files: dict[str, str] = {}
        for fence, after in zip_longest(section, section[1:]):
            output = after if after is not None and after.language == "text" else None
            if fence.is_run:
                yield _example(fence, dict(files), output)
            elif fence.snippet is not None and output is not None:
                yield _failing_variant(fence, fence.snippet, output)
            elif fence.title and fence.language != "text" and fence.snippet is None:
                files[fence.title] = fence.content
                if output is not None:
                    yield _example(fence, dict(files), output)


def sections(markdown: str) -> list[list[Fence]]:
    """Return the fences under each heading of a page."""
    found: list[list[Fence]] = [[]]
    for token in MarkdownIt().parse(markdown):
        if token.type == "heading_open":
            found.append([])
        elif token.type == "fence" and (info := INFO.fullmatch(token.info.strip())):
            line = token.map[0] + 1 if token.map else 0
            title = info["title"] or ""
            found[-1].append(
                Fence(language=info["language"], title=title, content=token.content, line=line)
            )
    return found


def _failing_variant(fence: Fence, path: Path, output: Fence) -> Example:
    source = with_failing_variant(path.read_text(encoding="utf-8"))
    return Example(
        line=fence.line,
        files={path.name: source},
        arguments=_arguments(output),
        printed=output.content,
    )


def _example(fence: Fence, files: dict[str, str], output: Fence | None) -> Example:
    script = None
    if fence.is_run and TEST.search(fence.content):
        files["test_example.py"] = fence.content
    elif fence.is_run:
        script = fence.content
    return Example(
        line=fence.line,
        files=files,
        script=script,
        arguments=() if output is None else _arguments(output),
        printed=None if output is None else output.content,
    )


def _arguments(output: Fence) -> tuple[str, ...]:
    return tuple(shlex.split(output.title)[1:])
