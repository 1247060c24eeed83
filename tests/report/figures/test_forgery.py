"""Laws against forged figures: nothing that acts gets by, and a drawing that was changed is told by drawing again."""

import re
import tomllib

import matplotlib
import pytest

from vaebench.report import board
from vaebench.report.figures.forgery import TOLERANCE, is_passive, same_drawing
from vaebench.report.figures.stamp import STAMP_BEGINS, _hash, stamp
from vaebench.report.files import DIFFERS, FORGED, stale_pages
from vaebench.results.references import root

FIGURE = "figures/camuto2021_variance_frequency.digits_decoder_lipschitz.svg"


@pytest.fixture(scope="module")
def drawn(made):
    return dict(made.pages([made.record()]))


@pytest.fixture(scope="module")
def drawing(drawn):
    return stamp(drawn[FIGURE]).drawing


def forged(text, change):
    """Change a drawing and make its stamp anew, as anybody can."""
    seal = stamp(text)
    changed = change(seal.drawing)
    assert changed != seal.drawing
    return f"{changed}{STAMP_BEGINS}{seal.inputs}, drawing {_hash(changed)}, matplotlib {seal.drawer} -->\n"


def test_every_committed_figure_is_passive_and_all_were_drawn_by_one_version():
    seals = [stamp(path.read_text("utf-8")) for path in (root() / board.PAGES / "figures").glob("*.svg")]
    assert seals
    (drawer,) = {seal.drawer for seal in seals}
    asked = tomllib.loads((root() / "pyproject.toml").read_text())["project"]["optional-dependencies"]["draw"]
    assert asked == [f"matplotlib=={drawer}"]  # or continuous integration could not draw them again


ACTS = {
    "a script": ("</svg>", "<script>alert(1)</script></svg>"),
    "a script in another case": ("</svg>", "<SCRIPT>alert(1)</SCRIPT></svg>"),
    "an event": ("<g id=", '<g onload="alert(1)" id='),
    "a link": ("</svg>", '<a xlink:href="http://evil.example"><g/></a></svg>'),
    "a page in it": ("</svg>", "<foreignObject><body/></foreignObject></svg>"),
    "a picture from elsewhere": ("</svg>", '<image xlink:href="http://evil.example/x.png"/></svg>'),
    "a picture that is a page": ("</svg>", '<image xlink:href="data:text/html;base64,AAAA"/></svg>'),
    "a shape from elsewhere": ("</svg>", '<use xlink:href="other.svg#x"/></svg>'),
    "an animation": ("</svg>", '<animate attributeName="x"/></svg>'),
    "a style sheet": ("</svg>", "<style>@import 'http://evil.example';</style></svg>"),
    "a style that loads": ("fill: none", "fill: url(http://evil.example)"),
    "a style that loads in another case": ("fill: none", "fill: URL(http://evil.example)"),
    "a style that escapes": ("fill: none", r"fill: u\72l(x)"),
    "an entity": ('<!DOCTYPE svg PUBLIC', '<!DOCTYPE svg [<!ENTITY x "y">] PUBLIC'),
    "a second document": ("<svg ", '<?xml-stylesheet href="x.css"?><svg '),
    "text": ("</svg>", "Best variant!</svg>"),
    "a comment that ends early": ("</svg>", "<!-- --><script/><!-- --></svg>"),
    "another element": ("</svg>", "<switch>win</switch></svg>"),
    "text that acts": ("<text ", '<text onclick="alert(1)" '),
    "text with an element": ("</text>", "<script/></text>"),
    "text with an entity": ("</text>", "&x;</text>"),
    "an attribute without quotes": ("<g id=", "<g onload=alert(1) id="),
}  # fmt: skip


@pytest.mark.parametrize("what", ACTS)
def test_what_acts_is_never_fresh(what, drawn, drawing, tmp_path):
    before, after = ACTS[what]
    assert is_passive(drawing)
    assert before in drawing
    assert not is_passive(drawing.replace(before, after, 1))
    assert stamp(forged(drawn[FIGURE], lambda text: text.replace(before, after, 1))) is None
    board.write_pages(tmp_path, drawn | {FIGURE: forged(drawn[FIGURE], lambda text: text.replace(before, after, 1))})
    assert stale_pages(tmp_path, drawn) == {FIGURE: DIFFERS}


def test_a_word_in_a_comment_loads_nothing(drawing):
    assert is_passive(drawing.replace("<g id=", "<!-- gain [url(x)] --><g id=", 1))
    assert not is_passive(drawing.replace("<g id=", '<!-- url( --><g clip-path="url(x)" id=', 1))


def test_a_stamp_at_the_end_is_needed_and_nothing_after_it(drawn):
    assert stamp(drawn[FIGURE]) is not None
    assert stamp(drawn[FIGURE] + "<script/>\n") is None
    assert stamp(drawn[FIGURE].rpartition(STAMP_BEGINS)[0]) is None


def moved(points):
    """Move one marker of a drawing."""

    def change(text):
        place = re.search(r'(<use xlink:href="#m\w+" x=")([\d.]+)', text)
        return text[: place.start()] + f"{place[1]}{float(place[2]) + points:.6f}" + text[place.end() :]

    return change


FALSE = {
    "a marker moved": moved(3.0),
    "a marker moved a little": moved(0.02),
    "a colour": lambda text: text.replace("#0072b2", "#d55e00", 1),
    "a number in a text": lambda text: re.sub(
        r">0\.\d(?=[^<]*</text>)", lambda found: found[0][:-1] + "7", text, count=1
    ),
    "a word": lambda text: text.replace(">vae<", ">new_vae<", 1),
    "a text more": lambda text: text.replace("</svg>", "<text>win</text></svg>"),
    "a shape left out": lambda text: re.sub(r'<use xlink:href="#m[^>]*>', "", text, count=1),
    "two shapes changed about": lambda text: re.sub(r"(<use [^>]*>)(\s*)(<use [^>]*>)", r"\3\2\1", text, count=1),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_figure_that_was_drawn_otherwise_is_told_when_it_is_drawn_again(what, drawn, tmp_path):
    false = forged(drawn[FIGURE], FALSE[what])
    assert stamp(false) is not None
    board.write_pages(tmp_path, drawn | {FIGURE: false})
    assert stale_pages(tmp_path, drawn) == {}
    assert stale_pages(tmp_path, drawn, redrawn=True) == {FIGURE: FORGED}
    board.write_pages(tmp_path, drawn, redrawn=True)
    assert stale_pages(tmp_path, drawn, redrawn=True) == {}


def test_rounding_and_names_of_parts_are_no_forgery(drawing):
    assert same_drawing(drawing, drawing)
    assert same_drawing(drawing, moved(0.9 * TOLERANCE)(drawing))
    renamed = re.sub(r"(?<=[#\"(])(p[0-9a-f]{10})", r"q\1", drawing)
    assert renamed != drawing and same_drawing(drawing, renamed)


def test_a_figure_of_another_matplotlib_cannot_be_checked_by_this_one(drawn, tmp_path):
    """Or a forger would give another version."""
    other = re.sub("matplotlib [0-9.]+ -->", "matplotlib 3.0.0 -->", drawn[FIGURE])
    board.write_pages(tmp_path, drawn | {FIGURE: other})
    assert stale_pages(tmp_path, drawn) == {}
    (why,) = stale_pages(tmp_path, drawn, redrawn=True).values()
    assert re.findall(r"\d+\.\d+\.\d+", why) == ["3.0.0", matplotlib.__version__]
