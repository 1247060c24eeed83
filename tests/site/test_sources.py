"""What the site is made of: every file has a place, links keep working, formulas become mathematics."""

import doctest
import importlib
from pathlib import Path

import pytest
from conftest import extra

CHECKOUT = Path(__file__).parents[2]

for package in ("latex2mathml", "griffe", "itables", "altair", "vl_convert"):
    extra(package)

from markdown_it import MarkdownIt
from vaesite.api_pages import api_pages, prose
from vaesite.checked import faults
from vaesite.formulas import is_formula, latex, mathml
from vaesite.links import relinked
from vaesite.places import place
from vaesite.stage import DeadLinksError, stage


@pytest.mark.parametrize("module", ["places", "links", "formulas", "stage"])
def test_examples_of_docstrings(module) -> None:
    done = doctest.testmod(importlib.import_module(f"vaesite.{module}"))
    assert done.attempted and not done.failed


FORMULAS = {
    "‖J‖₂ = √λ_max(JᵀJ)": r"\| J\| _{2} = \sqrt{\lambda _{max}}(J^{\top }J)",
    "W = Σ_{k≥1} (1 − ρᵏ)·W_k": r"W = \sum _{k\geq 1} (1 - \rho ^{k})\cdot W_{k}",
    "w = √(λ − β/2)₊": r"w = \sqrt{\lambda  - \beta /2}_{+}",
    "K̃ = ½·x̂²": r"\tilde{K} = \frac{1}{2}\cdot \hat{x}^{2}",
    "log det(g + h) ≠ Σ_c p̄_c": r"\operatorname{log} \operatorname{det}(g + h) \neq  \sum _{c} \bar{p}_{c}",
    "R = C^½ over all x": r"R = C^{\frac{1}{2}}\text{ over all }x",
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_latex(formula) -> None:
    assert latex(formula).replace(" ", "") == FORMULAS[formula].replace(" ", "")


def test_a_sentence_is_no_formula() -> None:
    assert is_formula("KL(N(μ, diag σ²) ‖ N(0, I)) = ½·Σ_j (μ_j² + φ(2·log σ_j)),  φ(x) = eˣ − 1 − x.")
    assert not is_formula("Values can be compared between functions, as E x = 1 for all of them here.")
    assert not is_formula("Closed form: x = 1.")


@pytest.fixture(scope="module")
def api() -> dict[str, str]:
    return api_pages(CHECKOUT / "vaebench")


def test_every_public_function_has_a_section(api) -> None:
    import vaebench

    headings = "\n".join(api.values())
    for name in set(vaebench._kernels()) | set(vaebench._API):
        assert f"## `{name}`" in headings, name


def test_every_formula_is_drawn_whole(api) -> None:
    drawn = [block.split("\n```")[0] for text in api.values() for block in text.split("```{math}\n")[1:]]
    assert len(drawn) > 60
    for formula in drawn:
        made = mathml(formula)
        assert "\\" not in made and formula.count("{") == formula.count("}"), formula


def test_text_of_a_docstring_is_no_markup() -> None:
    assert prose("shape (batch, *event) and a_b, ``x*y``") == r"shape (batch, \*event) and a\_b, ``x*y``"


def checkout(folder: Path, **pages: str) -> Path:
    """A checkout with a board of one page, and what the site always has."""
    for path in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "reference_results/README.md", "benchmarks/a.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("# Page\n")
    for path, text in pages.items():
        (folder / "leaderboard").mkdir(exist_ok=True)
        (folder / "leaderboard" / f"{path}.md").write_text(text)
    return folder


def test_links_lead_where_they_led(tmp_path) -> None:
    text = "# Board\n\n[c](../CHANGELOG.md#new) [b](../benchmarks/a.py) ![i](i.svg) `[x](none.md)` [w](https://a.org/b.md)\n"
    there = checkout(tmp_path / "in", README=text)
    (there / "leaderboard/i.svg").write_text("<svg/>")
    pages = stage(there, tmp_path / "out", ["a_task"])
    made = (tmp_path / "out/index.md").read_text()
    assert (
        "[c](changelog.md#new) [b](code/benchmarks/a.py.md) ![i](i.svg) `[x](none.md)` [w](https://a.org/b.md)" in made
    )
    assert {"index.md", "changelog.md", "code/benchmarks/a.py.md", "code/benchmarks/index.md"} <= set(pages)
    assert (tmp_path / "out/i.svg").is_file()


def test_a_dead_link_is_named(tmp_path) -> None:
    there = checkout(tmp_path / "in", README="# Board\n\n[x](../gone.py)\n")
    with pytest.raises(DeadLinksError) as found:
        stage(there, tmp_path / "out", [])
    assert found.value.lines == ("leaderboard/README.md: ../gone.py",)


def test_code_is_shown_and_not_read_as_markdown(tmp_path) -> None:
    there = checkout(tmp_path / "in", README="# Board\n\n[x](../benchmarks/a.py)\n")
    (there / "benchmarks/a.py").write_text("x = a[0](b)\n")
    stage(there, tmp_path / "out", [])
    assert "x = a[0](b)" in (tmp_path / "out/code/benchmarks/a.py.md").read_text()


def test_a_senders_code_stays_code(tmp_path) -> None:
    there = checkout(tmp_path / "in", README="# Board\n\n[x](../benchmarks/a.py)\n")
    evil = "``````\n```````{raw} html\n<script>alert(1)</script>\n```````\n"
    (there / "benchmarks/a.py").write_text(evil)
    stage(there, tmp_path / "out", [])
    text = (tmp_path / "out/code/benchmarks/a.py.md").read_text()
    tokens = MarkdownIt().parse(text)
    blocks = [token for token in tokens if token.type == "fence"]
    assert len(blocks) == 1 and blocks[0].content == evil


def test_places_differ(tmp_path) -> None:
    paths = [path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "leaderboard").rglob("*.*")]
    paths += ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "reference_results/README.md", "vaebench/api.py"]
    assert len({place(path) for path in paths}) == len(paths)


def test_links_of_escaped_brackets_are_text() -> None:
    assert relinked(r"\[a\](x.md)", str.upper) == r"\[a\](x.md)"


PLANTED = {
    '<a href="none.html">x</a>': "a.html: none.html",
    '<a href="b.html#none">x</a>': "a.html: b.html#none",
    '<img src="none.png">': "a.html: none.png",
    '<script src="https://cdn.example.org/x.js"></script>': "a.html: fetches https://cdn.example.org/x.js",
}


def test_a_folder_with_anything_else_in_it_is_kept(tmp_path) -> None:
    extra("sphinx")
    from vaesite.__main__ import build

    (tmp_path / "mine.txt").write_text("mine")
    assert build(CHECKOUT, tmp_path, tmp_path / "work") == [
        f"{tmp_path}: there is something else in it; name another folder"
    ]
    assert (tmp_path / "mine.txt").is_file()
    site, work = tmp_path / "site", tmp_path / "work"
    for folder, name in ((site, ".buildinfo"), (work, "notes.txt")):
        folder.mkdir()
        (folder / name).touch()
    assert build(CHECKOUT, site, work) == [f"{work}: there is something else in it; name another folder"]
    assert (site / ".buildinfo").is_file()  # nothing is removed before both were looked at


@pytest.mark.parametrize("planted", PLANTED)
def test_faults_of_a_built_site(tmp_path, planted) -> None:
    (tmp_path / "b.html").write_text('<p id="here">')
    (tmp_path / "a.html").write_text('<a href="b.html#here">x</a><a href="https://example.org">y</a>')
    assert faults(tmp_path) == []
    (tmp_path / "a.html").write_text(planted)
    assert faults(tmp_path) == [PLANTED[planted]]


def test_the_suite_imports_nothing_of_the_site() -> None:
    site = ("sphinx", "furo", "myst_parser", "itables", "altair", "vl_convert", "griffe", "latex2mathml", "vaesite")
    for path in (CHECKOUT / "vaebench").rglob("*.py"):
        text = path.read_text("utf-8")
        assert not [name for name in site if f"import {name}" in text or f"from {name}" in text], path
