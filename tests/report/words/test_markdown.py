"""Laws of text on a page: foreign text is shown and never obeyed."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaebench.report.words.markdown import SYMBOLS, bullets, details, escape, label, source, table, words

HOSTILE = [
    "<script>alert(1)</script>",
    "a | b",
    "**bold** _it_ `code`",
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "https://evil.example www.evil.example me@evil.example",
    "&lt;b&gt;",
    "$x^2$ ~~no~~ # title :smile:",
    "back\\slash",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_is_shown_and_never_obeyed(text):
    shown = escape(text)
    assert html.unescape(shown) == text
    assert not re.search(r"[<>|*\[\]`~$@\\]|://|www\.", shown)
    assert not re.search(r"&(?!#\d+;)", shown)


@given(st.text(max_size=60))
def test_any_text_becomes_one_line_of_even_width(text):
    shown = escape(text)
    assert "\n" not in shown and "\r" not in shown
    assert "|" not in shown and "<" not in shown
    assert len(shown.splitlines()) <= 1


def test_line_breaks_become_blanks_and_control_characters_go():
    assert escape("a\n\n# b\tc\x00\x1b[31m\u202e") == "a &#35; b c&#91;31m"


def test_wide_and_combining_characters_do_not_touch_the_width_of_a_column():
    assert escape("中e\u0301") == "&#20013;e&#769;"


def test_underscores_inside_a_name_stay_readable():
    assert escape("no kl_weight") == "no kl_weight"
    assert escape("_x_") == "&#95;x&#95;"


def test_a_source_links_to_arxiv_and_nowhere_else():
    link = "[arXiv:2105.14866](https://arxiv.org/abs/2105.14866)"
    assert source("Camuto 2021, arXiv:2105.14866 and more") == f"Camuto 2021, {link} and more"
    assert source("https://arxiv.org/abs/2105.14866") == link
    assert source("arXiv 2105.14866") == link
    assert "](http" not in source("see https://evil.example/2105.14866 <b>")


def test_a_table_shows_cells_as_they_are():
    lines = table(["a", "b"], [["0.100", "1e5"], ["007", "−1.0"]]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["a", "b"]
    assert cells[2:] == [["0.100", "1e5"], ["007", "−1.0"]]


def test_every_verdict_has_a_symbol_of_its_own():
    assert set(SYMBOLS) == {"holds", "fails", "undecided", "not applicable"}
    assert len(set(SYMBOLS.values())) == 4
    assert label("holds") == "✓ holds"


def test_small_pieces():
    assert words("decoder_mean_degree") == "decoder mean degree"
    assert bullets(["a", "b"]) == "- a\n- b"
    assert details("More", "| a |") == "<details><summary>More</summary>\n\n| a |\n\n</details>"
