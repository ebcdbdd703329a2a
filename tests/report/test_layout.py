from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_jaxcost.report.layout import Cell, ends, paragraph, row, text

WORDS = st.lists(st.text("ab", min_size=1, max_size=30), max_size=8)


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (20, ["  aaaa   bbbb   cccc"]),
        (19, ["  aaaa   bbbb", "    cccc"]),
        (8, ["  aaaa", "    bbbb", "    cccc"]),
        (1, ["  aaaa", "    bbbb", "    cccc"]),
    ],
)
def test_cells_that_do_not_fit_go_below(width: int, lines: list[str]) -> None:
    cells = (Cell("aaaa"), Cell(""), Cell("bbbb"), Cell("cccc"))
    assert text(row(cells, indent=2, width=width)).splitlines() == lines


@pytest.mark.parametrize(("width", "lines"), [(8, ["a      b"]), (5, ["a   b"]), (4, ["a", "  b"])])
def test_two_ends_of_a_line_or_two_lines(width: int, lines: list[str]) -> None:
    assert text(ends(Cell("a"), Cell("b"), width=width)).splitlines() == lines


def test_no_text_is_no_line() -> None:
    assert row((Cell(""),), indent=2, width=80) == ()
    assert paragraph("", indent=2, width=80) == ()


@given(WORDS, st.integers(min_value=10, max_value=80))
def test_only_a_cell_alone_may_be_too_long(words: list[str], width: int) -> None:
    lines = text(row(map(Cell, words), indent=2, width=width)).splitlines()
    assert [word for line in lines for word in line.split()] == words
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


@given(WORDS, st.integers(min_value=10, max_value=80))
def test_columns_are_kept_apart(words: list[str], width: int) -> None:
    columns = [Cell(word, "strong", 12) for word in words]
    lines = text(row(columns, indent=2, width=width)).splitlines()
    assert [word for line in lines for word in line.split()] == words


def test_color_does_not_change_the_columns() -> None:
    lines = row((Cell("a", "breach", 4), Cell("b")), indent=0, width=80)
    assert text(lines) == "a      b"
    assert text(lines, color=True) == "\x1b[1;31ma\x1b[0m      b"
