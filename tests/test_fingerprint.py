"""Laws of hashes: what a definition says counts, how it is written does not."""

import dataclasses
import subprocess
import sys

import pytest

from vaebench.claims import Claim, Near, Trend
from vaebench.experiment import TrainingConfig
from vaebench.fingerprint import source_hash, value_hash

SOURCE = '''"""What it is for."""

import math

KL_WEIGHT = 4.0
"""A middle strength."""


class Kernel:
    """A class."""

    def area(self, r: float) -> float:
        """A function."""
        # why
        text = "not a docstring"
        return KL_WEIGHT * math.pi * r**2, text


def nothing():
    """Only a docstring."""
'''


@pytest.fixture
def hash_of(tmp_path):
    def write_and_hash(*texts):
        paths = []
        for number, text in enumerate(texts):
            paths.append(tmp_path / f"{number}.py")
            paths[-1].write_text(text, "utf-8")
        return source_hash(paths)

    return write_and_hash


SAME = {
    "a comment": ("# why\n", "# because\n"),
    "a comment gone": ("        # why\n", ""),
    "the file's docstring": ("What it is for.", "What it is really for."),
    "a class's docstring": ("A class.", "Another."),
    "a function's docstring": ('        """A function."""\n', ""),
    "a docstring that is all there is": ("Only a docstring.", "Nothing at all."),
    "a docstring that is all there is, gone": ('"""Only a docstring."""', "pass"),
    "a note under a constant": ("A middle strength.", "A strength."),
    "layout": ("KL_WEIGHT * math.pi * r**2", "(KL_WEIGHT\n            * math.pi * r  **  2)"),
    "quotes": ('"not a docstring"', "'not a docstring'"),
    "blank lines": ("import math\n", "\n\nimport math\n\n"),
}
OTHER = {
    "a number": ("4.0", "4.5"),
    "an operator": ("* r**2", "+ r**2"),
    "a string that is used": ("not a docstring", "not the docstring"),
    "a name": ("KL_WEIGHT", "WEIGHT"),
    "an annotation": ("r: float", "r: int"),
    "the type of a number": ("4.0", "4"),
    "an import": ("import math", "import cmath as math"),
}


@pytest.mark.parametrize("what", SAME)
def test_how_it_is_written_does_not_count(hash_of, what):
    old, new = SAME[what]
    assert old in SOURCE
    assert hash_of(SOURCE.replace(old, new)) == hash_of(SOURCE)


@pytest.mark.parametrize("what", OTHER)
def test_what_it_says_counts(hash_of, what):
    old, new = OTHER[what]
    assert old in SOURCE
    assert hash_of(SOURCE.replace(old, new)) != hash_of(SOURCE)


def test_every_file_counts_and_a_second_copy_too(hash_of):
    assert len({hash_of("x = 1"), hash_of("x = 1", "x = 1"), hash_of("x = 1", "y = 1"), hash_of("x = 1\ny = 1")}) == 4


def test_files_come_in_any_order_even_where_they_share_a_name(tmp_path):
    paths = []
    for number, folder in enumerate(("kernels", "models")):
        paths.append(tmp_path / folder / "__init__.py")
        paths[-1].parent.mkdir()
        paths[-1].write_text(f"x = {number}")
    assert source_hash(paths) == source_hash(paths[::-1])


def test_text_beyond_ascii_is_read_as_utf8_everywhere(hash_of):
    assert hash_of("σ = 'β'") != hash_of("σ = 'γ'")


def test_a_changed_number_anywhere_in_a_definition_changes_its_hash():
    claim = Claim("a", "It is.", (Near("r", 1.0, 0.1, null=0.0), Trend("s", "falls")))
    changed = dataclasses.replace(claim, conditions=(Near("r", 1.0, 0.2, null=0.0), Trend("s", "falls")))
    turned = dataclasses.replace(claim, conditions=(Near("r", 1.0, 0.1, null=0.0), Trend("s", "rises")))
    assert len({value_hash(claim), value_hash(changed), value_hash(turned)}) == 3
    assert (
        value_hash(TrainingConfig(steps=10))
        == value_hash(TrainingConfig(steps=10))
        != value_hash(TrainingConfig(steps=11))
    )


def test_conditions_of_two_kinds_are_told_apart_though_their_fields_agree():
    kinds = {type(c).__name__: c.kind for c in (Near("r", 1.0, 0.1, null=0.0), Trend("r", "falls"))}
    assert len(set(kinds.values())) == len(kinds)


def made(kind, fields, /, **values):
    """The value of a frozen dataclass made on the spot, as a later version of the suite would define it."""
    return dataclasses.make_dataclass(kind, fields, frozen=True)(**values)


NEW = {
    "a default": ("side", str, "above"),
    "nothing": ("side", str, None),
    "a factory": ("side", list, dataclasses.field(default_factory=list)),
    "a factory of a dataclass": (
        "side",
        TrainingConfig,
        dataclasses.field(default_factory=lambda: TrainingConfig(steps=3)),
    ),
}
OTHERS = {"a default": "below", "nothing": "", "a factory": [1], "a factory of a dataclass": TrainingConfig(steps=4)}


@pytest.mark.parametrize("what", NEW)
def test_a_field_added_later_changes_no_hash_until_it_is_used(what):
    before = value_hash(made("Arm", [("name", str)], name="a"))
    fields = [("name", str), NEW[what]]
    assert value_hash(made("Arm", fields, name="a")) == before
    assert value_hash(made("Arm", fields, name="a", side=OTHERS[what])) != before
    assert value_hash(made("Arm", fields, name="b")) != before


def test_a_field_set_to_its_default_by_hand_is_the_default():
    assert (
        value_hash(TrainingConfig(steps=10, batch=128))
        == value_hash(TrainingConfig(steps=10))
        != value_hash(TrainingConfig(10, batch=64))
    )


def test_a_field_added_inside_of_another_value_changes_no_hash_either():
    old, new = made("Arm", [("name", str)], name="a"), made("Arm", [("name", str), NEW["a default"]], name="a")
    assert value_hash({"arms": (old, [old])}) == value_hash({"arms": (new, [new])})


def test_a_field_without_a_default_counts_whatever_it_holds():
    fields = [("name", str), ("side", str)]
    found = {value_hash(made("Arm", fields, name="a", side=side)) for side in ("above", "", None)}
    assert len({*found, value_hash(made("Arm", fields[:1], name="a"))}) == 4


def test_kinds_are_told_apart_by_name_though_their_fields_agree():
    fields = [("name", str)]
    arm, leg = (value_hash(made(kind, fields, name="a")) for kind in ("Arm", "Leg"))
    assert len({arm, leg, value_hash({"name": "a"}), value_hash(made("Arm", [("said", str)], said="a"))}) == 4


def test_hashing_changes_nothing_and_a_factory_is_called_for_itself():
    value = made("Arm", [NEW["a factory"]])
    value_hash(value)
    assert value.side == []
    assert value_hash(value) == value_hash(made("Arm", [NEW["a factory"]], side=[]))


def test_the_order_of_a_mapping_does_not_count_and_that_of_a_sequence_does():
    assert value_hash({"a": 1, "b": 2}) == value_hash({"b": 2, "a": 1})
    assert value_hash([1, 2]) != value_hash([2, 1])


def test_a_hash_is_short_and_the_same_in_another_process():
    code = "from vaebench.fingerprint import value_hash; print(value_hash({'a': (1, 2.5), 'β': None}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == value_hash({"a": (1, 2.5), "β": None})
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")


def test_what_is_no_plain_value_is_refused():
    with pytest.raises(TypeError, match="dataclass type or instance"):
        value_hash(object())
