"""What is read in a variant's text: META and what keeps a row from being ranked, however they are written."""

from dataclasses import fields
from pathlib import Path

import pytest

from vaebench.models import Variant
from vaebench.results.meta import APART, assigned, declared, lacks_of_meta, meta_of

WHOLE = '{"name": "a", "source": "b", "licence": "MIT", "contact": "c"}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.py"


@pytest.mark.parametrize(
    "text",
    [
        f"META = {WHOLE}",
        f"META: dict[str, str] = {WHOLE}",
        f"from typing import Final\nMETA: Final = {WHOLE}",
        f"META = ABOUT = {WHOLE}",
        f"META: dict[str, str]\nMETA = {WHOLE}",
        f"META = {{}}\nMETA = {WHOLE}",
    ],
)
def test_meta_is_read_with_an_annotation_and_without(file: Path, text: str) -> None:
    file.write_text(f"raise SystemExit(3)\n{text}\n")
    assert lacks_of_meta(file) == ""
    assert (meta_of(file) or {})["contact"] == "c"


def test_an_annotation_alone_gives_no_value(file: Path) -> None:
    file.write_text("META: dict[str, str]\nVARIANT: object\nVARIANT: object = 1\n")
    assert meta_of(file) is None
    assert "there is no META" in lacks_of_meta(file)
    assert [node.lineno for node in assigned(file, "VARIANT")] == [3]


def test_the_places_of_fields_are_those_of_the_class() -> None:
    assert {one.name: place for place, one in enumerate(fields(Variant)) if one.name in APART} == APART


NONES = ", ".join(["None"] * 12)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("VARIANT = Variant(trained=True)", ("trained",)),
        ("import vaebench.models as m\nVARIANT = m.Variant(trained=True)", ("trained",)),
        ("VARIANT = vaebench.models.Variant(labels=10)", ("labels",)),
        ("from vaebench.models import Variant as V\nVARIANT: V = V(trained=True)", ("trained",)),
        (
            "from vaebench.models import Variant as V\ndef made():\n    return V(latent=5)\nVARIANT = made()",
            ("latent",),
        ),
        ("V = Variant\nW = V\nmine = W(labels=3, latent=2)", ("latent", "labels")),
        ("V = m.Variant\nmine = [V(labels=3)]", ("labels",)),
        ("class Mine(Variant):\n    pass\n\nmine = Mine(latent=4)", ("latent",)),
        ("VARIANT = anything(trained=True)", ("trained",)),
        ("VARIANT = dataclasses.replace(VAE, latent=5)", ("latent",)),
        ("mine = anything(trained=True)\nother = mine\nVARIANT = other", ("trained",)),
        ("VARIANT = anything(latent=5) if X else anything(labels=2)", ("latent", "labels")),
        ("VARIANT, other = anything(latent=5), 1", ("latent",)),
        ("VARIANT = (mine := anything(latent=5))", ("latent",)),
        ("if True:\n    VARIANT = anything(latent=5)", ("latent",)),
        ("VARIANT = functools.partial(Variant, latent=5)('a')", ("latent",)),
        ("VARIANT = Variant(**{'trained': True})", ("trained",)),
        ("MORE = dict(trained=True)\nVARIANT = Variant(**MORE)", ("trained",)),
        (f"VARIANT = Variant({NONES}, 5, None, True)", ("latent", "trained")),
        (f"VARIANT = partial(Variant, {NONES}, 5)()", ("latent",)),
        ("VARIANT = V = W = V", ()),
        ("VARIANT = Variant(trained=False, labels=None, latent=None)", ()),
        ("VARIANT = Variant(build=partial(build, latent=3))", ()),
        ("def build(shape, latent, arch):\n    return net(latent=latent)\n\nVARIANT = Variant(build=build)", ()),
        ("net = network(latent=5)\nVARIANT = Variant(build=lambda *_: net)", ()),
        ("x = (", ()),
    ],
)
def test_what_keeps_a_row_from_being_ranked_is_read_under_any_name(
    file: Path, text: str, found: tuple[str, ...]
) -> None:
    file.write_text(f"raise SystemExit(3)\n{text}\n")
    assert declared(file) == found


def test_the_variant_may_have_another_name(file: Path) -> None:
    file.write_text("VARIANT = anything()\nMINE = anything(trained=True)\n")
    assert (declared(file), declared(file, "MINE")) == ((), ("trained",))
