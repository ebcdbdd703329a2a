"""The runnable examples of a Markdown page.

Under one heading, a fence with a `title` is a file of that name. An untitled `python` fence is run
beside those files: with pytest when it defines a test, as a script otherwise. The `text` fence
after it is what that prints, and its title, if any, the pytest command that does.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from markdown_it import MarkdownIt

INFO = re.compile(r'(?P<language>\w+)(?: title="(?P<title>[^"]+)")?')
TEST = re.compile(r"^ *(?:async )?(?:def test_|class Test)", re.MULTILINE)
SNIPPET = "--8<--"


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
        return self.language == "python" and not self.title and SNIPPET not in self.content


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
            elif fence.title and fence.language != "text":
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


def _example(fence: Fence, files: dict[str, str], output: Fence | None) -> Example:
    script = None
    if fence.is_run and TEST.search(fence.content):
        files["test_example.py"] = fence.content
    elif fence.is_run:
        script = fence.content
    command = shlex.split(output.title) if output is not None else []
    return Example(
        line=fence.line,
        files=files,
        script=script,
        arguments=tuple(command[1:]),
        printed=None if output is None else output.content,
    )
