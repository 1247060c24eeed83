"""Laws of the terminal: whatever a record, a message or a file's name holds is shown, and acts on nothing."""

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from vaebench.terminal import PlainConsole, shown_json, visible

ACTS = {
    "clears the screen": "\x1b[2J",
    "sets the title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\\\here\x1b]8;;\x1b\\\\",
    "the same in one character": "\x9b2J",
    "goes back": "good\rbad",
    "takes back": "bad\b\b\b",
    "turns the direction": "\u202egnp.exe",
    "hides": "a\u200bb\ufeffc",
    "breaks a line": "one\u2028two",
    "half a character": "name\udcff",
    "a NUL": "a\0b",
}


def printed(*renderables, **options):
    console = PlainConsole()
    console.file = io.StringIO()
    console.print(*renderables, **options)
    return console.file.getvalue()


def acts(text):
    return [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("where", ["a line", "a cell", "a title", "a text", "JSON"])
def test_what_would_act_is_shown(what, where):
    text = ACTS[what]
    table = Table(title=text if where == "a title" else "")
    table.add_column(text if where == "a title" else "x", no_wrap=True)
    table.add_row(text)
    found = {
        "a line": lambda: printed(text, soft_wrap=True),
        "a text": lambda: printed(Text(text, "red")),
        "JSON": lambda: shown_json({"x": text}),
    }.get(where, lambda: printed(table))()
    assert acts(found) == []
    found.encode("utf-8")


@pytest.mark.parametrize(
    "markup", ["[/oops]", "[link=http://evil.example]log[/link]", "[bold]x", "[batch, latent]", ":smile:"]
)
def test_markup_is_text(markup):
    table = Table(show_header=False, box=None)
    table.add_row(markup)
    for found in (printed(markup, soft_wrap=True), printed(table)):
        assert found.strip() == markup


def test_our_own_colours_still_are():
    console = PlainConsole()
    console.file, console._force_terminal = io.StringIO(), True
    assert "\x1b[" not in visible(printed(Text("fails", "red")))
    with console.capture() as capture:
        console.print(Text("fails", "red"), style="red")
    assert "fails" in capture.get()


@given(st.text())
def test_what_is_shown_is_one_line_that_can_be_written_and_shows_itself(text):
    line = visible(text)
    assert acts(line) == [] and "\n" not in line
    line.encode("utf-8")
    assert visible(line) == line


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.none()))
def test_json_is_the_same_value(value):
    text = shown_json(value)
    assert json.loads(text) == value
    assert acts(text) == []


def test_json_of_half_a_character_is_read_back_as_it_was():
    assert json.loads(shown_json({"a\udcff": "\x1b\U000e0001"})) == {"a\udcff": "\x1b\U000e0001"}
